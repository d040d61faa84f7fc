"""MBPP+ graded with its plus tests, which lm-eval's task of that name does not run.

lm-eval's mbpp_plus and mbpp_plus_instruct grade with the base tests of `test_list`; the plus tests lie in the data
set's `test` field, with their imports in `test_imports`. Both scores are kept: lm-eval's under the task's own filter,
this one under the filter `plus`, which is what a claim about MBPP+ means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.harness.code_tasks import CODE_EVAL
from evaluators.harness.scoring import Scored
from evaluators.records import ItemStatus

TASKS = frozenset({"mbpp_plus", "mbpp_plus_instruct"})
METRIC, FILTER = "pass_at_1", "plus"
PLUS_TIME_LIMIT = 10.0
"""Seconds for all plus tests of a program: there are a hundred times as many as base tests. EvalPlus gives each test
four times what the reference takes and 60 s at most in all."""


def plus_program(document: Mapping[str, Any], candidate: str) -> str:
    """Candidate, imports of the tests, plus tests. Raises KeyError for a document without them."""
    return "\n".join([candidate, *document["test_imports"], document["test"]])


def add_plus_scores(scored: Scored, document: Mapping[str, Any]) -> None:
    """Grade what the task's own filter took from each answer with the plus tests too."""
    own = next(iter(scored.statuses))
    values: list[float | None] = []
    statuses: list[ItemStatus] = []
    for status, candidate in zip(scored.statuses[own], scored.extracted[own], strict=True):
        if status is ItemStatus.failed:
            values.append(None)
            statuses.append(status)
            continue
        with CODE_EVAL.recording() as record:
            passed = CODE_EVAL.passes(plus_program(document, candidate or ""), PLUS_TIME_LIMIT)
        values.append(float(passed))
        # the base tests may have run out of time where these did not, and the other way round
        status = ItemStatus.ok if status is ItemStatus.timed_out else status
        statuses.append(ItemStatus.timed_out if status is ItemStatus.ok and record.timed_out else status)
    scored.raw[(METRIC, FILTER)] = list(values)
    scored.statuses[FILTER] = statuses
    scored.extracted[FILTER] = list(scored.extracted[own])
