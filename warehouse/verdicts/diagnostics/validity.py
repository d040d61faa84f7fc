"""Is the run itself sound? Shares of answers that were cut, empty, refused, unreadable or missing, and the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from evaluators.records import Measurement, Run, RunStatus
from warehouse.claim_records import Reason
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.likelihood_ratio import log_e
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import Side, binary


@dataclass(frozen=True)
class Limits:
    """Shares of the items from which on a run is unsound. Judgement, not measurement."""

    cut: float = 0.02
    """Truncated, empty, refused or failed answers together."""


@dataclass(frozen=True)
class Bounds:
    """Score if every affected item had been wrong, and right; fractions."""

    low: float
    high: float


def bounds(measurement: Measurement) -> Bounds | None:
    """The measurement's bounds; from its counts where it does not give them, None where it has no score."""
    if measurement.low is not None and measurement.high is not None:
        return Bounds(measurement.low, measurement.high)
    if measurement.score is None or not measurement.items:
        return None
    known = measurement.items - measurement.failed
    right = measurement.score * known
    touched = measurement.truncated + measurement.empty + measurement.refused + measurement.unextracted
    touched += measurement.timed_out
    low = max(0.0, right - touched) / measurement.items
    high = min(measurement.items, right + touched + measurement.failed) / measurement.items
    return Bounds(low, high)


def share(count: int, measurement: Measurement) -> float:
    """A count as a share of the measurement's items."""
    return count / measurement.items if measurement.items else 0.0


def cut_share(measurement: Measurement) -> float:
    """Share of items whose answer was truncated, empty, refused or failed."""
    return share(measurement.truncated + measurement.empty + measurement.refused + measurement.failed, measurement)


def unsound(run: Run, measurement: Measurement, limits: Limits | None = None) -> list[Reason]:
    """Why the run cannot accuse or confirm anybody, from its status and counts alone; empty if it can."""
    limits = limits or Limits()
    reasons = []
    if run.status is RunStatus.invalid:
        reasons.append(Reason(code="run_invalid", text=run.reason or "the run ended invalid"))
    if measurement.items and cut_share(measurement) > limits.cut:
        parts = [
            f"{count:,} {word}"
            for count, word in (
                (measurement.failed, "failed"),
                (measurement.truncated, "cut at the token limit"),
                (measurement.empty, "empty"),
                (measurement.refused, "refused"),
            )
            if count
        ]
        text = f"{cut_share(measurement):.1%} of {measurement.items:,} items have no whole answer: {', '.join(parts)}"
        reasons.append(Reason(code="answers_missing", text=text))
    return reasons


def has_collapsed(score: float, expected: float, chance: float | None) -> bool:
    """Whether a score is below a quarter of what is expected, or within ten points of guessing: seldom a lie, often a
    broken set-up. Fractions."""
    return score < expected / 4 or (bool(chance) and score <= (chance or 0.0) + 0.10)


def holds_within(
    side: Side,
    bounds: Bounds,
    measurement: Measurement,
    region: AcceptanceRegion,
    alpha: float,
    contradicting: float | None = None,
    predictions: Sequence[float] | None = None,
) -> bool:
    """Whether a verdict stands at this look whatever the affected items would have been: tested with each of them
    counted against it. For graded scores the confidence sequence moves by what they could change."""
    items, total = measurement.items, region.total
    if bounds.high - bounds.low < ROUNDING:
        return True
    if items >= total:
        if side == "below":
            return bounds.high < region.low - region.noise
        if side == "above":
            return bounds.low > region.high + region.noise
        return region.low <= bounds.low and bounds.high <= region.high
    if len(measurement.values) != items:
        return False
    if predictions is not None or not binary(measurement.values):
        first, last = confidence_sequence(measurement.values, region, alpha, predictions=predictions)
        score = measurement.score or 0.0
        first, last = first - max(0.0, score - bounds.low), last + max(0.0, bounds.high - score)
        if side == "below":
            return last < region.low - region.noise
        return first > region.high + region.noise if side == "above" else region.low <= first and last <= region.high
    low, high = round(bounds.low * items), round(bounds.high * items)
    confirm, contradict = log(1 / alpha), log(2 / (contradicting or alpha))
    if side == "below":
        return log_e(region.not_below, total, items, high, region.step, False) >= contradict
    if side == "above":
        return log_e(region.not_above, total, items, low, region.step, True) >= contradict
    over = region.at_least <= 0 or log_e(region.at_least - 1, total, items, low, region.step, True) >= confirm
    under = region.at_most >= total or log_e(region.at_most + 1, total, items, high, region.step, False) >= confirm
    return over and under
