"""Names: exact, normalised, or only suggested; variants stay different."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.catalogue import catalogue
from warehouse.claims import resolve_benchmark, resolve_model, suggest_benchmarks
from warehouse.claims.text.labels import read_label


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MMLU", "mmlu"), ("MMLU-Pro", "mmlu_pro"), ("mmlu pro", "mmlu_pro"), ("MMLU (Pro COT)", "mmlu_pro"),
        ("MMLU-Redux", "mmlu_redux"), ("GPQA", "gpqa"), ("GPQA (Diamond)", "gpqa_diamond"), ("GSM8K", "gsm8k"),
        ("GSM8K-Platinum", "gsm8k_platinum"), ("SWE-bench Verified", "swe_bench_verified"),
        ("SWE-Bench Lite", "swe_bench_lite"), ("SWE-bench Pro", "swe_bench_pro"), ("AIME'24", "aime24"),
        ("AIME 2025", "aime25"), ("AIME", None), ("LiveCodeBench v6 (25.02-25.05)", "livecodebench_v6"),
        ("LiveCodeBench", "livecodebench"), ("τ²-Bench-Telecom", "tau2_bench_telecom"),
        ("HumanEval+", "humaneval_plus"),
        ("HumanEval", "humaneval"), ("MMLU (Extra hard subset of ours)", None), ("Totally New Bench", None),
        ("MATH-500 (EM)", "math500"), ("MATH", "hendrycks_math"), ("ARC-C (25-shot)", "arc_challenge"),
    ],
)  # fmt: skip
def test_labels_name_their_benchmark_or_none(text: str, name: str | None) -> None:
    assert read_label(text).benchmark == name


def test_a_typing_slip_is_suggested_and_never_taken() -> None:
    assert resolve_benchmark("MMLU Prro").name is None
    assert "mmlu_pro" in suggest_benchmarks("MMLU Prro")


def test_every_catalogue_name_resolves_to_itself() -> None:
    for name, entry in catalogue().items():
        assert resolve_benchmark(name).name == name
        assert resolve_benchmark(entry.title).name == name
        assert entry.cannot_run is None or entry.needs is not None, name


@pytest.mark.parametrize(
    ("text", "model", "stated"),
    [
        ("Qwen3-235B-A22B (non-thinking)", "Qwen3-235B-A22B", {"thinking": "off"}),
        ("gpt-oss-120b (high)", "gpt-oss-120b", {"effort": "high"}),
        ("Gemini-2.5-Flash Non-Thinking", "Gemini-2.5-Flash", {"thinking": "off"}),
        ("Claude Sonnet 4.5", "Claude Sonnet 4.5", {}),
        ("odd 7B", "maker/Odd-7B", {}),
    ],
)
def test_modes_come_off_a_model_name(text: str, model: str, stated: dict[str, str]) -> None:
    found = resolve_model(text, known=("maker/Odd-7B",))
    assert (found.model, dict(found.stated)) == (model, stated)


@settings(max_examples=30)
@given(st.text(max_size=80))
def test_any_label_can_be_read(text: str) -> None:
    label = read_label(text)
    assert label.benchmark is None or label.benchmark in catalogue()
