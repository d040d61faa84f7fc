"""Run noise: how far apart two honest runs of one benchmark may lie, and what that allows.

A full run's score has the standard error sqrt(v / (N k)) from generation alone, v the mean variance within an item
(half of the flip rate between two runs), N the items, k the answers averaged per item. Temperature 0 is not free of it.
v is never known: it is bounded from above by the flips seen among items that were answered twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

ASSUMED_FLIPS = 0.10
"""Flip rate of a greedy run whose items were not answered twice: what real servers show (2 to 20 %, arXiv 2506.09501)
at the middle."""


def highest_rate(seen: float, of: int, risk: float) -> float:
    """Upper bound of a probability of which `seen` of `of` trials were hits, wrong with probability `risk` at most
    (Clopper and Pearson, one-sided). Items flip with different probabilities: their sum spreads less than a binomial of
    the mean (Hoeffding 1956), so the bound holds for the mean too. A fractional `seen` is rounded up."""
    hits = ceil(seen - 1e-9)
    if hits >= of:
        return 1.0
    low, high = hits / of, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, of, middle) > risk else (low, middle)
    return high


def _at_most(hits: int, of: int, rate: float) -> float:
    """P(Binomial(of, rate) <= hits), for 0 < rate < 1."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    total = 0.0
    for count in range(hits + 1):
        choose = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
        total += exp(choose + count * log(rate) + (of - count) * log1p(-rate))
    return total


def within_of_means(means: Sequence[float | None], repeats: int) -> float | None:
    """Mean variance within an item of 0/1 answers, from each item's mean over `repeats` answers (unbiased:
    p(1 - p) k / (k - 1)). None for fewer than two repeats, no known item, or means that are not of 0/1 answers."""
    known = [mean for mean in means if mean is not None]
    if repeats < 2 or not known or any(abs(mean * repeats - round(mean * repeats)) > 1e-6 for mean in known):
        return None
    return sum(mean * (1 - mean) for mean in known) / len(known) * repeats / (repeats - 1)


def highest_within_of_means(means: Sequence[float | None], repeats: int, risk: float) -> float | None:
    """Upper bound of the mean variance within an item, from means over repeats: each item gives repeats // 2 pairs of
    answers, whose flips are independent. None as for `within_of_means`."""
    within = within_of_means(means, repeats)
    if within is None:
        return None
    pairs = sum(mean is not None for mean in means) * (repeats // 2)
    return highest_rate(2 * within * pairs, pairs, risk) / 2


def allowance(within: float, items: int, repeats: int = 1, claimed_repeats: int = 1, risk: float = 0.05) -> float:
    """How much two honest runs' full scores differ at most, as a fraction, but for a probability of `risk`:
    z sqrt(v/N (1/k + 1/k')). `within`: mean variance within an item, half of the flip rate. `claimed_repeats`: the
    claimant's, 1 if not said."""
    z = NormalDist().inv_cdf(1 - risk / 2)
    return z * sqrt(within / items * (1 / repeats + 1 / claimed_repeats))


def most_within(score: float) -> float:
    """Largest mean variance within an item that a mean 0/1 score allows: all items equally hard."""
    score = min(max(score, 0.0), 1.0)
    return score * (1 - score)


def repeats_needed(
    within: float, items: int, resolve: float, claimed_repeats: int = 1, risk: float = 0.05
) -> int | None:
    """Fewest answers per item whose allowance stays below `resolve` (fraction); None if no number of them does, since
    the claimant's own noise is larger."""
    if resolve <= 0 or within <= 0:
        return None if resolve <= 0 else 1
    z = NormalDist().inv_cdf(1 - risk / 2)
    spare = (resolve / z) ** 2 * items / within - 1 / claimed_repeats
    return None if spare <= 0 else max(1, ceil(1 / spare - 1e-9))
