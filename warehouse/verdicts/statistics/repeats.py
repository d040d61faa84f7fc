"""E-values for averages over repeats (avg@k): whole rounds over the benchmark, each item answered once a round.

The target is mu = mean of p_i, the expected score, not the score of one run. Against "mu <= m" (`up`) or "mu >= m" one
complete round multiplies the wealth by prod_i (1 + lambda s (x_i - r_i)), where the centres r_i (item means in earlier
rounds, shifted so that their mean is m) are fixed before the round. Given the items, answers are independent, so its
expectation is prod_i (1 + lambda s (p_i - r_i)) <= (1 + lambda s (mu - m))^N <= 1 by the inequality of arithmetic and
geometric means: valid whatever the items' difficulties. Look at complete rounds only.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from warehouse.verdicts.statistics.betting import KEEP
from warehouse.verdicts.statistics.likelihood_ratio import DISTANCES, STAKES
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import TestState, decide

PRIOR_VARIANCE = 0.10


def log_wealth_of_rounds(rounds: Sequence[Sequence[float]], null: float, margin: float, up: bool) -> list[float]:
    """Natural logarithm of the e-value after each complete round. `rounds[k][i]`: score in [0, 1] of item i in round k,
    the same items in the same order; `null`, `margin`: fractions."""
    import numpy as np

    table = np.asarray(rounds, dtype=float)
    if not table.size:
        return []
    sign, items = (1.0 if up else -1.0), table.shape[1]
    distance = np.array(DISTANCES) * margin
    wealth = np.log(np.array(STAKES))
    summed, squares, count = np.zeros(items), PRIOR_VARIANCE * items, items
    path = []
    for done, scores in enumerate(table):
        middle = summed.mean() / done if done else null
        expected = (summed + middle) / (done + 1.0)
        centre = null + expected - expected.mean()
        worst = centre.max() if up else 1 - centre.min()
        bet = np.minimum(distance / (squares / count + distance**2), KEEP / max(worst, 1e-9))
        wealth = wealth + np.log1p(bet[:, None] * sign * (scores - centre)[None, :]).sum(axis=1)
        squares += float(((scores - centre) ** 2).sum())
        count += items
        summed = summed + scores
        path.append(float(wealth.max() + np.log(np.exp(wealth - wealth.max()).sum())))
    return path


def follow_rounds(
    rounds: Sequence[Sequence[float]], low: float, high: float, margin: float, alpha: float = 0.05
) -> TestState:
    """The standing of a claim about the expected score after complete rounds, looked at after each. [low, high]: the
    zone (claim ± margin), fractions. `items`, `total` and `decided_at` of the answer count rounds."""
    region = AcceptanceRegion(max(1, len(rounds)), low, high, margin)
    never = [float("-inf")] * len(rounds)
    always = [float("inf")] * len(rounds)
    facts = (
        log_wealth_of_rounds(rounds, low, margin, True) if low > 0 else always,
        log_wealth_of_rounds(rounds, high, margin, False) if high < 1 else always,
        log_wealth_of_rounds(rounds, low, margin, False) if low > 0 else never,
        log_wealth_of_rounds(rounds, high, margin, True) if high < 1 else never,
    )
    looks = [(place, (a, b, c, d)) for place, (a, b, c, d) in enumerate(zip(*facts, strict=True), start=1)]
    return decide(looks, region.total, alpha, 1)


def rounds_for(gap: float, within: float, items: int, alpha: float = 0.05) -> int:
    """About how many rounds tell a score that lies `gap` beyond the zone's edge (fraction) from the edge, `within` the
    mean variance within an item: 2 v log(2/alpha) / (N gap^2), at least one."""
    return max(1, round(2 * within * log(2 / alpha) / (items * gap * gap))) if gap > 0 else 0
