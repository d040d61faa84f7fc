"""Claim interval, margin and run-noise allowance -> the region in which a full-run score agrees with the claim."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from warehouse.claim_records import ClaimInterval, Criterion

ROUNDING = 1e-9


@dataclass(frozen=True)
class AcceptanceRegion:
    """The region [low, high] for a mean of `total` items in [0, 1], as fractions and as counts of correct items.

    `margin` aims the bets. `noise`: how far outside the region a score must lie before it contradicts the claim,
    because two honest runs differ by that much.
    """

    total: int
    low: float
    high: float
    margin: float
    noise: float = 0.0

    @property
    def at_least(self) -> int:
        """Smallest count inside the region."""
        return max(0, ceil(self.total * self.low - ROUNDING))

    @property
    def at_most(self) -> int:
        """Largest count inside the region."""
        return min(self.total, floor(self.total * self.high + ROUNDING))

    @property
    def not_below(self) -> int:
        """Smallest count that does not contradict the claim from below."""
        return max(0, ceil(self.total * (self.low - self.noise) - ROUNDING))

    @property
    def not_above(self) -> int:
        """Largest count that does not contradict the claim from above."""
        return min(self.total, floor(self.total * (self.high + self.noise) + ROUNDING))

    @property
    def step(self) -> float:
        """Items that one margin means: the unit of the bets' distances."""
        return max(1.0, self.margin * self.total)


def edges(interval: ClaimInterval, margin: float, relative: bool = False) -> tuple[float, float]:
    """Claim interval with the margin on both sides, in the interval's unit; ±inf where it is unbounded. A relative
    margin is a share of the end that it widens (0.1: 10 %)."""
    low, high = interval.low, interval.high
    down = margin * low if relative and low is not None else margin
    up = margin * high if relative and high is not None else margin
    return (float("-inf") if low is None else low - down, float("inf") if high is None else high + up)


def acceptance_region(criterion: Criterion, total: int, noise: float | None = None) -> AcceptanceRegion:
    """The acceptance region of a criterion over a score in fractions, for a benchmark of `total` items. `noise`:
    run-noise allowance as measured; None: the criterion's own."""
    low, high = edges(criterion.interval, criterion.margin, criterion.relative)
    margin = criterion.margin * (criterion.interval.value or 1.0) if criterion.relative else criterion.margin
    return AcceptanceRegion(total, max(low, 0.0), min(high, 1.0), margin, criterion.noise if noise is None else noise)
