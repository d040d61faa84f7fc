"""Servers that break right answers, each in its own way, from the first request to the verdict: nobody is accused."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.harness import RetryLimits, run_benchmark
from evaluators.records import Settings
from tests.flows.answering_server import share
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer, generated
from tests.harness.test_bad_replies import solve
from tests.verdicts.cases import NOW, make_claim
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import judge, make_criterion

ITEMS = 128
SUMS = benchmark("demo_sums")

STATED = Settings(shots=0, prompt="completion", temperature=0.0, metric="exact_match", filter="strict-match")
LIMITS = RetryLimits(timeout=5.0, backoff=0.001, longest=0.01)
Break = Callable[[int, str, str], str]
"""Text that a server sends instead of an answer, from the right sum, the question and the answer."""
WORDS = ("first", "second", "part", "value", "number", "result", "term", "step", "digit", "place", "column", "rest")


def worked(total: int, asked: str) -> str:
    """A right answer with some words of its own."""
    source = random.Random(asked)
    return f" The {' '.join(source.choices(WORDS, k=source.randint(6, 12)))} is clear.\n#### {total}"


def other_server(text: str) -> Break:
    return lambda total, asked, answer: text


BREAKS: dict[str, Break] = {
    "refusals of a filter": other_server("I'm sorry, but I can't help with that."),
    "a plan that ran out": other_server("Daily limit exceeded, upgrade your plan."),
    "redacted": other_server("[content removed by policy]"),
    "a tool call that nobody parsed": lambda total, asked, answer: (
        f'<tool_call>\n{{"name": "calculator", "arguments": {{"expression": "{asked}"}}}}\n</tool_call>'
    ),
    "a function call that nobody parsed": lambda total, asked, answer: (
        f"<function=calculator>\n<parameter=expression>{asked}</parameter>\n</function>"
    ),
    "a call in brackets": lambda total, asked, answer: f'[TOOL_CALLS][{{"name": "add", "arguments": "{asked}"}}]',
    "a long loop": lambda total, asked, answer: f"Wait, let me add the terms {asked} once more to be sure of it. " * 7,
    "the question again": lambda total, asked, answer: f" What is {asked}?\nAnswer: What is {asked}?",
    "one number for all": lambda total, asked, answer: answer.replace(f"#### {total}", "#### 42"),
    "the last sign lost": lambda total, asked, answer: answer[:-1],
    "the first sign lost": lambda total, asked, answer: answer.strip()[60:] if len(answer) > 90 else answer[-4:-2],
    "spaces lost": lambda total, asked, answer: answer.replace(" ", "").replace("#", ""),
    "digits apart": lambda total, asked, answer: answer.replace(str(total), " ".join(str(total))),
    "escaped for a page": lambda total, asked, answer: answer.replace("#", "&#35;"),
    "cut by signs": lambda total, asked, answer: answer[:40],
    "thinking with its end only": lambda total, asked, answer: f"Perhaps #### {total + 3}</think>{answer}",
    "thinking whose marks were dropped": lambda total, asked, answer: f"thought\nIs it #### {total + 3}?\n\n{answer}",
    "a frame of a stream": lambda total, asked, answer: f'data: {{"choices":[{{"text":"{total + 1}"}}]}}',
}  # fmt: skip
AFFECTED = 0.4


def verdict_on(broken: Break | None, folder: Path, *, usage: int | None = 40, right: float = 1.0) -> Verdict:
    """The verdict on a claim of 100 % of a model that is right in `right` of its answers, two in five broken."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        total, asked = solve(body), body["prompt"].rpartition("What is ")[2].partition("?")[0]
        answer = worked(total if share(f"right {asked}") < right else total + 2, asked)
        if broken is not None and share(asked) < AFFECTED:
            answer = broken(total, asked, answer)
        found = generated(answer)
        return found | {"usage": {"prompt_tokens": 20, "completion_tokens": len(answer) // 4}} if usage else found

    claim = make_claim("99.0", STATED, benchmark=SUMS.name)
    criterion = make_criterion(claim, SUMS, order_seed=0, now=NOW)
    with ScriptedServer({"/v1/completions": reply}) as server:
        run = run_benchmark(
            SUMS, ARTIFACT, server, Settings(max_tokens=256), folder=folder, limit=ITEMS, checks=False, limits=LIMITS
        )
    measured = next((one for one in run.measurements if one.filter == criterion.filter), None)
    return judge(claim, criterion, run, measured, now=NOW, benchmark=SUMS)


def test_control_a_model_that_is_wrong_as_often(tmp_path: Path) -> None:
    verdict = verdict_on(None, tmp_path, right=0.6)
    assert verdict.outcome is Outcome.below_claim, verdict.headline


SHARP = ("refusals of a filter", "a tool call that nobody parsed", "a long loop", "one number for all",
         "the last sign lost", "thinking with its end only")  # fmt: skip


@pytest.mark.parametrize(
    "kind", [*SHARP, *(pytest.param(name, marks=pytest.mark.long) for name in BREAKS if name not in SHARP)]
)
def test_broken_answers_accuse_nobody(kind: str, tmp_path: Path) -> None:
    verdict = verdict_on(BREAKS[kind], tmp_path)
    assert verdict.outcome in (Outcome.invalid_run, Outcome.inconclusive), verdict.headline
