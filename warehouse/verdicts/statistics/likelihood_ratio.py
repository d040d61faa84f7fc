"""E-values for 0/1 items drawn without replacement: exact, O(1) per look, recomputable from counts.

A benchmark has N items of which K are answered correctly in a full run; the items are read in a fixed random order.
With S correct among the first t the ordered sample has the likelihood

    h(K) = [K! / (K-S)!] [(N-K)! / (N-K-t+S)!] [(N-t)! / N!].

Against the null K <= K0 (or K >= K0) the e-value is a mixture of likelihood ratios h(K0 ± a d) / h(K0) for a in
(1/2, 1, 2, 4, 8), d the distance the claim's margin means in items. Each term is Wald's sequential probability ratio
test without replacement (Wald 1945; Stark, ALPHA, 2201.02707); its bets all point one way, so the mixture is a
supermartingale under the whole one-sided null, and Ville's inequality allows looking at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, inf, lgamma, log

DISTANCES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Where the tests place their bets, in margins from the null."""
STAKES = (0.15, 0.40, 0.25, 0.10, 0.10)
"""What they place there; sums to one."""


def log_likelihood(correct: int, total: int, seen: int, successes: int) -> float:
    """log h(K) for K = `correct` of `total` items: natural logarithm, -inf where the sample is impossible."""
    failures = seen - successes
    if not (successes <= correct and failures <= total - correct):
        return -inf
    return (
        lgamma(correct + 1)
        - lgamma(correct - successes + 1)
        + lgamma(total - correct + 1)
        - lgamma(total - correct - failures + 1)
        + lgamma(total - seen + 1)
        - lgamma(total + 1)
    )


@lru_cache(maxsize=4096)
def alternatives(null: int, total: int, step: float, up: bool) -> tuple[tuple[int, float], ...]:
    """Counts that the test bets on, with their stakes (summing to one). `step`: items that one margin means. At the
    very edge of the possible it bets half-way there."""
    counts = []
    for distance, stake in zip(DISTANCES, STAKES, strict=True):
        away = max(1, round(distance * step))
        count = null + away if up else null - away
        if 0 < count < total:
            counts.append((count, stake))
    if not counts:
        return (((null + total + 1) // 2 if up else null // 2, 1.0),)
    whole = sum(stake for _, stake in counts)
    return tuple((count, stake / whole) for count, stake in counts)


def log_e(null: int, total: int, seen: int, successes: int, step: float, up: bool) -> float:
    """Natural logarithm of the e-value against K <= `null` (`up`) or K >= `null` (not `up`), with `successes` correct
    among the first `seen` of `total` items. inf: the null is impossible; -inf: it is far beyond the alternatives."""
    at_null = log_likelihood(null, total, seen, successes)
    if at_null == -inf:
        beaten = successes > null if up else seen - successes > total - null
        return inf if beaten else -inf
    terms = [
        log(stake) + log_likelihood(count, total, seen, successes)
        for count, stake in alternatives(null, total, step, up)
    ]
    largest = max(terms)
    if largest == -inf:
        return -inf
    return largest + log(sum(exp(term - largest) for term in terms)) - at_null


def sequence_bounds(total: int, seen: int, low: int, high: int, step: float, alpha: float) -> tuple[int, int]:
    """Counts K that neither one-sided test rejects at alpha/2: the (1 - alpha) confidence sequence at this look, as
    counts. `low`, `high`: successes if every unknown item were wrong, and right. Inverted by bisection."""
    if seen == 0:
        return 0, total
    bar = log(2 / alpha)
    first = _last(lambda count: log_e(count, total, seen, low, step, True) >= bar, low - 1, total * low // seen) + 1
    failures = seen - high
    last = _last(
        lambda wrong: log_e(total - wrong, total, seen, high, step, False) >= bar,
        failures - 1,
        total * failures // seen,
    )
    return first, total - last - 1


def _last(rejected: Callable[[int], bool], low: int, high: int) -> int:
    """Largest count in [low, high] that is rejected, given that `low` is and that rejection is monotone."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if rejected(middle) else (low, middle - 1)
    return low
