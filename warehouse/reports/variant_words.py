"""What is said of scores on variants of a benchmark, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from warehouse.number_text import interval, number

VARIANTS_NOTE = (
    "Other items of the same kind, asked alike, or problems of other dates. A score that is much lower here can come "
    "from items known from training, or from items that are harder; it shows neither by itself, and the verdict does "
    "not depend on it."
)


def variant_lines(variants: Iterable[dict[str, Any]]) -> list[str]:
    """A line a score, `GSM-Plus: 62.4 [57.1, 67.4] on 400 of 10,552 items`, and one for its originals where known."""
    return [line for score in variants for line in _lines(score)]


def _lines(score: dict[str, Any]) -> Iterator[str]:
    span = f" {interval(score['low'], score['high'], 'fraction')}" if score.get("low") is not None else ""
    yield f"{score['title']}: {number(score['score'], 'fraction')}{span} on {score['items']:,} of {score['of']:,} items"
    if score.get("pairs"):
        ends = f"[{100 * score['difference_low']:+.1f}, {100 * score['difference_high']:+.1f}]"
        apart = 100 * (score["paired_score"] - score["original_score"])
        yield (
            f"  beside their originals, {score['pairs']:,} pairs: {number(score['paired_score'], 'fraction')} for "
            f"{number(score['original_score'], 'fraction')}, {apart:+.1f} points {ends}"
        )
