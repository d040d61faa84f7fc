"""Does one set-up lose at most so many points against another on the same items? Sequential, without replacement.

With x and y the item scores of the two in [0, 1], z = (x - y + 1) / 2 is a list in [0, 1] whose mean is (1 + d) / 2, d
the difference of the whole runs. Betting tests (betting.py) of d <= -m and of d >= -m may be looked at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

from warehouse.verdicts.statistics.betting import log_wealth, paired
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.region import AcceptanceRegion


@dataclass(frozen=True)
class PairedState:
    """Where "the first loses at most `margin` against the second" stands after some items."""

    holds: Literal["holds", "fails"] | None
    """What is decided; None: nothing yet."""
    items: int
    of: int
    difference: float
    """Mean of first minus second over these items, as a fraction."""
    low: float
    """Lower end of the confidence sequence of the whole runs' difference (1 - alpha)."""
    high: float
    """Upper end."""


def follow_pairs(
    first: Sequence[float], second: Sequence[float], total: int, margin: float, alpha: float = 0.05
) -> PairedState:
    """The state after the finished prefix of a random order, of `total` items. `margin`: fraction that may be lost.
    Each of the two answers is wrong with a probability of `alpha` at most, however often this is asked. Raises
    ValueError for unequal lengths or scores outside [0, 1]."""
    if any(not 0 <= value <= 1 for value in (*first, *second)):
        raise ValueError("item scores lie outside [0, 1]")
    moved = [value for value in paired(first, second) if value is not None]
    items = len(moved)
    mean = (sum(first) - sum(second)) / items if items else 0.0
    null, step = (1 - margin) / 2, max(margin / 2, 1 / total)
    region = AcceptanceRegion(total, null, 1.0, step)
    low, high = confidence_sequence(moved, region, alpha)
    holds: Literal["holds", "fails"] | None = None
    if items == total:
        holds = "holds" if mean >= -margin - 1e-12 else "fails"
    elif items and log_wealth(moved, total, null, step, True)[-1] >= log(1 / alpha):
        holds = "holds"
    elif items and log_wealth(moved, total, null, step, False)[-1] >= log(1 / alpha):
        holds = "fails"
    return PairedState(holds, items, total, mean, 2 * low - 1, 2 * high - 1)
