"""E-values for scores in [0, 1] drawn without replacement: betting, with an optional control variate.

Against the null "mean <= m" (`up`) or "mean >= m" the wealth after t items is

    W = sum_j w_j prod_i (1 + lambda_ji s g_i),   g_i = (x_i - m_i) - beta_i (f_i - fbar_i),   s = +1 or -1,

with m_i what the mean of the items left would be if the null's m were true, f any prediction known for all items before
the run and fbar_i its mean over the items not yet drawn. The bets lambda, the slope beta and the variance come from
items already seen, so that every factor has conditional mean at most 1 under the null, however poor the predictions
(Waudby-Smith and Ramdas, 2010.09686; control variate as in Shekhar, Xu, Lipton, Liang and Ramdas, 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from warehouse.verdicts.statistics.likelihood_ratio import DISTANCES, STAKES
from warehouse.verdicts.statistics.region import AcceptanceRegion

if TYPE_CHECKING:
    import numpy as np

KEEP = 0.9
"""A bet risks at most this share of the wealth on one item."""
PRIOR_VARIANCE = 0.15
PRIOR_ITEMS = 10.0


def log_wealth(
    values: Sequence[float],
    total: int,
    null: float,
    margin: float,
    up: bool,
    predictions: Sequence[float] | None = None,
) -> np.ndarray[Any, Any]:
    """Natural logarithm of the e-value after each item, shape (items,). `values`: scores in [0, 1] in the fixed order;
    `null`: mean of the null; `margin`: unit of the bets' distances; `predictions`: one per item of the benchmark, in
    the same order. inf from where the null is arithmetically impossible."""
    import numpy as np

    x = np.asarray(values, dtype=float)
    n = len(x)
    if n == 0:
        return np.zeros(0)
    sign = 1.0 if up else -1.0
    left = total - np.arange(n, dtype=float)
    summed = np.concatenate(([0.0], np.cumsum(x)))[:-1]
    mean = (total * null - summed) / left
    slope, variance, surprise, spare = _from_the_past(x, null, total, predictions)
    worst = np.where(up, mean, 1 - mean) + np.where(up, spare[0], spare[1])
    room = (1 - mean) if up else mean
    distance = np.minimum(np.array(DISTANCES)[:, None] * margin * total / left, 0.5 * room)
    aim = mean + sign * distance
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = mean * (1 - mean) / np.maximum(aim * (1 - aim), 1e-12)
        bet = np.minimum(distance / np.maximum(variance * ratio + distance**2, 1e-12), KEEP / np.maximum(worst, 1e-9))
        steps = np.log1p(bet * sign * ((x - mean) - slope * surprise))
    possible = (mean >= 0) & (mean <= 1)
    path = np.log(np.array(STAKES))[:, None] + np.cumsum(np.where(possible, steps, 0.0), axis=1)
    top = path.max(axis=0)
    wealth = top + np.log(np.exp(path - top).sum(axis=0))
    impossible = mean < -1e-12 if up else mean > 1 + 1e-12
    if impossible.any():
        wealth[int(np.argmax(impossible)) :] = np.inf
    return wealth


def _from_the_past(x: Any, null: float, total: int, predictions: Sequence[float] | None) -> tuple[Any, Any, Any, Any]:
    """Slope, variance, f - fbar and the largest loss that the control variate can add, each before its item is seen."""
    import numpy as np

    n = len(x)
    zeros = np.zeros(n)
    f_all = np.zeros(total) if predictions is None else np.asarray(predictions, dtype=float)
    if len(f_all) != total:
        raise ValueError(f"{len(f_all)} predictions for a benchmark of {total} items")
    f = f_all[:n]
    spread = float(np.var(f_all))

    def before(summands: Any, start: float) -> Any:
        return start + np.concatenate(([0.0], np.cumsum(summands)))[:-1]

    count = np.arange(n, dtype=float)
    past = np.maximum(count, 1)
    dx = x - np.where(count > 0, before(x, 0.0) / past, null)
    weight = 1 - 1 / (count + 2)
    sxx = before(weight * dx * dx, PRIOR_ITEMS * (PRIOR_VARIANCE + spread))
    if predictions is None or spread == 0:
        return zeros, np.maximum(1e-4, sxx / (count + PRIOR_ITEMS)), zeros, (zeros, zeros)
    df = np.where(count > 0, f - before(f, 0.0) / past, 0.0)
    sff = before(weight * df * df, PRIOR_ITEMS * spread)
    sxf = before(weight * dx * df, PRIOR_ITEMS * spread)
    slope = sxf / sff
    variance = np.maximum(1e-4, (sxx - 2 * slope * sxf + slope * slope * sff) / (count + PRIOR_ITEMS))
    fbar = (f_all.sum() - before(f, 0.0)) / (total - count)
    over, under = f_all.max() - fbar, fbar - f_all.min()
    spare_up = np.abs(slope) * np.where(slope > 0, over, under)
    spare_down = np.abs(slope) * np.where(slope > 0, under, over)
    return slope, variance, f - fbar, (spare_up, spare_down)


def look_by_betting(
    values: Sequence[float | None],
    region: AcceptanceRegion,
    places: list[int],
    predictions: Sequence[float] | None = None,
) -> list[tuple[int, tuple[float, float, float, float]]]:
    """Log e-values of the four facts at each of `places` (numbers of items). Unknown values count as 0 where the score
    shall be shown to be high, as 1 where it shall be shown to be low."""
    from math import inf

    if not places:
        return []
    low = [0.0 if value is None else value for value in values]
    high = [1.0 if value is None else value for value in values]

    def at(null: float, up: bool, certain: bool, otherwise: float) -> list[float]:
        if certain:
            return [otherwise] * len(places)
        path = log_wealth(low if up else high, region.total, null, region.margin or 1 / region.total, up, predictions)
        return [float(path[place - 1]) for place in places]

    facts = (
        at(region.low, True, region.low <= 0, inf),
        at(region.high, False, region.high >= 1, inf),
        at(region.low - region.noise, False, region.low - region.noise <= 0, -inf),
        at(region.high + region.noise, True, region.high + region.noise >= 1, -inf),
    )
    return [(place, (a, b, c, d)) for place, a, b, c, d in zip(places, *facts, strict=True)]


def paired(ours: Sequence[float | None], theirs: Sequence[float]) -> list[float | None]:
    """Differences of two runs' item scores (both in [0, 1], same items, same order) moved to [0, 1]: (x - y + 1) / 2. A
    margin on the difference halves with them."""
    return [None if x is None else (x - y + 1) / 2 for x, y in zip(ours, theirs, strict=True)]
