"""One pure function: claim, criterion, run and measurement -> verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import log, sqrt

from evaluators.catalogue import Benchmark, catalogue
from evaluators.records import ItemScore, Measurement, Run
from warehouse.claim_records import Claim, Criterion, Outcome, Reason, Verdict
from warehouse.number_text import PAIR_UNITS
from warehouse.verdicts.claim_state import state_of_claim
from warehouse.verdicts.comparability import compare
from warehouse.verdicts.diagnostics.checks import find_causes
from warehouse.verdicts.diagnostics.evidence import ColumnMatch, Evidence
from warehouse.verdicts.diagnostics.validity import Limits
from warehouse.verdicts.judge_specification import judge_specification
from warehouse.verdicts.judge_speed import judge_speed
from warehouse.verdicts.noise import RunNoise, answers_averaged, noise_of_run, repeats_words
from warehouse.verdicts.not_run import could_not_run
from warehouse.verdicts.outcome import Case, decide_outcome, under_other_settings
from warehouse.verdicts.pairs.judge_pair import judge_pair
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.control_variate import adjusted_mean, of_length
from warehouse.verdicts.statistics.region import AcceptanceRegion, acceptance_region
from warehouse.verdicts.statistics.sequential_test import TestState, bounded
from warehouse.verdicts.strength import CERTAIN, strength_of_discrepancy
from warehouse.verdicts.wording import score_headline

EXPLAINED = (Outcome.inconclusive, Outcome.invalid_run, Outcome.not_tested)
"""Outcomes whose headline gives the first reason."""
PREDICTED = "earlier whole runs of these or other weights, chosen before this run, told which items are easy"
"""Said of a verdict with a control variate, whose score is adjusted for it."""

Span = tuple[float | None, float | None, float | None]
"""Interval of the score and its level; None where there is none."""


def judge(
    claim: Claim,
    criterion: Criterion,
    run: Run,
    measurement: Measurement | None,
    *,
    now: datetime,
    benchmark: Benchmark | None = None,
    other_cells: Sequence[tuple[str, float]] = (),
    columns: Sequence[ColumnMatch] = (),
    items: Iterable[ItemScore] = (),
    predictions: Sequence[float] | None = None,
    limits: Limits | None = None,
) -> Verdict:
    """The verdict on a claim from one measurement of one run (None: it ended before it measured), against the
    criterion stored before it.

    `benchmark`: the catalogue's entry (looked up if None). `other_cells`: (name, value as fraction) of the other cells
    in the claim's table, `columns`: how often they equal the scores on several benchmarks, to notice a misread one.
    `items`: the run's item scores, for examples and for answers in another spelling. `predictions`: the
    control variate whose hash the criterion has, in the fixed order. The same arguments always give the same verdict.
    Raises UserError for an unknown benchmark, and for predictions that are not the criterion's."""
    if run.server_failed:
        return could_not_run(claim, "server_failed", run.reason, now=now)
    known = benchmark or catalogue()[criterion.benchmark]
    measurement = measurement or _nothing(criterion, known)
    comparability, compared = compare(claim, run, known, metric=criterion.metric, filter=criterion.filter)
    case = Case(claim, criterion, run, measurement, known, comparability, compared, now)
    if known.evaluator == "specification":
        outcome, reasons, line = judge_specification(criterion, measurement)
        strength = CERTAIN if outcome is Outcome.below_claim else -CERTAIN
        return case.verdict(outcome, reasons, line, score=measurement.score, strength=strength)
    if known.evaluator == "speed" or criterion.interval.unit in ("tok/s", "ratio"):
        outcome, reasons, line, interval = judge_speed(
            criterion, measurement, comparability, run=run, claimed_settings=claim.settings
        )
        span = (interval.low, interval.high, interval.confidence) if interval else (None, None, None)
        return case.verdict(
            outcome,
            reasons,
            line,
            score=interval.value if interval else measurement.score,
            span=span,
            strength=-log(2 * sqrt(criterion.level)) if outcome is Outcome.below_claim else -CERTAIN,
        )
    if criterion.interval.unit in PAIR_UNITS:
        return judge_pair(case)
    return _judge_score(case, other_cells, columns, list(items), predictions, limits or Limits())


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
    case: Case,
    other_cells: Sequence[tuple[str, float]],
    columns: Sequence[ColumnMatch],
    items: list[ItemScore],
    predictions: Sequence[float] | None,
    limits: Limits,
) -> Verdict:
    criterion, measurement = case.criterion, case.measurement
    noise = noise_of_run(
        case.run,
        measurement,
        case.claim,
        case.benchmark,
        margin=criterion.margin,
        relative=criterion.relative,
        level=criterion.level,
    )
    region = acceptance_region(criterion, measurement.of, noise.width)
    causes = find_causes(_evidence(case, noise, other_cells, columns, items))
    state, why = state_of_claim(criterion, measurement, region, predictions)
    used = of_length(predictions, region.total) if criterion.predictions_sha256 else None
    outcome, reasons = decide_outcome(case, state, region, causes, items, limits, why, noise, used)
    if used is not None and outcome is not Outcome.invalid_run:
        reasons.append(_predicted(measurement))
    span = _span(criterion, measurement, region, state, outcome, used)
    outcome, reasons = under_other_settings(case, outcome, reasons)
    score = measurement.score if used is None else adjusted_mean(measurement.values, used)
    return case.verdict(
        outcome,
        reasons,
        _headline(case, outcome, reasons, score, span),
        score=score,
        span=span,
        e_values=state.e_values if state else {},
        strength=_strength(case, region, noise, predictions),
    )


def _evidence(
    case: Case,
    noise: RunNoise,
    other_cells: Sequence[tuple[str, float]],
    columns: Sequence[ColumnMatch],
    items: list[ItemScore],
) -> Evidence:
    """What causes are looked for in."""
    return Evidence(
        case.claim,
        case.criterion.interval,
        case.run,
        case.measurement,
        case.benchmark,
        other_cells,
        criterion=case.criterion,
        noise=noise.width,
        items=items,
        columns=columns,
    )


def _headline(case: Case, outcome: Outcome, reasons: Sequence[Reason], score: float | None, span: Span) -> str:
    """The verdict in one line, with the first reason where the outcome does not explain itself."""
    return score_headline(
        case.criterion,
        outcome,
        score=score,
        low=span[0],
        high=span[1],
        items=case.measurement.items,
        of=case.measurement.of,
        how=repeats_words(case.criterion.metric, case.run.settings.repeats),
        why=reasons[0].text if reasons and outcome in EXPLAINED else "",
    )


def _strength(
    case: Case, region: AcceptanceRegion, noise: RunNoise, predictions: Sequence[float] | None
) -> float | None:
    """How strongly the run speaks for a score below the claim, for the rate of false discoveries over the table."""
    metric = case.criterion.metric
    return strength_of_discrepancy(
        case.criterion,
        case.measurement,
        region,
        noise,
        repeats=answers_averaged(metric, case.run.settings.repeats),
        claimed_repeats=answers_averaged(metric, case.claim.settings.repeats),
        predictions=predictions,
    )


def _predicted(measurement: Measurement) -> Reason:
    plain = "" if measurement.score is None else f"; the plain mean of its items is {100 * measurement.score:.1f}%"
    return Reason(code="predictions", text=PREDICTED + plain)


def _span(
    criterion: Criterion,
    measurement: Measurement,
    region: AcceptanceRegion,
    state: TestState | None,
    outcome: Outcome,
    predictions: Sequence[float] | None,
) -> Span:
    """Interval and level for display: 1 - level on both sides, 1 - 2 level for confirmations, whose tests have the
    level on each side. None where there are no item values."""
    if not measurement.values or state is None or measurement.unit != "fraction" or not bounded(measurement.values):
        return None, None, None
    confirmed = outcome is Outcome.confirmed
    alpha = 2 * criterion.level / criterion.plausible if confirmed else criterion.level
    if len(measurement.values) != measurement.items:
        return None, None, None
    low, high = confidence_sequence(measurement.values, region, alpha, state if confirmed else None, predictions)
    return low, high, 1 - alpha
