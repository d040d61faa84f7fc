"""From the statistics, the soundness of the run and the causes to an outcome with its reasons."""

from __future__ import annotations

from evaluators.records import ItemScore, Measurement, RunStatus
from warehouse.records import Lock, Outcome, Reason
from warehouse.verdicts.case import Case
from warehouse.verdicts.causes import as_reason
from warehouse.verdicts.evidence import Cause
from warehouse.verdicts.more import more_needed
from warehouse.verdicts.sequence import Standing
from warehouse.verdicts.validity import Limits, bounds, holds_within, unsound
from warehouse.verdicts.zone import ROUNDING, Zone


def decide_outcome(
    case: Case,
    standing: Standing | None,
    here: Zone,
    causes: list[Cause],
    items: list[ItemScore],
    limits: Limits,
    why: Reason | None,
) -> tuple[Outcome, list[Reason]]:
    """The rules: an unsound run accuses nobody; a doubt turns an accusation into inconclusive; a verdict must hold
    whatever the affected answers would have been."""
    lock, measurement = case.lock, case.measurement
    reasons = [*(as_reason(cause, items, measurement) for cause in causes), *_bounds_reason(measurement)]
    broken = unsound(case.run, measurement, limits)
    settings = _settings_reason(case)
    if case.run.status is RunStatus.invalid:
        return Outcome.invalid_run, [*reasons[:1], *broken, *reasons[1:], *settings]
    if standing is None or standing.side is None:
        unsound_cause = any(cause.weight == "unsound" for cause in causes)
        first = [why] if why else [_undecided(case, standing, here)]
        if broken or unsound_cause:
            return Outcome.invalid_run, [*reasons, *broken, *settings, *first]
        return Outcome.inconclusive, [*first, *settings, *reasons]
    side = standing.side
    outcome = Outcome.confirmed
    if side != "confirmed":
        worse = (side == "below") == lock.higher_is_better
        outcome = Outcome.below_claim if worse else Outcome.above_claim
    spread = bounds(measurement) if measurement.unit == "fraction" else None
    holds = spread is None or holds_within(side, spread, measurement, here, lock.alpha)
    bar = _bar_reasons(lock, here)
    if outcome is Outcome.below_claim:
        weights = {cause.weight for cause in causes}
        if broken or "unsound" in weights:
            return Outcome.invalid_run, [*reasons, *broken, *settings, *bar]
        if not holds or "doubt" in weights:
            if not reasons:
                text = "the claim lies within the bounds that the unreadable answers leave"
                reasons = [Reason(code="within_bounds", text=text)]
            return Outcome.inconclusive, [*reasons, *settings, *bar]
        return outcome, [*settings, *bar, *reasons]
    if broken and not holds:
        return Outcome.invalid_run, [*reasons, *broken, *settings, *bar]
    return outcome, [*settings, *bar, *broken, *reasons]


def _settings_reason(case: Case) -> list[Reason]:
    """The settings that differ, or that were assumed, as reasons."""
    found = []
    for relation, code, words in (
        ("differs", "settings_differ", "differ"),
        ("assumed", "settings_assumed", "not stated"),
    ):
        lines = [line for line in case.compared if line.relation == relation]
        if lines:
            parts = [
                f"{line.setting} ({line.claimed or 'none'} claimed, {line.measured or 'none'} run)"
                if relation == "differs"
                else f"{line.setting} ({line.measured})"
                for line in lines
            ]
            found.append(Reason(code=code, text=f"settings {words}: {', '.join(parts)}"))
    return found


def _bounds_reason(measurement: Measurement) -> list[Reason]:
    """What the answers that were cut, missing or unreadable could have made of the score."""
    spread = bounds(measurement) if measurement.unit == "fraction" else None
    if spread is None or spread.high - spread.low < ROUNDING:
        return []
    text = f"between {100 * spread.low:.1f}% and {100 * spread.high:.1f}%, had those answers been wrong or right"
    return [Reason(code="bounds", text=f"the score would lie {text}")]


def _bar_reasons(lock: Lock, here: Zone) -> list[Reason]:
    """What the verdict was measured against."""
    width = f"{100 * lock.margin:g} %" if lock.relative else f"{100 * lock.margin:g} points"
    if lock.interval.unit != "fraction" and not lock.relative:
        width = f"{lock.margin:g}"
    found = [Reason(code="margin", text=f"bar: claim ±{width}, alpha {lock.alpha:g}")]
    if here.noise:
        text = f"run noise: ±{100 * here.noise:.1f} points more before a claim is contradicted"
        found.append(Reason(code="run_noise", text=text))
    return found


def _undecided(case: Case, standing: Standing | None, here: Zone) -> Reason:
    """Why nothing is decided, and what would decide it."""
    measurement = case.measurement
    if case.run.status is RunStatus.interrupted:
        text = f"the run is not finished: {measurement.items:,} of {measurement.of:,} items"
        return Reason(code="not_finished", text=text)
    return more_needed(case.lock, measurement, here, standing)
