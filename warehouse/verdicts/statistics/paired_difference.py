"""Two runs over the same items: is one better, or do they only differ in chance?"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb


@dataclass(frozen=True)
class PairedDifference:
    """What two graded runs of the same items say."""

    items: int
    """Items that both have a score for."""
    mean: float
    """Mean of second minus first, as a fraction."""
    lost: int
    """Items that the first gets right and the second does not (for graded scores: second lower)."""
    won: int
    """The reverse."""
    p_value: float
    """Probability of a split as uneven as this among the items that differ, if neither were better: McNemar's exact
    test, two-sided."""


def paired_difference(first: list[float], second: list[float]) -> PairedDifference:
    """The difference of two runs, their scores in the same order of items. Raises ValueError for unequal lengths, and
    where there is no item."""
    if len(first) != len(second) or not first:
        raise ValueError("two runs are compared over the same items, and at least one")
    lost = sum(b < a for a, b in zip(first, second, strict=True))
    won = sum(b > a for a, b in zip(first, second, strict=True))
    mean = (sum(second) - sum(first)) / len(first)
    return PairedDifference(len(first), mean, lost, won, sign_test(lost, won))


def sign_test(lost: int, won: int) -> float:
    """Two-sided exact probability of `lost` against `won` under a fair coin; 1 where neither happened."""
    total, least = lost + won, min(lost, won)
    if total == 0 or lost == won:
        return 1.0
    if total > 2000:  # the exact sum has numbers of hundreds of digits; the normal limit is as good
        from statistics import NormalDist

        return 2 * (1 - NormalDist().cdf((abs(lost - won) - 1) / total**0.5))
    tail = sum(comb(total, count) for count in range(least + 1))
    return min(1.0, 2 * tail / 2**total)
