"""What is said of scores on variants of a benchmark, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from warehouse.number_text import interval, number

VARIANTS_NOTE = (
    "Other items of the same kind, asked alike. A score that is much lower here can come from items known from "
    "training, or from variants that are harder; it shows neither by itself, and the verdict does not depend on it."
)


def variant_lines(variants: Iterable[dict[str, Any]]) -> list[str]:
    """One line a variant: `GSM-Plus: 62.4 [57.1, 67.4] on 400 of 10,552 items`."""
    return [
        f"{score['title']}: {number(score['score'], 'fraction')}"
        + (f" {interval(score['low'], score['high'], 'fraction')}" if score.get("low") is not None else "")
        + f" on {score['items']:,} of {score['of']:,} items"
        for score in variants
    ]
