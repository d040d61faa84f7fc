"""Where a claim stands by statistics alone."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.records import Measurement
from warehouse.claim_records import Criterion, Reason
from warehouse.verdicts.looks import look_schedule
from warehouse.verdicts.noise import contradict_level
from warehouse.verdicts.statistics.control_variate import frozen, of_length
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion, edges
from warehouse.verdicts.statistics.sequential_test import Side, TestState, bounded, follow


def state_of_claim(
    criterion: Criterion, measurement: Measurement, region: AcceptanceRegion, predictions: Sequence[float] | None = None
) -> tuple[TestState | None, Reason | None]:
    """Where the claim stands by statistics alone, and why nothing can be said where that is so."""
    whole = measurement.items >= measurement.of > 0 and not measurement.stopped_early
    score = measurement.score
    if score is None:
        return None, Reason(code="no_score", text="no item has a score")
    if measurement.unit != criterion.interval.unit:
        text = f"measured in {measurement.unit}, claimed in {criterion.interval.unit}"
        return None, Reason(code="other_unit", text=text)
    values = measurement.values
    known = [value for value in values if value is not None]
    mean = bool(known) and bounded(values) and abs(sum(known) / len(known) - score) < 1e-6
    if mean and len(values) == measurement.items and measurement.unit == "fraction":
        if not whole and measurement.order_seed != criterion.order_seed:
            text = f"items were read in the order of seed {measurement.order_seed}, agreed was {criterion.order_seed}"
            return None, Reason(code="other_order", text=text)
        level = criterion.level
        contradict = contradict_level(level, region.noise)
        frozen_predictions = of_length(frozen(criterion, predictions), region.total)
        schedule = look_schedule(criterion.benchmark)
        return follow(
            values,
            region,
            level,
            contradict=contradict,
            predictions=frozen_predictions,
            every=schedule.every,
            minimum=schedule.minimum,
            plausible=criterion.plausible,
        ), None
    if not whole:
        text = "the score is not a mean over items in the fixed order; only a whole run can be compared"
        return None, Reason(code="needs_whole_run", text=text)
    low, high = edges(criterion.interval, criterion.margin, criterion.relative)
    noise = region.noise if measurement.unit == "fraction" else 0.0
    side: Side | None = None
    if low - ROUNDING <= score <= high + ROUNDING:
        side = "confirmed"
    elif score < low - noise:
        side = "below"
    elif score > high + noise:
        side = "above"
    return TestState(side, measurement.items, measurement.items, measurement.of, exact=True), None
