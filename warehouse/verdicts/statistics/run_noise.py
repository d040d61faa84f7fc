"""Run noise: how far apart two honest runs of one benchmark may lie, and what that allows.

A full run's score has the standard error sqrt(v / (N k)) from generation alone, v the mean variance within an item
(half of the flip rate between two runs), N the items, k the answers averaged per item. Temperature 0 is not free of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

Z95 = 1.959963984540054


def repeat_flip_rate(first: Sequence[float | None], second: Sequence[float | None]) -> float:
    """Share of items run twice whose 0/1 scores differ (for graded scores: twice the mean variance within an item).
    Items unknown in either run are left out. Raises ValueError if none is left."""
    pairs = [(x, y) for x, y in zip(first, second, strict=True) if x is not None and y is not None]
    if not pairs:
        raise ValueError("no item was run twice")
    return sum((x - y) ** 2 for x, y in pairs) / len(pairs)


def within_of_means(means: Sequence[float | None], repeats: int) -> float | None:
    """Mean variance within an item of 0/1 answers, from each item's mean over `repeats` answers (unbiased:
    p(1 - p) k / (k - 1)). None for fewer than two repeats, no known item, or means that are not of 0/1 answers."""
    known = [mean for mean in means if mean is not None]
    if repeats < 2 or not known or any(abs(mean * repeats - round(mean * repeats)) > 1e-6 for mean in known):
        return None
    return sum(mean * (1 - mean) for mean in known) / len(known) * repeats / (repeats - 1)


def allowance(within: float, items: int, repeats: int = 1, claimed_repeats: int = 1) -> float:
    """How much two honest runs' full scores may differ in 95 of 100 cases, as a fraction: 1.96 sqrt(v/N (1/k + 1/k')).
    `within`: mean variance within an item, half of the flip rate. `claimed_repeats`: the claimant's, 1 if not said."""
    return Z95 * sqrt(within / items * (1 / repeats + 1 / claimed_repeats))


def most_within(score: float) -> float:
    """Largest mean variance within an item that a mean 0/1 score allows: all items equally hard."""
    score = min(max(score, 0.0), 1.0)
    return score * (1 - score)


def repeats_needed(within: float, items: int, resolve: float, claimed_repeats: int = 1) -> int | None:
    """Fewest answers per item whose allowance stays below `resolve` (fraction); None if no number of them does, since
    the claimant's own noise is larger."""
    if resolve <= 0 or within <= 0:
        return None if resolve <= 0 else 1
    spare = (resolve / Z95) ** 2 * items / within - 1 / claimed_repeats
    return None if spare <= 0 else max(1, ceil(1 / spare - 1e-9))
