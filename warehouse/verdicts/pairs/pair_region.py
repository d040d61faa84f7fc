"""A claim about a pair -> an acceptance region for a mean of item scores in [0, 1], and back to points or to a share.

With x and y the scores of the artifact and of its reference on an item and r a share (1 for points), d = x - r y lies
in [-r, 1] and z = (d + r) / (1 + r) in [0, 1]: what is known of means of such items (betting, without replacement)
holds.
"Loses at most m points" is mean d >= -m with r = 1; "recovers a share r" is mean d >= 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from warehouse.claim_records import Criterion
from warehouse.verdicts.statistics.betting import log_wealth
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import TestState

Scores = Sequence[float | None]
STEPS = 12
"""Bisections of an interval of shares."""


@dataclass(frozen=True)
class PairRegion:
    """What a claim about a pair allows."""

    share: float
    """r: share of the reference's score that is compared with."""
    edge: float
    """Lowest mean of x - r y that agrees with the claim, its margin included; a fraction."""

    def moved(self, first: Scores, second: Scores) -> list[float | None]:
        """z of each item; None where either has no score."""
        r = self.share
        return [
            None if x is None or y is None else (x - r * y + r) / (1 + r) for x, y in zip(first, second, strict=True)
        ]

    def region(self, total: int, margin: float, noise: float = 0.0) -> AcceptanceRegion:
        """The region that z may lie in, of a benchmark of `total` items. `margin`, `noise`: points of d, as
        fractions."""
        r = self.share
        low = (self.edge + r) / (1 + r)
        return AcceptanceRegion(total, max(low, 0.0), 1.0, max(margin, 1 / total) / (1 + r), noise / (1 + r))


def pair_region(criterion: Criterion) -> PairRegion:
    """What a criterion allows in `difference` or `recovery`. Raises ValueError for an interval without a lower end."""
    low, unit = criterion.interval.low, criterion.interval.unit
    if low is None:
        raise ValueError("a claim about a pair says how much is kept at least")
    return PairRegion(1.0, low - criterion.margin) if unit == "difference" else PairRegion(low, -criterion.margin)


def pair_score(unit: str, first: Scores, second: Scores) -> float | None:
    """Mean difference, or first over second, of the items that both have a score for; None where that is nothing."""
    known = [(x, y) for x, y in zip(first, second, strict=True) if x is not None and y is not None]
    ours, theirs = sum(x for x, _ in known), sum(y for _, y in known)
    if not known or (unit == "recovery" and not theirs):
        return None
    return (ours - theirs) / len(known) if unit == "difference" else ours / theirs


def pair_interval(
    unit: str, first: Scores, second: Scores, pair: PairRegion, region: AcceptanceRegion, alpha: float,
    state: TestState | None = None,
) -> tuple[float, float]:  # fmt: skip
    """(1 - alpha) confidence sequence of the whole runs' difference or share. Items without a score count both ways.
    `state`: as `confidence_sequence` takes it."""
    if unit == "difference":
        low, high = confidence_sequence(pair.moved(first, second), region, alpha, state)
        return 2 * low - 1, 2 * high - 1
    worst = [(0.0, 1.0) if x is None or y is None else (x, y) for x, y in zip(first, second, strict=True)]
    best = [(1.0, 0.0) if x is None or y is None else (x, y) for x, y in zip(first, second, strict=True)]
    if len(worst) >= region.total:
        return _share(worst, 0.0), _share(best, 1.0)
    return _end(worst, region.total, alpha, upper=False), _end(best, region.total, alpha, upper=True)


def _share(rows: Sequence[tuple[float, float]], nothing: float) -> float:
    ours, theirs = sum(x for x, _ in rows), sum(y for _, y in rows)
    return ours / theirs if theirs else nothing


def _end(rows: Sequence[tuple[float, float]], total: int, alpha: float, *, upper: bool) -> float:
    """One end of the shares r for which "the mean of x - r y is 0" is not rejected at alpha / 2 (as Fieller's interval
    is made), by bisection within [0, 2]."""
    bar, middle = log(2 / alpha), min(_share(rows, 1.0), 2.0)

    def rejected(r: float) -> bool:
        z = [(x - r * y + r) / (1 + r) for x, y in rows]
        return bool(log_wealth(z, total, r / (1 + r), 0.02, not upper)[-1] >= bar)

    outside, inside = (2.0 if upper else 0.0), middle
    for _ in range(STEPS):
        tried = (outside + inside) / 2
        outside, inside = (tried, inside) if rejected(tried) else (outside, tried)
    return outside
