"""Tokens and requests of one item before any run has measured them: rough figures by benchmark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from evaluators.catalogue import Benchmark
from evaluators.records import Settings

TABLE = Path(__file__).with_name("typical_lengths.yaml")


@dataclass(frozen=True)
class TypicalItem:
    """What one item takes."""

    requests: float
    read: float
    """Prompt tokens of all its requests."""
    fresh: float
    """Prompt tokens that have to be computed: a server keeps what the requests of an item share."""
    written: float
    """Tokens of its answers."""


TASK = TypicalItem(requests=40, read=600_000, fresh=25_000, written=15_000)
"""A task of an agent: 30 to 60 turns, each of which reads what came before, and about 15,000 tokens written."""


@cache
def _table() -> list[dict[str, object]]:
    rows = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return [dict(row) for row in rows]


def typical_item(benchmark: Benchmark, settings: Settings) -> TypicalItem:
    """One item of a benchmark under these settings. An answer is never longer than the settings' token limit."""
    if benchmark.harness:
        return TASK
    row = next(row for row in _table() if re.match(str(row["names"]), benchmark.name))
    number = {name: float(str(value)) for name, value in row.items() if name != "names"}
    prompt = number["question"] + (settings.shots or 0) * number["example"]
    if benchmark.output != "generate_until":
        choices = number.get("choices", 2)
        return TypicalItem(choices, choices * prompt, prompt + choices * 8, 0.0)
    answer = number["thinking" if settings.thinking == "on" else "answer"]
    answer = min(answer, settings.max_tokens or answer)
    repeats = settings.repeats or 1
    return TypicalItem(repeats, repeats * prompt, prompt, repeats * answer)
