"""The protocols under which a claim may have been made."""

from __future__ import annotations

import pytest

from evaluators.catalogue import benchmark, catalogue
from evaluators.protocols.plausible_protocols import plausible_protocols
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.protocols.vendor_habits import habits_of, vendor_habits
from evaluators.records import Origin, Settings, UserError

THINKING = ReleaseKind(kind="thinking", thinking="switchable", switch="enable_thinking", has_template=True)
INSTRUCT = ReleaseKind(kind="instruct", thinking="none", has_template=True)
BASE = ReleaseKind(kind="base", thinking="none")
NAMED = Settings(filter="flexible-extract")


def modes(kind: ReleaseKind, stated: Settings, name: str = "gsm8k") -> list[str]:
    found = plausible_protocols(benchmark(name), kind, stated).protocols
    return list(dict.fromkeys(protocol.name.split(",")[0] for protocol in found))


@pytest.mark.parametrize(
    ("kind", "stated", "expected"),
    [
        (BASE, Settings(), ["completion"]),
        (INSTRUCT, Settings(), ["chat", "completion"]),
        (THINKING, Settings(), ["thinking", "chat", "completion"]),
        (THINKING, Settings(thinking="off"), ["chat", "completion"]),
        (THINKING, Settings(thinking="on"), ["thinking"]),
        (THINKING, Settings(prompt="chat"), ["thinking", "chat"]),
        (INSTRUCT, Settings(prompt="completion"), ["completion"]),
        (ReleaseKind(kind="unknown", thinking="none", has_template=True), Settings(), ["completion", "chat"]),
    ],
)
def test_modes_by_kind(kind: ReleaseKind, stated: Settings, expected: list[str]) -> None:
    """Most plausible first; what the claim states holds in all."""
    assert modes(kind, stated) == expected


def test_what_is_stated_is_run_and_named_as_the_claims() -> None:
    """Every protocol has the claim's settings, with their origin; the rest is the release's and the benchmark's."""
    stated = Settings(shots=3, temperature=0.2, filter="flexible-extract", repeats=4)
    kind = THINKING.model_copy(update={"sampling": Settings(top_k=20), "max_tokens": 50_000})
    found = plausible_protocols(benchmark("gsm8k"), kind, stated)
    assert [protocol.name for protocol in found.protocols] == ["thinking, 3-shot", "chat, 3-shot", "completion, 3-shot"]
    for protocol in found.protocols:
        assert (protocol.settings.shots, protocol.settings.temperature, protocol.settings.repeats) == (3, 0.2, 4)
        assert protocol.origins["shots"] is Origin.claim
    thinking = found.protocols[0]
    assert (thinking.settings.top_k, thinking.origins["top_k"]) == (20, Origin.release)
    assert (thinking.settings.max_tokens, thinking.settings.thinking) == (50_000, "on")
    assert found.protocols[1].settings.thinking == "off"


@pytest.mark.parametrize("name", [name for name, entry in catalogue().items() if entry.evaluator == "lm-eval"])
def test_thinking_always_has_room(name: str) -> None:
    """No runnable benchmark lets a model think within the limit of a plain completion."""
    entry = benchmark(name)
    for protocol in plausible_protocols(entry, THINKING, Settings()).protocols:
        run = benchmark(protocol.benchmark or name)
        if protocol.settings.thinking == "on" and not run.thinking.max_tokens:
            assert (protocol.settings.max_tokens or 0) >= 32_768


def test_user_options_fill_what_is_open_and_refute_nothing() -> None:
    """An option goes where the claim states nothing, and then not every plausible protocol is run."""
    user = Settings(shots=1, temperature=1.0)
    found = plausible_protocols(benchmark("gsm8k"), BASE, Settings(shots=5, filter="strict-match"), user=user)
    [protocol] = found.protocols
    assert (protocol.settings.shots, protocol.settings.temperature) == (5, 1.0)
    assert protocol.origins["temperature"] is Origin.user and not protocol.plausible
    assert found.missing
    same = plausible_protocols(benchmark("gsm8k"), BASE, NAMED, user=Settings(shots=5))
    assert same.protocols[0].plausible and not same.missing


def test_likelihood_of_letters_is_not_all_that_a_thinking_model_may_have_done() -> None:
    """Without a generated formulation in the catalogue, something plausible is missing, and no claim is refuted."""
    found = plausible_protocols(benchmark("piqa"), THINKING, Settings())
    assert found.missing and all("thinking" not in protocol.name for protocol in found.protocols)


def test_a_tuned_release_without_a_template_may_have_been_asked_by_chat() -> None:
    """Nothing here can ask it so: no claim is refuted by plain completions alone."""
    unknown = ReleaseKind(kind="unknown", thinking="unknown")
    found = plausible_protocols(benchmark("gsm8k"), unknown, Settings())
    assert found.missing and {protocol.name.split(",")[0] for protocol in found.protocols} == {"completion"}
    assert not plausible_protocols(benchmark("gsm8k"), BASE, Settings()).missing


def test_effort_that_switches_thinking_off() -> None:
    """Without thinking the template's word for it is sent, and a claim that states it is asked so only."""
    facts = {"thinking": "switchable", "switch": "reasoning_effort", "efforts": ("high",), "no_effort": "none"}
    kind = THINKING.model_copy(update=facts)
    found = plausible_protocols(benchmark("gsm8k"), kind, NAMED)
    chat = [protocol.settings for protocol in found.protocols if protocol.settings.prompt == "chat"]
    assert {(settings.thinking, settings.effort) for settings in chat} == {("on", "high"), ("off", "none")}
    stated = plausible_protocols(benchmark("gsm8k"), kind, NAMED.model_copy(update={"effort": "none"}))
    assert {(one.settings.thinking, one.settings.effort) for one in stated.protocols} == {("off", "none")}


def test_effort_that_nobody_states_is_open() -> None:
    """A model whose template takes an effort may have been asked with each."""
    kind = THINKING.model_copy(update={"thinking": "always", "switch": "reasoning_effort"})
    found = plausible_protocols(benchmark("gsm8k"), kind, NAMED)
    assert [protocol.settings.effort for protocol in found.protocols] == ["high", "medium", "low", None]
    stated = plausible_protocols(benchmark("gsm8k"), kind, NAMED.model_copy(update={"effort": "low"}))
    assert [protocol.settings.effort for protocol in stated.protocols] == ["low"]


def test_asking_for_one_protocol_does_not_make_it_the_only_plausible_one() -> None:
    """The others are named as missing, and alpha stays divided by all of them."""
    whole = plausible_protocols(benchmark("gsm8k"), THINKING, NAMED)
    part = plausible_protocols(benchmark("gsm8k"), THINKING, NAMED, only=["chat"])
    assert part.count == whole.count == len(whole.protocols) > len(part.protocols)
    assert part.missing == ("thinking was not asked for", "completion was not asked for")


def test_a_normalised_likelihood_was_not_generated() -> None:
    """A claim that names acc_norm is about likelihoods: no thinking is missing."""
    found = plausible_protocols(benchmark("piqa"), THINKING, Settings(metric="acc_norm"))
    assert not found.missing and {protocol.name for protocol in found.protocols} == {"completion", "chat"}


def test_options_choose_the_way_of_asking_where_the_claim_leaves_it_open() -> None:
    """--prompt, --thinking and --protocol choose among the plausible ways; what the claim states stays."""
    sums = benchmark("gsm8k")
    for user, only, expected in (
        (Settings(thinking="on"), (), ["thinking"]),
        (Settings(thinking="off"), (), ["chat", "completion"]),
        (Settings(prompt="chat"), (), ["thinking", "chat"]),
        (None, ("completion",), ["completion"]),
    ):
        found = plausible_protocols(sums, THINKING, NAMED, user=user, only=only)
        assert list(dict.fromkeys(protocol.name.split(",")[0] for protocol in found.protocols)) == expected
        assert all(protocol.plausible for protocol in found.protocols) and found.missing
    kept = plausible_protocols(sums, THINKING, NAMED.model_copy(update={"prompt": "completion"}), only=("chat",))
    assert [protocol.name for protocol in kept.protocols] == ["completion"] and not kept.missing
    unlikely = plausible_protocols(sums, BASE, NAMED, only=("chat",))
    assert unlikely.protocols and not any(protocol.plausible for protocol in unlikely.protocols)
    with pytest.raises(UserError, match="exclude each other"):
        plausible_protocols(sums, THINKING, NAMED, user=Settings(prompt="completion"), only=("chat",))


def test_habits_have_an_address_and_name_benchmarks() -> None:
    """Each habit is a source."""
    for vendor in vendor_habits():
        assert vendor.address.startswith("https://")
        for habit in vendor.benchmarks:
            benchmark(habit.benchmark)


@pytest.mark.parametrize(
    ("model", "name", "expected"),
    [
        ("Qwen/Qwen3-8B", "aime25", {"temperature": 0.6, "top_k": 20, "max_tokens": 38912, "repeats": 64}),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "math500", {"temperature": 0.6, "top_p": 0.95, "repeats": 64}),
        (
            "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5",
            "aime24",
            {"max_tokens": 65536, "repeats": 16, "system_prompt": ""},
        ),
        ("HuggingFaceTB/SmolLM3-3B", "gsm_plus", {"temperature": 0.6, "max_tokens": 32768, "shots": 0}),
        ("moonshotai/Kimi-K2-Thinking", "gpqa_diamond", {"temperature": 1.0, "max_tokens": 98304, "repeats": 1}),
        ("zai-org/GLM-4.5-Air", "aime24", {"temperature": 0.6, "max_tokens": 81920, "repeats": 32}),
        ("MiniMaxAI/MiniMax-M1-80k", "livecodebench", {"temperature": 1.0, "top_p": 0.95, "repeats": 16}),
    ],
)
def test_a_vendors_own_way_comes_first(model: str, name: str, expected: dict[str, float]) -> None:
    first = plausible_protocols(benchmark(name), THINKING, Settings(), habits=habits_of(model)).protocols[0]
    assert {field: getattr(first.settings, field) for field in expected} == expected
    assert str(first.source).startswith("https://") and first.settings.thinking == "on"


@pytest.mark.parametrize(
    ("model", "shots"),
    [
        ("Qwen/Qwen2-7B", 4),
        ("deepseek-ai/DeepSeek-V3-Base", 8),
        ("ibm-granite/granite-4.0-h-tiny", 8),
        ("ibm-granite/granite-4.1-8b-base", 8),
        ("microsoft/Phi-4-mini-instruct", 8),
    ],
)
def test_a_vendors_number_of_examples_is_tried_first(model: str, shots: int) -> None:
    """The catalogue's own stays plausible."""
    tried = plausible_protocols(benchmark("gsm8k"), BASE, NAMED, habits=habits_of(model)).protocols
    assert [protocol.settings.shots for protocol in tried] == [shots, 5]
    assert str(tried[0].source).startswith("https://") and tried[1].source is None


def test_habits_hold_where_the_claim_states_its_examples() -> None:
    """All that a vendor says but another number of examples: else its own way of asking would not be tried."""
    habits = habits_of("HuggingFaceTB/SmolLM2-135M-Instruct")
    first, *others = plausible_protocols(benchmark("gsm8k"), INSTRUCT, Settings(shots=5), habits=habits).protocols
    assert (first.settings.shots, first.settings.max_tokens) == (5, 256) and str(first.source).startswith("https://")
    assert any(protocol.settings.max_tokens != 256 for protocol in others), "what the catalogue says is tried too"
    assert {protocol.settings.shots for protocol in others} == {5}
    habits = habits_of("google/gemma-3-4b-pt")
    for shots, documented in ((10, True), (5, False)):
        protocols = plausible_protocols(benchmark("hellaswag"), BASE, Settings(shots=shots), habits=habits).protocols
        assert any(protocol.source for protocol in protocols) is documented
        assert {protocol.settings.shots for protocol in protocols} == {shots}


@pytest.mark.parametrize(
    "model",
    [
        "Qwen/Qwen3-8B-Base",
        "Qwen/Qwen3-235B-A22B-Instruct-2507",
        "zai-org/GLM-4.6",
        "Qwen/Qwen2-7B-Instruct",
        "ibm-granite/granite-4.0-h-tiny-base",
        "microsoft/phi-4",
    ],
)
def test_habits_hold_for_the_releases_that_they_were_written_for(model: str) -> None:
    assert not habits_of(model)


def formulations(name: str, kind: ReleaseKind, stated: Settings) -> set[str]:
    return {protocol.benchmark or name for protocol in plausible_protocols(benchmark(name), kind, stated).protocols}


def test_a_choice_by_its_text_or_by_its_letter() -> None:
    """Cards that state "ARC-C, 25-shot" mean either, 20 points apart (Llama 3: letters); naming lm-eval, or its
    normalised accuracy, names one."""
    assert formulations("arc_challenge", BASE, Settings(shots=25)) == {"arc_challenge", "arc_challenge_letters"}
    for stated in (Settings(shots=25, harness="lm-eval 0.4.9"), Settings(shots=25, metric="acc_norm")):
        assert formulations("arc_challenge", BASE, stated) == {"arc_challenge"}
    both = plausible_protocols(benchmark("arc_challenge"), BASE, Settings(shots=25, metric="acc")).protocols
    assert [(protocol.benchmark, protocol.name) for protocol in both] == [
        (None, "completion"), ("arc_challenge_letters", "completion, letters"),
    ]  # fmt: skip


def test_math_may_have_been_asked_by_the_examples_of_minerva() -> None:
    """Its own task in lm-eval shows answers without their working, and reads none in a box."""
    for kind in (BASE, INSTRUCT):
        assert formulations("hendrycks_math", kind, Settings(shots=4)) == {"hendrycks_math", "minerva_math"}
    assert formulations("hendrycks_math", BASE, Settings(shots=4, harness="lm-eval")) == {"hendrycks_math"}


@pytest.mark.parametrize("name", ["arc_challenge", "mmlu", "hellaswag", "winogrande", "openbookqa", "boolq"])
def test_a_chat_model_may_have_generated_its_answer(name: str) -> None:
    """Then likelihoods alone refute nothing: a formulation with generated answers is run, or is missing."""
    found = plausible_protocols(benchmark(name), INSTRUCT, Settings())
    generated = [
        one for one in found.protocols if one.benchmark and benchmark(one.benchmark).output == "generate_until"
    ]
    assert generated or any("generated" in text for text in found.missing)


@pytest.mark.parametrize("name", ["drop", "triviaqa", "nq_open"])
def test_a_task_that_cuts_right_answers_refutes_nobody(name: str) -> None:
    assert plausible_protocols(benchmark(name), BASE, Settings(shots=5)).missing
    assert not plausible_protocols(benchmark(name), BASE, Settings(shots=5, harness="lm-eval")).missing


def test_every_formulation_is_in_the_catalogue_and_named() -> None:
    for entry in catalogue().values():
        for name in entry.formulations:
            other = benchmark(name)
            assert other.formulation and other.evaluator == "lm-eval" and not other.cannot_run, name
