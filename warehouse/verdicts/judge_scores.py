"""One pure function: claim, lock, run and measurement -> verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from evaluators.catalogue import Benchmark, catalogue
from evaluators.records import ItemScore, Measurement, Run
from warehouse.claim_records import Claim, Criterion, Outcome, Reason, Verdict
from warehouse.verdicts.comparability import compare
from warehouse.verdicts.diagnostics.checks import find_causes
from warehouse.verdicts.diagnostics.evidence import Cause, Evidence
from warehouse.verdicts.diagnostics.validity import Limits
from warehouse.verdicts.judge_specification import judge_specification
from warehouse.verdicts.judge_speed import judge_speed
from warehouse.verdicts.outcome import Case, decide_outcome, under_other_settings
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.control_variate import frozen
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion, acceptance_region, edges
from warehouse.verdicts.statistics.run_noise import allowance, within_of_means
from warehouse.verdicts.statistics.sequential_test import Side, TestState, bounded, follow
from warehouse.verdicts.wording import score_headline

EXPLAINED = (Outcome.inconclusive, Outcome.invalid_run, Outcome.not_tested)
"""Outcomes whose headline gives the first reason."""


def judge(
    claim: Claim,
    criterion: Criterion,
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
    Raises UserError for an unknown benchmark, and for predictions that are not the locked ones."""
    known = benchmark or catalogue()[criterion.benchmark]
    measurement = measurement or _nothing(criterion, known)
    comparability, compared = compare(claim, run, known, metric=criterion.metric, filter=criterion.filter)
    case = Case(claim, criterion, run, measurement, known, comparability, compared, now)
    if known.evaluator == "specification":
        outcome, reasons, line = judge_specification(criterion, measurement)
        return case.verdict(outcome, reasons, line, score=measurement.score)
    if known.evaluator == "speed" or criterion.interval.unit in ("tok/s", "ratio"):
        outcome, reasons, line, found = judge_speed(
            criterion, measurement, comparability, run=run, claimed_settings=claim.settings
        )
        span = (found.low, found.high, found.confidence) if found else (None, None, None)
        return case.verdict(outcome, reasons, line, score=found.value if found else None, span=span)
    return _judge_score(
        case,
        find_causes(Evidence(claim, criterion.interval, run, measurement, known, other_cells)),
        list(items),
        predictions,
        limits or Limits(),
    )


def _nothing(criterion: Criterion, benchmark: Benchmark) -> Measurement:
    """The measurement of a run that ended before it measured anything."""
    return Measurement(
        benchmark=criterion.benchmark,
        metric=criterion.metric,
        filter=criterion.filter,
        score=None,
        unit=benchmark.unit,
        items=0,
        of=criterion.items,
        order_seed=criterion.order_seed,
    )


def _judge_score(
    case: Case, causes: list[Cause], items: list[ItemScore], predictions: Sequence[float] | None, limits: Limits
) -> Verdict:
    criterion, measurement = case.criterion, case.measurement
    noise = measured_noise(case.run, measurement, case.claim)
    region = acceptance_region(criterion, measurement.of, noise)
    state, why = stand(criterion, measurement, region, predictions)
    outcome, reasons = decide_outcome(case, state, region, causes, items, limits, why)
    span = _span(criterion, measurement, region, state, outcome)
    outcome, reasons = under_other_settings(case, outcome, reasons)
    line = score_headline(
        criterion,
        outcome,
        score=measurement.score,
        low=span[0],
        high=span[1],
        items=measurement.items,
        of=measurement.of,
        why=reasons[0].text if reasons and outcome in EXPLAINED else "",
    )
    return case.verdict(
        outcome, reasons, line, score=measurement.score, span=span, e_values=state.e_values if state else {}
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
            text = f"items were read in the order of seed {measurement.order_seed}, locked was {criterion.order_seed}"
            return None, Reason(code="other_order", text=text)
        return follow(
            values, region, criterion.alpha, predictions=frozen(criterion, predictions), plausible=criterion.plausible
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


def _span(
    criterion: Criterion, measurement: Measurement, region: AcceptanceRegion, state: TestState | None, outcome: Outcome
) -> tuple[float | None, float | None, float | None]:
    """Interval and level for display: 95 % (1 - alpha) on both sides, 90 % for confirmations, whose tests are 95 % a
    side. None where there are no item values."""
    if not measurement.values or state is None or measurement.unit != "fraction" or not bounded(measurement.values):
        return None, None, None
    confirmed = outcome is Outcome.confirmed
    alpha = 2 * criterion.alpha / criterion.plausible if confirmed else criterion.alpha
    if len(measurement.values) != measurement.items:
        return None, None, None
    low, high = confidence_sequence(measurement.values, region, alpha, state if confirmed else None)
    return low, high, 1 - alpha
