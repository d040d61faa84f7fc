"""Intervals for display: confidence sequences of a running measurement, and fixed-size intervals for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from warehouse.verdicts.statistics.likelihood_ratio import sequence_bounds
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import TestState, binary


def confidence_sequence(
    values: Sequence[float | None],
    region: AcceptanceRegion,
    alpha: float,
    state: TestState | None = None,
    predictions: Sequence[float] | None = None,
) -> tuple[float, float]:
    """(1 - alpha) confidence sequence for the full-run score after these items, as fractions: valid at every look.
    Unknown items count both ways. A whole run gives its bounds. With `state`, cut at the region's edges that were
    established earlier (give it only where alpha is twice the standing's). `predictions`: the control variate of the
    standing."""
    items, total = len(values), region.total
    known = sum(value for value in values if value is not None)
    unknown = sum(1 for value in values if value is None)
    if items >= total:
        return known / total, (known + unknown) / total
    if items == 0:
        return 0.0, 1.0
    if binary(values) and predictions is None:
        low, high = sequence_bounds(total, items, int(known), int(known) + unknown, region.step, alpha)
        first, last = low / total, high / total
        edge_low, edge_high = region.at_least / total, region.at_most / total
    else:
        first, last = _betting_bounds(values, region, alpha, predictions)
        edge_low, edge_high = region.low, region.high
    if state is not None and "at_least_low" in state.established:
        first = max(first, edge_low)
    if state is not None and "at_most_high" in state.established:
        last = min(last, edge_high)
    return min(first, last), max(first, last)


def _betting_bounds(
    values: Sequence[float | None],
    region: AcceptanceRegion,
    alpha: float,
    predictions: Sequence[float] | None = None,
    steps: int = 12,
) -> tuple[float, float]:
    """Means that neither one-sided betting test rejects at alpha/2, by bisection to 1/2^steps of the possible range."""
    from warehouse.verdicts.statistics.betting import log_wealth

    bar, total, items = log(2 / alpha), region.total, len(values)
    margin = region.margin or 1 / total
    floor = [0.0 if value is None else value for value in values]
    ceiling = [1.0 if value is None else value for value in values]

    def rejected(mean: float, up: bool) -> bool:
        return bool(log_wealth(floor if up else ceiling, total, mean, margin, up, predictions)[-1] >= bar)

    least, most = sum(floor) / total, (sum(ceiling) + total - items) / total
    low, inside = least, sum(floor) / items
    for _ in range(steps):
        middle = (low + inside) / 2
        low, inside = (middle, inside) if rejected(middle, True) else (low, middle)
    high, inside = most, sum(ceiling) / items
    for _ in range(steps):
        middle = (high + inside) / 2
        high, inside = (middle, inside) if rejected(middle, False) else (high, middle)
    return low, high
