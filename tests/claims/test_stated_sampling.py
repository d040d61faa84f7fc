"""Words on a score that say how the model was asked become settings, so that the run follows them."""

from __future__ import annotations

from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.protocols.plausible_protocols import plausible_protocols
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.records import Settings
from warehouse.claims.text.labels import read_label

STATED: dict[str, dict[str, Any]] = {
    "GPQA Diamond (T=0.6, top-p 0.95)": {"temperature": 0.6, "top_p": 0.95},
    "MMLU-Pro (greedy decoding)": {"temperature": 0.0},
    "GSM8K (five-shot)": {"shots": 5},
    "MATH-500 (averaged over 8 runs)": {"repeats": 8},
    "IFEval (average of 5 runs)": {"repeats": 5},
    "GPQA Diamond (mean of 10 independent runs)": {"repeats": 10},
    "AIME 2025 (reasoning effort: high)": {"effort": "high"},
    "GPQA Diamond (max_new_tokens=2048)": {"max_tokens": 2048},
    "AIME 2025 (32k output tokens)": {"max_tokens": 32768},
    "IFEval (with chat template)": {"prompt": "chat"},
    "HumanEval (p@1, 0-shot)": {"metric": "pass@1", "shots": 0},
    "IFEval (Prompt Strict-Acc.)": {"metric": "prompt_level_strict_acc"},
    "InfiniteBench/En.QA": {"subset": "En.QA"},
    "MultiPL-E HumanEval": {"subset": "HumanEval"},
    "TriviaQA-Wiki (5-shot)": {"subset": "Wiki", "shots": 5},
    "MMMU-Pro, Vision (test)": {"subset": "test, Vision"},
    "AlignBench (中文推理)": {"subset": "中文推理"},
    "GSM8K (5-shot, no chat template)": {"shots": 5, "prompt": "completion"},
}


@pytest.mark.parametrize("text", STATED)
def test_settings_in_words(text: str) -> None:
    label = read_label(text)
    assert (dict(label.stated), label.words) == (STATED[text], ()) and label.benchmark


def test_answers_of_a_mean_are_those_of_no_other_score() -> None:
    assert dict(read_label("AIME 2024 (pass@1, n=64)").stated)["repeats"] == 64
    assert read_label("HumanEval (pass@10, n=200)").words == ("n=200",)


@pytest.mark.parametrize("text", ["GPQA Diamond (temperature 0.6-0.8)", "GPQA Diamond (64k thinking budget)"])
def test_what_no_run_can_follow_stays_a_word(text: str) -> None:
    assert read_label(text).words and not read_label(text).stated


@pytest.mark.parametrize("mode", ["completion", "chat"])
def test_a_vote_is_run_whatever_filter_it_was_read_with(mode: str) -> None:
    """`maj@8` of a benchmark with two filters: the vote under each of them."""
    kind = ReleaseKind(kind="instruct", thinking="none", has_template=True)
    stated = Settings(metric="maj@8", shots=8, prompt=mode)
    protocols = plausible_protocols(benchmark("gsm8k"), kind, stated).protocols
    assert {protocol.settings.metric for protocol in protocols} == {"exact_match_maj@8"}
    assert {"strict-match", "flexible-extract"} <= {protocol.settings.filter for protocol in protocols}
    assert {protocol.settings.repeats for protocol in protocols} == {8}
