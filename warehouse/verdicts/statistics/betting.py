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
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from warehouse.verdicts.statistics.likelihood_ratio import DISTANCES, STAKES
from warehouse.verdicts.statistics.region import AcceptanceRegion

if TYPE_CHECKING:
    import numpy as np

KEEP = 0.9
"""A bet risks at most this share of the wealth on one item."""
PRIOR_VARIANCE = 0.15
PRIOR_ITEMS = 10.0


@dataclass(frozen=True)
class Tests:
    """Several tests of one list of items: shape (tests,). The same items are bet on in all of them."""

    null: np.ndarray[Any, Any]
    """Mean of each null."""
    up: np.ndarray[Any, Any]
    """Whether the null is "mean <= null"."""


@dataclass(frozen=True)
class Carry:
    """What the bets on the next item need to know of those before: sums, and the wealth of each distance."""

    items: int
    scores: Any
    """Sum of the scores, shape (tests, 1); so are the next three: weighted sums of squares and products."""
    sxx: Any
    sff: Any
    sxf: Any
    forecasts: float
    """Sum of the predictions."""
    path: Any
    """Logarithm of the wealth on each distance, shape (tests, distances, 1)."""
    beaten: Any
    """Whether the null has become impossible, shape (tests, 1)."""


def first_carry(tests: Tests, spread: float) -> Carry:
    """Before the first item. `spread`: variance of the predictions, 0 without."""
    import numpy as np

    count = len(tests.null)
    zero = np.zeros((count, 1))
    prior = np.full((count, 1), PRIOR_ITEMS * spread)
    path = np.broadcast_to(np.log(np.array(STAKES))[:, None], (count, len(STAKES), 1))
    return Carry(
        0, zero, zero + PRIOR_ITEMS * (PRIOR_VARIANCE + spread), prior, prior, 0.0, path, np.zeros((count, 1), bool)
    )


def bet_on(
    carry: Carry, scores: np.ndarray[Any, Any], total: int, tests: Tests, margin: float, forecast: Forecast | None
) -> tuple[np.ndarray[Any, Any], Carry]:
    """Log wealth of each test after each of the next items, shape (tests, items), and what to carry on. `scores`: of
    the next items in [0, 1], as each test counts them, shape (tests, items)."""
    import numpy as np

    x, n = scores, scores.shape[1]
    up, null = tests.up[:, None], tests.null[:, None]
    sign = np.where(up, 1.0, -1.0)
    count = carry.items + np.arange(n, dtype=float)
    left, past = total - count, np.maximum(count, 1)

    def running(start: Any, summands: Any) -> tuple[Any, Any]:
        """Sums before each item, and after the last."""
        path = start + np.cumsum(summands, axis=-1)
        return np.concatenate((np.broadcast_to(start, (*path.shape[:-1], 1)), path[..., :-1]), axis=-1), path[..., -1:]

    summed, scores_after = running(carry.scores, x)
    mean = (total * null - summed) / left
    weight = 1 - 1 / (count + 2)
    dx = x - np.where(count > 0, summed / past, null)
    sxx, sxx_after = running(carry.sxx, weight * dx * dx)
    slope, surprise, spare = 0.0, 0.0, 0.0
    variance = sxx / (count + PRIOR_ITEMS)
    sff_after, sxf_after, forecasts_after = carry.sff, carry.sxf, carry.forecasts
    if forecast is not None and forecast.spread:
        f = forecast.values[carry.items : carry.items + n]
        f_summed, after = running(np.array([carry.forecasts]), f)
        forecasts_after = float(after[0])
        df = np.where(count > 0, f - f_summed / past, 0.0)
        sff, sff_after = running(carry.sff, np.broadcast_to(weight * df * df, x.shape))
        sxf, sxf_after = running(carry.sxf, weight * dx * df)
        slope = sxf / sff
        variance = (sxx - 2 * slope * sxf + slope * slope * sff) / (count + PRIOR_ITEMS)
        middle = (forecast.sum - f_summed) / left
        surprise = f - middle
        spare = np.abs(slope) * np.where(up == (slope > 0), forecast.most - middle, middle - forecast.least)
    variance = np.maximum(1e-4, variance)
    worst = np.where(up, mean, 1 - mean) + spare
    room = np.where(up, 1 - mean, mean)
    distance = np.minimum(np.array(DISTANCES)[:, None] * (margin * total / left), 0.5 * room[:, None, :])
    aim = mean[:, None, :] + sign[:, :, None] * distance
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (mean * (1 - mean))[:, None, :] / np.maximum(aim * (1 - aim), 1e-12)
        bet = distance / np.maximum(variance[:, None, :] * ratio + distance**2, 1e-12)
        bet = np.minimum(bet, (KEEP / np.maximum(worst, 1e-9))[:, None, :])
        gain = sign * ((x - mean) - slope * surprise)
        steps = np.log1p(bet * gain[:, None, :])
    possible = (mean >= 0) & (mean <= 1)
    path = carry.path + np.cumsum(np.where(possible[:, None, :], steps, 0.0), axis=2)
    top = path.max(axis=1)
    wealth = top + np.log(np.exp(path - top[:, None, :]).sum(axis=1))
    beaten = carry.beaten | np.logical_or.accumulate(np.where(up, mean < -1e-12, mean > 1 + 1e-12), axis=1)
    wealth = np.where(beaten, np.inf, wealth)
    return wealth, Carry(
        carry.items + n, scores_after, sxx_after, sff_after, sxf_after, forecasts_after, path[:, :, -1:], beaten[:, -1:]
    )


@dataclass(frozen=True)
class Forecast:
    """Predictions of all items in the fixed order, with what the bets need to know of them."""

    values: Any
    sum: float
    most: float
    least: float
    spread: float
    """Their variance."""


def forecast_of(predictions: Sequence[float] | None, total: int) -> Forecast | None:
    """Predictions made ready. Raises ValueError if they are not one an item."""
    import numpy as np

    if predictions is None:
        return None
    if len(predictions) != total:
        raise ValueError(f"{len(predictions)} predictions for a benchmark of {total} items")
    values = np.asarray(predictions, dtype=float)
    return Forecast(values, float(values.sum()), float(values.max()), float(values.min()), float(np.var(values)))


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

    if not len(values):
        return np.zeros(0)
    forecast = forecast_of(predictions, total)
    tests = Tests(np.array([null]), np.array([up]))
    start = first_carry(tests, forecast.spread if forecast else 0.0)
    wealth, _ = bet_on(start, np.asarray(values, dtype=float)[None, :], total, tests, margin, forecast)
    return wealth[0]


def facts_by_betting(region: AcceptanceRegion) -> Tests:
    """The tests of the four facts about an acceptance region."""
    import numpy as np

    nulls = [region.low, region.high, region.low - region.noise, region.high + region.noise]
    return Tests(np.array(nulls), np.array([True, False, False, True]))


def bets_of_facts(
    carry: Carry,
    values: Sequence[float | None],
    region: AcceptanceRegion,
    tests: Tests,
    forecast: Forecast | None,
) -> tuple[tuple[float, float, float, float], Carry]:
    """Log e-values of the four facts after the next items, and what to carry on. Unknown values count as 0 where the
    score shall be shown to be high, as 1 where it shall be shown to be low."""
    import numpy as np

    low = [0.0 if value is None else value for value in values]
    high = [1.0 if value is None else value for value in values]
    rows = np.array([low, high, high, low], dtype=float)
    wealth, after = bet_on(carry, rows, region.total, tests, region.margin or 1 / region.total, forecast)
    first, second, third, fourth = (float(value) for value in wealth[:, -1])
    return (
        inf if region.low <= 0 else first,
        inf if region.high >= 1 else second,
        -inf if region.low - region.noise <= 0 else third,
        -inf if region.high + region.noise >= 1 else fourth,
    ), after


def paired(ours: Sequence[float | None], theirs: Sequence[float]) -> list[float | None]:
    """Differences of two runs' item scores (both in [0, 1], same items, same order) moved to [0, 1]: (x - y + 1) / 2. A
    margin on the difference halves with them."""
    return [None if x is None else (x - y + 1) / 2 for x, y in zip(ours, theirs, strict=True)]
