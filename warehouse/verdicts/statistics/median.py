"""The median of independent runs with an order-statistic interval, looked at once or twice.

No assumption about the distribution: the k-th smallest and k-th largest of n runs enclose the true median with
probability 1 - 2 P(Binomial(n, 1/2) < k), so 7 runs' extremes give 98.4 %.

Where the interval of the first runs lies across an edge of a claim, the engine makes runs until there are more, and a
second look is taken at all of them. The error probability is divided (Bonferroni): the second look has what the first
one's interval leaves of alpha, so that the two together miss the median with at most alpha, whatever made the engine go
on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

from warehouse.claim_records import Criterion
from warehouse.verdicts.statistics.region import edges


@dataclass(frozen=True)
class Median:
    """A median with its interval."""

    value: float
    low: float
    high: float
    confidence: float
    """Probability that the interval covers the true median, at least."""


def median_interval(runs: Sequence[float], alpha: float = 0.05) -> Median:
    """Median of independent runs with the narrowest order-statistic interval of at least 1 - alpha, or the runs'
    extremes if there are too few for that (`confidence` says what they give). Raises ValueError for no run."""
    ordered = sorted(runs)
    n = len(ordered)
    if not n:
        raise ValueError("no run")
    best = 0
    for k in range(1, n // 2 + 1):
        if 2 * _below(n, k) <= alpha:
            best = k
    k = max(best, 1)
    return Median(float(median(ordered)), ordered[k - 1], ordered[n - k], max(0.0, 1 - 2 * _below(n, k)))


def _below(n: int, k: int) -> float:
    """P(Binomial(n, 1/2) < k)."""
    return sum(comb(n, i) for i in range(k)) / 2**n


def interim_look(runs: Sequence[float], first: int, alpha: float) -> Median:
    """The interval of the look at these runs, of which the first look has seen `first`. Raises ValueError for no
    run."""
    if len(runs) <= first:
        return median_interval(runs, alpha)
    spent = 1 - median_interval(range(first), alpha).confidence
    # a first look that cannot reach alpha decides nothing, and spends nothing
    return median_interval(runs, alpha - spent if spent <= alpha else alpha)


def straddles(interval: Median, criterion: Criterion) -> bool:
    """Whether the interval lies across an edge of what the claim allows, or is none yet: then more runs may decide."""
    low, high = edges(criterion.interval, criterion.margin, criterion.relative)
    outside = interval.high < low or interval.low > high
    inside = low <= interval.low and interval.high <= high
    return interval.confidence < 1 - criterion.level or not (outside or inside)
