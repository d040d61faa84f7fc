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
        f"{one['title']}: {number(one['score'], 'fraction')}"
        + (f" {interval(one['low'], one['high'], 'fraction')}" if one.get("low") is not None else "")
        + f" on {one['items']:,} of {one['of']:,} items"
        for one in variants
    ]
