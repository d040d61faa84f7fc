"""RULER's tasks beside its needles, each a benchmark of its own, at a stated length, with a model that reads."""

from __future__ import annotations

import hashlib
import importlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.harness import run_benchmark
from evaluators.records import Settings
from evaluators.tasks.long_context.ruler_data import _common_utils as lm_eval_common
from tests.code.answering_server import answering
from tests.harness.ruler_reader import read_as_asked
from tests.harness.test_long_context import WORDS

FACTS = [(f"town{number}", f"river{number * 7919}") for number in range(600)]
"""A passage and a question each, in place of those that come from the web."""


def questions(url: str) -> Any:
    """What is fetched, in the form of SQuAD's or HotpotQA's file."""
    passages = [f"The {town} lies at the {river}. " + "It is quiet there. " * 8 for town, river in FACTS]
    if "SQuAD" not in url:
        return [
            {"question": f"Where lies {town}?", "answer": river, "context": [[town, [passage]]]}
            for (town, river), passage in zip(FACTS, passages, strict=True)
        ]
    asked = [
        {"context": passage, "qas": [{"question": f"Where lies {town}?", "is_impossible": False,
                                      "answers": [{"text": river}, {"text": f"the {river}"}]}]}
        for (town, river), passage in zip(FACTS, passages, strict=True)
    ]  # fmt: skip
    return {"data": [{"paragraphs": asked}]}


@pytest.mark.parametrize(
    "name",
    [
        "ruler_qa_squad",
        *(pytest.param(f"ruler_{kind}", marks=pytest.mark.long) for kind in ("vt", "cwe", "fwe", "qa_hotpot")),
    ],
)
def test_a_reader_gets_what_it_does_not_pass_over(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five texts it reads four, and says nothing of the fifth."""
    lm_eval_common()  # lm-eval's tasks import it, and it a package that need not be there
    monkeypatch.setattr(importlib.import_module("lm_eval.tasks.ruler.qa_utils"), "download_json", questions)
    read: Counter[bool] = Counter()

    def answer(prompt: str, _: int) -> str:
        lucky = hashlib.sha256(prompt.encode()).digest()[0] % 5 > 0
        said = read_as_asked(prompt)
        if said is None:
            return "19"  # of the preflight
        read[lucky] += 1
        return said if lucky else "I do not know."

    with answering(answer) as server:
        run = run_benchmark(benchmark(name), WORDS, server, Settings(subset="2K"), folder=tmp_path, limit=40)
    (measured,) = run.measurements
    assert (measured.metric, measured.items, measured.of) == ("match", 40, 500)
    assert sum(read.values()) == 40
    assert measured.score == pytest.approx(read[True] / 40)
    assert 0.5 < (measured.score or 0) < 1
    longest = int(re.findall(r"longest prompt (\d+) tokens", run.checks["context_budget"])[0])
    assert 900 < longest <= 2048
