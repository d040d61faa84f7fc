"""Grades of answers to LiveCodeBench problems: the last code block, against all tests, in a box."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from evaluators.code.code_tasks import CODE_EVAL
from evaluators.sandbox.box import Sandbox, SandboxError
from evaluators.sandbox.run_program import ProgramResult, run_module
from evaluators.tasks.livecodebench.problems import ProblemRow, read_row

TEST_SECONDS = 6.0
"""Wall time of one test, as LiveCodeBench gives it."""

Answer = tuple[str, ProblemRow]
"""Code, and the problem it is for."""


def extract_code(responses: Sequence[Sequence[str]], documents: Sequence[Any]) -> list[list[str]]:
    """lm-eval filter: the code of each answer."""
    return [[last_block(text) for text in answers] for answers in responses]


def last_block(text: str) -> str:
    """Between the last two lines with a fence; empty where there are none, as LiveCodeBench has it."""
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if "```" in line]
    return "\n".join(lines[fences[-2] + 1 : fences[-1]]) if len(fences) >= 2 else ""


def process_results(document: dict[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """lm-eval's `process_results`: the share of answers that pass all tests (pass@1)."""
    codes = results[0] if isinstance(results[0], list) else list(results)
    problem = ProblemRow(document["file"], document["offset"], document["length"])
    graded = CODE_EVAL.grade([(code, problem) for code in codes], TEST_SECONDS, run_answer)
    return {"pass@1": sum(program.result.passed for program in graded) / len(graded)}


def run_answer(sandbox: Sandbox, program: Answer, *, seconds: float) -> ProgramResult:
    """Run an answer against all tests of its problem. Raises SandboxError if the box or the tests do not work."""
    code, problem = program
    row = read_row(problem)
    try:
        name = json.loads(row["metadata"] or "{}").get("func_name")
    except ValueError as error:
        raise SandboxError(f"problem {row['question_id']}: metadata cannot be read ({error})") from None
    order = {
        "code": code,
        "public": row["public_test_cases"],
        "private": row["private_test_cases"],
        "function": name,
    }
    # how many tests there are only the box knows: a program that ends each within its time is let go on
    return run_module(sandbox, "livecodebench", order, seconds=seconds, whole=seconds * MOST_TESTS)


MOST_TESTS = 60
"""Tests of a problem that may each take the whole of their time before all of it is ended."""
