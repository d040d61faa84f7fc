"""Write the rows of the two demo benchmarks: `python -m tests.demo_model.items [FOLDER]`. Standard library only.

Seeded: the same files byte for byte on every machine.
"""

import json
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.demo_model.sums import Sum, draw_many
from tests.demo_model.world import Fact, make

TASKS = Path(__file__).parents[2] / "evaluators" / "tasks"
SEED = 20261123
SUMS = 1600
TOWNS = 250
SHOTS = 20
"""Few-shot examples of demo_sums."""
SHOT_TOWNS = 4
"""Towns whose facts are the few-shot examples of demo_facts; the model reads all of them."""


def sums() -> tuple[list[Sum], list[Sum]]:
    """The test problems and the few-shot problems; none is in both, and none of the few-shot ones drops its mark."""
    drawn = draw_many(SUMS + 4 * SHOTS, SEED, "+")
    return drawn[:SUMS], [problem for problem in drawn[SUMS:] if problem.habit == problem.answer][:SHOTS]


def facts() -> tuple[list[Fact], list[Fact]]:
    """The test facts in mixed order and the few-shot facts, of other towns."""
    every = make(TOWNS + SHOT_TOWNS, SEED, rare=0.10, never=0.25)
    test, shots = every[: 6 * TOWNS], every[6 * TOWNS :]
    random.Random(SEED).shuffle(test)
    return test, shots


def choice_question(question: str, options: Sequence[str]) -> str:
    """A question with its options, to be answered with the words of one: `Which ...? Mosina, Patha, Mora or Karina?`"""
    return f"{question} {', '.join(options[:-1])} or {options[-1]}?"


def _sum_row(problem: Sum) -> dict[str, object]:
    return {"question": problem.question, "answer": problem.answer}


def _fact_row(fact: Fact) -> dict[str, object]:
    return {"question": fact.question, "choices": list(fact.options), "answer": fact.right}


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"id": number, **row}, ensure_ascii=False) for number, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write(folder: Path = TASKS) -> None:
    """Write test.jsonl and fewshot.jsonl of both benchmarks below `folder`."""
    test_sums, shot_sums = sums()
    test_facts, shot_facts = facts()
    _write(folder / "demo_sums" / "test.jsonl", map(_sum_row, test_sums))
    _write(folder / "demo_sums" / "fewshot.jsonl", map(_sum_row, shot_sums))
    _write(folder / "demo_facts" / "test.jsonl", map(_fact_row, test_facts))
    _write(folder / "demo_facts" / "fewshot.jsonl", map(_fact_row, shot_facts))


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else TASKS)
