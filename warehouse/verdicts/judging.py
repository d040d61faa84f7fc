"""One pure function: claim, lock, run and measurement -> verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluators.catalogue import Benchmark, catalogue
from evaluators.records import ItemScore, Measurement, Run, RunStatus
from warehouse.records import Claim, Comparability, Lock, Outcome, Reason, SettingCompared, Verdict
from warehouse.verdicts.causes import Cause, Evidence, as_reason, find_causes
from warehouse.verdicts.compare import compare
from warehouse.verdicts.control import frozen
from warehouse.verdicts.headline import score_headline
from warehouse.verdicts.intervals import confidence_sequence
from warehouse.verdicts.more import more_needed
from warehouse.verdicts.noise import allowance, within_of_means
from warehouse.verdicts.sequence import Side, Standing, bounded, follow
from warehouse.verdicts.specification import judge_specification
from warehouse.verdicts.speed import judge_speed
from warehouse.verdicts.validity import Limits, bounds, holds_within, unsound
from warehouse.verdicts.zone import ROUNDING, Zone, edges, zone


def judge(
    claim: Claim,
    lock: Lock,
    run: Run,
    measurement: Measurement | None,
    *,
    now: datetime,
    benchmark: Benchmark | None = None,
    other_cells: Sequence[tuple[str, float]] = (),
    items: Iterable[ItemScore] = (),
    predictions: Sequence[float] | None = None,
    limits: Limits | None = None,
) -> Verdict:
    """The verdict on a claim from one measurement of one run (None: it ended before it measured), against the bar
    locked before it.

    `benchmark`: the catalogue's entry (looked up if None). `other_cells`: (name, value as fraction) of the other cells
    in the claim's table, to notice a misread one. `items`: the run's item scores, for examples. `predictions`: the
    control variate whose hash is in the lock, in the fixed order. The same arguments always give the same verdict.
    Raises Problem for an unknown benchmark, and for predictions that are not the locked ones."""
    known = benchmark or catalogue()[lock.benchmark]
    measurement = measurement or _nothing(lock, known)
    comparability, compared = compare(claim, run, known, metric=lock.metric, filter=lock.filter)
    case = _Case(claim, lock, run, measurement, known, comparability, compared, now)
    if known.evaluator == "specification":
        outcome, reasons, line = judge_specification(lock, measurement)
        return case.verdict(outcome, reasons, line, score=measurement.score)
    if known.evaluator == "speed" or lock.interval.unit in ("tok/s", "ratio"):
        outcome, reasons, line, found = judge_speed(
            lock, measurement, comparability, run=run, claimed_settings=claim.settings
        )
        span = (found.low, found.high, found.confidence) if found else (None, None, None)
        return case.verdict(outcome, reasons, line, score=found.value if found else None, span=span)
    return _judge_score(
        case,
        find_causes(Evidence(claim, lock.interval, run, measurement, known, other_cells)),
        list(items),
        predictions,
        limits or Limits(),
    )


def _nothing(lock: Lock, benchmark: Benchmark) -> Measurement:
    """The measurement of a run that ended before it measured anything."""
    return Measurement(
        benchmark=lock.benchmark,
        metric=lock.metric,
        filter=lock.filter,
        score=None,
        unit=benchmark.unit,
        items=0,
        of=lock.items,
        order_seed=lock.order_seed,
    )


@dataclass(frozen=True)
class _Case:
    """What every verdict carries."""

    claim: Claim
    lock: Lock
    run: Run
    measurement: Measurement
    benchmark: Benchmark
    comparability: Comparability
    compared: tuple[SettingCompared, ...]
    now: datetime

    def verdict(
        self,
        outcome: Outcome,
        reasons: Sequence[Reason],
        headline: str,
        *,
        score: float | None,
        span: tuple[float | None, float | None, float | None] = (None, None, None),
        e_values: dict[str, float] | None = None,
    ) -> Verdict:
        return Verdict(
            claim_id=self.claim.claim_id,
            lock_id=self.lock.lock_id,
            run_id=self.run.run_id,
            outcome=outcome,
            comparability=self.comparability,
            flagged=outcome is Outcome.below_claim and self.comparability is not Comparability.differs,
            reasons=tuple(reasons),
            compared=self.compared,
            score=score,
            low=span[0],
            high=span[1],
            confidence=span[2],
            items=self.measurement.items,
            of=self.measurement.of,
            stopped_early=self.measurement.stopped_early,
            e_values=e_values or {},
            headline=headline,
            judged_at=self.now,
        )


def _judge_score(
    case: _Case, causes: list[Cause], items: list[ItemScore], predictions: Sequence[float] | None, limits: Limits
) -> Verdict:
    lock, measurement = case.lock, case.measurement
    noise = measured_noise(case.run, measurement, case.claim)
    here = zone(lock, measurement.of, noise)
    standing, why = stand(lock, measurement, here, predictions)
    outcome, reasons = _outcome(case, standing, here, causes, items, limits, why)
    span = _span(lock, measurement, here, standing, outcome)
    line = score_headline(
        lock,
        outcome,
        score=measurement.score,
        low=span[0],
        high=span[1],
        items=measurement.items,
        of=measurement.of,
        why=reasons[0].text if reasons and outcome in (Outcome.inconclusive, Outcome.invalid_run) else "",
        differs=case.comparability is Comparability.differs,
    )
    return case.verdict(
        outcome, reasons, line, score=measurement.score, span=span, e_values=standing.e_values if standing else {}
    )


def measured_noise(run: Run, measurement: Measurement, claim: Claim) -> float | None:
    """Run-noise allowance as this run shows it: from items run twice (signal `flip_rate`), or from the repeats of each
    item. None where neither was done: then the lock's own holds."""
    repeats = run.settings.repeats or 1
    rate = run.signals.get("flip_rate")
    within = rate / 2 if rate is not None else within_of_means(measurement.values, repeats)
    if within is None or not measurement.of:
        return None
    return allowance(within, measurement.of, repeats, claim.settings.repeats or 1)


def stand(
    lock: Lock, measurement: Measurement, here: Zone, predictions: Sequence[float] | None = None
) -> tuple[Standing | None, Reason | None]:
    """Where the claim stands by statistics alone, and why nothing can be said where that is so."""
    whole = measurement.items >= measurement.of > 0 and not measurement.stopped_early
    score = measurement.score
    if score is None:
        return None, Reason(code="no_score", text="no item has a score")
    if measurement.unit != lock.interval.unit:
        text = f"measured in {measurement.unit}, claimed in {lock.interval.unit}"
        return None, Reason(code="other_unit", text=text)
    values = measurement.values
    known = [value for value in values if value is not None]
    mean = bool(known) and bounded(values) and abs(sum(known) / len(known) - score) < 1e-6
    if mean and len(values) == measurement.items and measurement.unit == "fraction":
        if not whole and measurement.order_seed != lock.order_seed:
            text = f"items were read in the order of seed {measurement.order_seed}, locked was {lock.order_seed}"
            return None, Reason(code="other_order", text=text)
        return follow(values, here, lock.alpha, predictions=frozen(lock, predictions)), None
    if not whole:
        text = "the score is not a mean over items in the fixed order; only a whole run can be compared"
        return None, Reason(code="needs_whole_run", text=text)
    low, high = edges(lock.interval, lock.margin, lock.relative)
    noise = here.noise if measurement.unit == "fraction" else 0.0
    side: Side | None = None
    if low - ROUNDING <= score <= high + ROUNDING:
        side = "confirmed"
    elif score < low - noise:
        side = "below"
    elif score > high + noise:
        side = "above"
    return Standing(side, measurement.items, measurement.items, measurement.of, exact=True), None


def _outcome(
    case: _Case,
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
    reasons = [as_reason(cause, items, measurement) for cause in causes]
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


def _settings_reason(case: _Case) -> list[Reason]:
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


def _undecided(case: _Case, standing: Standing | None, here: Zone) -> Reason:
    """Why nothing is decided, and what would decide it."""
    measurement = case.measurement
    if case.run.status is RunStatus.interrupted:
        text = f"the run is not finished: {measurement.items:,} of {measurement.of:,} items"
        return Reason(code="not_finished", text=text)
    return more_needed(case.lock, measurement, here, standing)


def _span(
    lock: Lock, measurement: Measurement, here: Zone, standing: Standing | None, outcome: Outcome
) -> tuple[float | None, float | None, float | None]:
    """Interval and level for display: 95 % (1 - alpha) on both sides, 90 % for confirmations, whose tests are 95 % a
    side. None where there are no item values."""
    if not measurement.values or standing is None or measurement.unit != "fraction" or not bounded(measurement.values):
        return None, None, None
    confirmed = outcome is Outcome.confirmed
    alpha = 2 * lock.alpha if confirmed else lock.alpha
    if len(measurement.values) != measurement.items:
        return None, None, None
    low, high = confidence_sequence(measurement.values, here, alpha, standing if confirmed else None)
    return low, high, 1 - alpha
