"""How strong the evidence against a claim is, as one e-value for the board of all claims.

Without run noise it is the e-value of the sequential test at its stop (halved: it is one of two sides), and a whole run
is arithmetic. With run noise, whose bounds hold with some probability only, a p-value is made and calibrated to an
e-value: e = 1 / (2 sqrt(p)) (Vovk and Wang, 1912.06116). Its parts: the bound on the flip rate (RISK), a difference of
z standard errors between two honest runs, and the sequential test against the region that is wider by that, for each z
of WIDTHS with the price of having chosen the best of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp, inf, log, sqrt
from statistics import NormalDist

from evaluators.records import Measurement
from warehouse.claim_records import Criterion
from warehouse.verdicts.claim_state import state_of_claim
from warehouse.verdicts.noise import RunNoise
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.run_noise import highest_rate
from warehouse.verdicts.statistics.sequential_test import TestState

CERTAIN = 1e6
"""Logarithm of the e-value of what arithmetic shows; infinity has no place in a JSON file."""
RISK = 1e-6
"""Probability that the bound on the flip rate does not hold."""
WIDTHS = (3.0, 4.0, 5.0)
"""Standard errors of the difference between two honest runs."""


def strength_of_discrepancy(
    criterion: Criterion,
    measurement: Measurement,
    region: AcceptanceRegion,
    noise: RunNoise,
    *,
    repeats: int = 1,
    claimed_repeats: int = 1,
    predictions: Sequence[float] | None = None,
) -> float:
    """Natural logarithm of an e-value against "the claim holds, up to its margin"."""
    if noise.basis == "none":
        return _log_e(criterion, measurement, replace(region, noise=0.0), predictions) - log(2)
    if noise.basis == "wording" and not noise.within:
        return _log_e(criterion, measurement, region, predictions) - log(2)
    least = region.noise if noise.basis == "wording" else 0.0
    within = noise.within
    if noise.flips is not None and noise.items:
        within = max(within, highest_rate(noise.flips * noise.items, noise.items, RISK) / 2)
    error = sqrt(within / measurement.of * (1 / repeats + 1 / claimed_repeats))
    return strength_beyond_noise(
        lambda width: _log_e(criterion, measurement, replace(region, noise=max(width, least)), predictions), error
    )


def strength_beyond_noise(log_e_against: Callable[[float], float], error: float) -> float:
    """Natural logarithm of the e-value where two honest runs differ by a standard error of `error` (with RISK).
    `log_e_against`: of the sequential test against the region that is wider by so much."""
    best = 1.0
    for width in WIDTHS:
        tested = log_e_against(width * error)
        tail = 2 * (1 - NormalDist().cdf(width))
        best = min(best, len(WIDTHS) * (2 * exp(-min(max(tested, 0.0), 700.0)) + tail) + RISK)
    return log(1 / (2 * sqrt(best)))


def _log_e(
    criterion: Criterion, measurement: Measurement, region: AcceptanceRegion, predictions: Sequence[float] | None
) -> float:
    return log_e_of(state_of_claim(criterion, measurement, region, predictions)[0])


def log_e_of(state: TestState | None) -> float:
    """Larger of the two log e-values of a standing that contradict the claim; CERTAIN where arithmetic does."""
    if state is None:
        return -CERTAIN
    if state.exact:
        return CERTAIN if state.side in ("below", "above") else -CERTAIN
    if state.side in ("below", "above") and state.side not in state.e_values:
        return CERTAIN  # the items left cannot make up for it: an infinite e-value is not stored
    known = [state.e_values[name] for name in ("below", "above") if name in state.e_values]
    best = max(known, default=-inf)
    return min(max(best, -CERTAIN), CERTAIN)
