"""What the documents of two benchmarks say of their items: which variant was made from which original, and when a
problem was published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from evaluators.catalogue import Benchmark
from evaluators.code.date_windows import read_window
from evaluators.harness.tasks import load_tasks

ItemKey = tuple[str, int]
"""lm-eval task and document number."""


def originals_of(variant: Benchmark, original: Benchmark) -> dict[ItemKey, ItemKey]:
    """By item of the variant: the item of the original that it was made from, found by the text of the original that
    both documents hold. Items whose text no original has, or several have, are left out; all are where the catalogue
    names no fields. Raises UserError if a task cannot be loaded."""
    if variant.original_by is None:
        return {}
    named, holds = variant.original_by
    by_text: dict[str, list[ItemKey]] = {}
    for key, document in _documents(original):
        by_text.setdefault(_text(document, holds), []).append(key)
    pairs = {}
    for key, document in _documents(variant):
        text = _text(document, named)
        if text and len(by_text.get(text, ())) == 1:
            pairs[key] = by_text[text][0]
    return pairs


def dates_of(benchmark: Benchmark, subset: str | None) -> dict[ItemKey, date]:
    """By item of a dated benchmark: the day on which its problem was published, in the window that was run. Empty where
    its problems have no dates. Raises UserError if the task cannot be loaded."""
    if not benchmark.windowed:
        return {}
    window = read_window(subset) if subset else None
    dates = {key: date.fromisoformat(str(document["contest_date"])[:10]) for key, document in _documents(benchmark)}
    return {key: day for key, day in dates.items() if window is None or window.first <= day <= window.last}


def _documents(benchmark: Benchmark) -> Iterator[tuple[ItemKey, dict[str, Any]]]:
    for name, task in load_tasks(benchmark).tasks.items():
        for number, document in enumerate(task.eval_docs):
            yield (name, number), document


def _text(document: dict[str, Any], field: str) -> str:
    return " ".join(str(document.get(field) or "").split())
