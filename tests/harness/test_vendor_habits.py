"""What vendors say of their measuring holds for the releases that they say it of, and takes nothing away."""

from __future__ import annotations

import re

import pytest

from evaluators.catalogue import benchmark
from evaluators.protocols.plausible_protocols import plausible_protocols
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.protocols.vendor_habits import Habit, vendor_habits
from evaluators.records import Protocol, Settings
from tests.verdicts.cases import NOW, SUMS, make_claim, make_measurement, make_run, shuffled, stop_at
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import ClaimRule, combine_protocols, judge, make_criterion

KINDS = (
    ReleaseKind(kind="thinking", thinking="switchable", switch="enable_thinking", has_template=True),
    ReleaseKind(kind="instruct", thinking="none", has_template=True),
    ReleaseKind(kind="base", thinking="none"),
)
RELEASES = {
    "ByteDance (Seed-OSS, instruct)": ["ByteDance-Seed/Seed-OSS-36B-Instruct"],
    "DeepSeek (R1 and its distilled models)": ["deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B"],
    "DeepSeek (R1-0528 and its distilled model)": [
        "deepseek-ai/DeepSeek-R1-0528", "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
    ],
    "LG AI Research (EXAONE Deep)": ["LGAI-EXAONE/EXAONE-Deep-2.4B", "LGAI-EXAONE/EXAONE-Deep-32B-AWQ"],
    "Xiaomi (MiMo-7B)": ["XiaomiMiMo/MiMo-7B-RL", "XiaomiMiMo/MiMo-7B-RL-0530", "XiaomiMiMo/MiMo-7B-Base"],
    "Xiaomi (MiMo-V2-Flash, base)": ["XiaomiMiMo/MiMo-V2-Flash-Base"],
    "NVIDIA (Nemotron Nano 9B v2)": ["nvidia/NVIDIA-Nemotron-Nano-9B-v2"],
    "Alibaba (Qwen2-Math and Qwen2.5-Math, instruct)": [
        "Qwen/Qwen2-Math-7B-Instruct", "Qwen/Qwen2.5-Math-1.5B-Instruct",
    ],
    "Alibaba (Qwen, base)": ["Qwen/Qwen-7B"],
    "Alibaba (Qwen2, base)": ["Qwen/Qwen2-7B"],
    "Ai2 (OLMo 2, base)": ["allenai/OLMo-2-1124-7B", "allenai/OLMo-2-0325-32B"],
    "Baichuan (Baichuan2, base)": ["baichuan-inc/Baichuan2-7B-Base"],
    "DeepSeek (LLM, base)": ["deepseek-ai/deepseek-llm-7b-base"],
    "DeepSeek (LLM, chat)": ["deepseek-ai/deepseek-llm-7b-chat"],
    "Google (Gemma 2, pre-trained)": ["google/gemma-2-9b"],
    "Moonshot AI (Kimi K2, base)": ["moonshotai/Kimi-K2-Base"],
    "Alibaba (Qwen2.5, base)": ["Qwen/Qwen2.5-7B"],
    "Alibaba (Qwen3 Thinking 2507)": ["Qwen/Qwen3-4B-Thinking-2507", "Qwen/Qwen3-235B-A22B-Thinking-2507-FP8"],
    "DeepSeek (V3.2)": ["deepseek-ai/DeepSeek-V3.2"],
    "Moonshot AI (Kimi K2, instruct)": ["moonshotai/Kimi-K2-Instruct"],
    "Moonshot AI (Kimi K2 Thinking)": ["moonshotai/Kimi-K2-Thinking"],
    "Moonshot AI (Kimi K2.5)": ["moonshotai/Kimi-K2.5"],
    "Z.ai (GLM-4.5)": ["zai-org/GLM-4.5-Air"],
    "Z.ai (GLM-4.7)": ["zai-org/GLM-4.7", "zai-org/GLM-4.7-Flash"],
    "Alibaba (Qwen3)": ["Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B-FP8"],
    "Mistral AI (Small 3.1, base)": ["mistralai/Mistral-Small-3.1-24B-Base-2503"],
    "Shanghai AI Laboratory (InternLM3, instruct)": ["internlm/internlm3-8b-instruct"],
    "Microsoft (Phi-3-mini, instruct)": ["microsoft/Phi-3-mini-4k-instruct", "microsoft/Phi-3-mini-128k-instruct"],
    "Microsoft (Phi-4-mini, instruct)": ["microsoft/Phi-4-mini-instruct"],
    "TII (Falcon3, base)": ["tiiuae/Falcon3-7B-Base"],
}  # fmt: skip
NEIGHBOURS = [
    "ByteDance-Seed/Seed-OSS-36B-Base", "deepseek-ai/DeepSeek-V3.1", "deepseek-ai/DeepSeek-V3-0324",
    "LGAI-EXAONE/EXAONE-4.0-32B", "LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct", "XiaomiMiMo/MiMo-VL-7B-RL",
    "XiaomiMiMo/MiMo-V2-Flash", "nvidia/NVIDIA-Nemotron-Nano-9B-v2-Base", "nvidia/NVIDIA-Nemotron-Nano-12B-v2",
    "Qwen/Qwen2.5-Math-7B", "Qwen/Qwen2.5-Math-PRM-7B", "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen-7B-Chat",
    "Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-Next-80B-A3B-Instruct", "mistralai/Mistral-Small-24B-Base-2501",
    "mistralai/Mistral-Small-3.1-24B-Instruct-2503", "internlm/internlm2_5-7b-chat",
    "microsoft/Phi-3-medium-4k-instruct", "microsoft/Phi-4-mini-reasoning", "tiiuae/Falcon3-7B-Instruct",
    "tiiuae/Falcon3-Mamba-7B-Base", "somebody/DeepSeek-R1-0528-Qwen3-8B", "zai-org/GLM-4.6",
    "moonshotai/Kimi-K2-Instruct-0905", "Qwen/Qwen2.5-Coder-7B", "deepseek-ai/DeepSeek-V3.2-Exp",
    "deepseek-ai/DeepSeek-V3.2-Speciale", "google/gemma-2-9b-it", "allenai/OLMo-2-1124-7B-Instruct",
    "allenai/Olmo-3-1025-7B", "baichuan-inc/Baichuan2-7B-Chat", "deepseek-ai/deepseek-coder-6.7b-base",
]  # fmt: skip


def vendors_of(model: str) -> list[str]:
    return [vendor.vendor for vendor in vendor_habits() if re.search(vendor.models, model, re.I)]


@pytest.mark.parametrize(("vendor", "model"), [(name, model) for name, models in RELEASES.items() for model in models])
def test_a_release_has_the_habits_of_its_family(vendor: str, model: str) -> None:
    assert vendors_of(model) == [vendor]


@pytest.mark.parametrize("model", NEIGHBOURS)
def test_a_neighbour_has_none_of_them(model: str) -> None:
    """Base, instruct and thinking, and other generations, are other releases."""
    assert not vendors_of(model)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_habits_take_no_protocol_away(kind: ReleaseKind) -> None:
    """What is asked without them stays plausible: one that is wrong can keep a claim from being refuted, and never
    helps to refute it."""
    habits = [habit for vendor in vendor_habits() for habit in vendor.benchmarks]
    for name in sorted({habit.benchmark for habit in habits}):
        of_it = [habit for habit in habits if habit.benchmark == name]
        for stated in (Settings(), Settings(shots=5)):
            with_them = plausible_protocols(benchmark(name), kind, stated, habits=of_it)
            without = plausible_protocols(benchmark(name), kind, stated)
            asked = {(protocol.benchmark, protocol.settings) for protocol in with_them.protocols}
            assert {(protocol.benchmark, protocol.settings) for protocol in without.protocols} <= asked, name
            assert set(without.missing) <= set(with_them.missing)


def verdict_of(habit: Settings, true_under: Settings | None) -> Verdict:
    """The verdict on a claim of 93 without settings by a vendor of this habit: true where it is asked as `true_under`
    says, 10 points lower otherwise."""
    claim = make_claim("93.0", Settings(metric="exact_match", filter="strict-match"))
    habits = [Habit(benchmark=SUMS.name, settings=habit, address="https://vendor.example")]
    plausible = plausible_protocols(SUMS, KINDS[2], claim.settings, habits=habits)
    parts: list[tuple[Protocol, Verdict]] = []
    for number, protocol in enumerate(plausible.protocols):
        said = {} if true_under is None else true_under.model_dump(exclude_none=True, exclude={"notes"})
        right = bool(said) and all(getattr(protocol.settings, field) == value for field, value in said.items())
        criterion = make_criterion(
            claim, SUMS, order_seed=1, now=NOW, settings=protocol.settings, plausible=plausible.count,
            protocol=protocol.name,
        )  # fmt: skip
        values = shuffled(round((0.93 if right else 0.83) * 1600), 1600, number)
        measurement = make_measurement(values[: stop_at(ClaimRule([criterion]), values)], 1600)
        run = make_run(
            protocol.settings.model_copy(update={"quantization": "F16", "tools": "none"}), run_id=f"{number}"
        )
        parts.append((protocol, judge(claim, criterion, run, measurement, now=NOW, benchmark=SUMS)))
        if parts[-1][1].outcome is Outcome.confirmed:
            break
    return combine_protocols(claim, plausible.protocols, parts, plausible.missing, now=NOW)


OTHER_SHOTS = Settings(shots=4)
OTHER_SAMPLING = Settings(shots=SUMS.protocol.shots, temperature=1.0, max_tokens=16)


@pytest.mark.parametrize("habit", [OTHER_SHOTS, OTHER_SAMPLING], ids=["shots", "sampling"])
@pytest.mark.parametrize("kept", [True, False], ids=["as the vendor says", "as the catalogue says"])
def test_a_claim_that_is_true_as_somebody_says_is_confirmed(habit: Settings, kept: bool) -> None:
    """By the documented habit, or by the catalogue although the habit on record is wrong."""
    verdict = verdict_of(habit, habit if kept else Settings(shots=SUMS.protocol.shots, temperature=0.0))
    assert (verdict.outcome, verdict.flagged) == (Outcome.confirmed, False)


def test_a_claim_that_is_false_either_way_is_flagged() -> None:
    assert verdict_of(OTHER_SHOTS, None).flagged
