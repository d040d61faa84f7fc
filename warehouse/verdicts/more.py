"""What an undecided claim still needs: more items, or repeats of the whole benchmark."""

from __future__ import annotations

from math import inf, log

from evaluators.records import Measurement
from warehouse.records import Lock, Reason
from warehouse.verdicts.noise import most_within, repeats_needed
from warehouse.verdicts.sequence import EVERY, Standing, log_e_values
from warehouse.verdicts.zone import Zone


def more_needed(lock: Lock, measurement: Measurement, here: Zone, standing: Standing | None) -> Reason:
    """Why a claim is still open after these items, and how many more items (if they go on alike) or repeats would
    decide it."""
    items, total, score = measurement.items, measurement.of, measurement.score or 0.0
    if items >= total:
        return _repeats(lock, measurement, here, score)
    needed = items_needed(here, score, lock.alpha, items)
    text = f"undecided when the run ended after {items:,} of {total:,} items"
    if needed is None or needed >= total:
        return Reason(code="budget", text=f"{text}; only the whole benchmark would decide")
    return Reason(code="budget", text=f"{text}; about {needed - items:,} more would decide if they go on alike")


def items_needed(here: Zone, score: float, alpha: float, start: int = 0) -> int | None:
    """Items at which the tests would decide if every prefix had the same `score` (fraction); None: not before the
    end."""
    low, high = max(start, 1), here.total
    if not _decided(here, score, alpha, high - 1):
        return None
    while high - low > EVERY:
        middle = (low + high) // 2
        low, high = (low, middle) if _decided(here, score, alpha, middle) else (middle, high)
    return high


def _decided(here: Zone, score: float, alpha: float, items: int) -> bool:
    right = min(items, round(score * items))
    least, most, below, above = log_e_values(here, items, right, right)
    confirm, contradict = log(1 / alpha), log(2 / alpha)
    return (least >= confirm and most >= confirm) or contradict <= below < inf or contradict <= above < inf


def _repeats(lock: Lock, measurement: Measurement, here: Zone, score: float) -> Reason:
    """A whole run that decides nothing: unknown items, or a gap smaller than run noise."""
    if measurement.failed:
        text = f"{measurement.failed:,} items have no score, and they could change the outcome"
        return Reason(code="failed_items", text=text)
    gap = max(here.low - score, score - here.high)
    found = repeats_needed(most_within(score), measurement.of, gap)
    noise = f"the score is {100 * gap:.1f} points outside the bar, run noise allows {100 * here.noise:.1f}"
    if found is None:
        return Reason(code="needs_repeats", text=f"{noise}; the claimant's own noise is larger than the gap")
    return Reason(code="needs_repeats", text=f"{noise}; at most {found:,} repeats would tell")
