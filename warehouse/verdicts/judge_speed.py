"""Speed from independent runs: the median with its interval, against a claim."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from evaluators.records import Measurement, Run, RunStatus, Settings
from warehouse.claim_records import Comparability, Criterion, Outcome, Reason
from warehouse.number_text import number_and_unit
from warehouse.verdicts.criterion import SPEED_RUNS
from warehouse.verdicts.roofline import roofline
from warehouse.verdicts.statistics.median import Median, interim_look
from warehouse.verdicts.statistics.region import edges
from warehouse.verdicts.statistics.starts import interval_over_starts, split_by_start
from warehouse.verdicts.wording import WORDS, claimed


def speed_drift_reason(runs: Sequence[float]) -> float:
    """Median of the second half over the median of the first, minus one: -0.1 means 10 % slower towards the end."""
    half = len(runs) // 2
    return median(runs[-half:]) / median(runs[:half]) - 1 if half and median(runs[:half]) else 0.0


def _detail(measurement: Measurement) -> Reason | None:
    """What a ratio or a slope is made of."""
    known = measurement.evidence
    if "slope" in known:
        text = f"medians {known['medians']} tok/s at depths {known['depths']}: {known['slope']}"
        return Reason(code="slope", text=text)
    if measurement.medians:
        over, under = measurement.sides or ("", "")
        values = [number_and_unit(value, "tok/s") for value in measurement.medians]
        text = f"{over} {values[0]} over {under} {values[1]}, runs taking turns"
        return Reason(code="medians", text=" ".join(text.split()))
    return None


def _overlap(runs: Sequence[float]) -> bool:
    """Whether runs of one half lie among those of the other, which is what chance looks like."""
    half = len(runs) // 2
    first, second = runs[:half], runs[len(runs) - half :]
    return not (max(first) < min(second) or max(second) < min(first))


DRIFT = 0.10
"""Change between the halves of the runs from which on a measurement is unstable."""


def judge_speed(
    criterion: Criterion,
    measurement: Measurement,
    comparability: Comparability,
    *,
    run: Run | None = None,
    claimed_settings: Settings | None = None,
) -> tuple[Outcome, tuple[Reason, ...], str, Median | None]:
    """Outcome, reasons, headline and interval of a speed or ratio claim.

    An invalid run (failed requests, drift, other programs, a throttling GPU) accuses nobody. Under other hardware or
    settings (`differs`) nothing is refuted: a slower or faster machine says nothing about the claim; what the claimed
    hardware can do at most is added as an estimate where it is known."""
    runs = [value for value in measurement.values if value is not None]
    reasons = _reasons_before(measurement, runs, comparability, run, claimed_settings)
    if not runs and measurement.score is not None:
        return _published(criterion, measurement, reasons)
    if not runs:
        outcome = Outcome.not_tested if reasons and reasons[0].code == "settings_differ" else Outcome.invalid_run
        reasons.append(Reason(code="no_score", text="no run finished"))
        return outcome, tuple(reasons), f"nothing measured; {WORDS[outcome]} ({reasons[0].text})", None
    if len(measurement.starts) > 1:
        interval = interval_over_starts(split_by_start(runs, measurement.starts), criterion.level)
    else:
        interval = interim_look(runs, measurement.first_look or len(runs), criterion.level)
    outcome, open_end = _outcome(criterion, measurement, interval, reasons, len(runs))
    reasons += [open_end] if open_end else []
    line = _line(criterion, measurement, interval, outcome, reasons, len(runs))
    if detail := _detail(measurement):
        reasons.append(detail)
    return outcome, tuple(reasons), line, interval


def _reasons_before(
    measurement: Measurement,
    runs: Sequence[float],
    comparability: Comparability,
    run: Run | None,
    claimed_settings: Settings | None,
) -> list[Reason]:
    """Why the runs cannot speak about the claim, whatever they measured."""
    unsound = _why_unsound(measurement, runs, run)
    reasons = [unsound] if unsound else []
    if comparability is Comparability.differs and (not reasons or reasons[0].code == "unstable"):
        # an unsteady machine is no news where its speed could not speak for or against the claim anyway
        estimate = roofline(claimed_settings, measurement) if claimed_settings else None
        text = "other hardware or settings than the claim's: neither confirmed nor refuted"
        reasons = [Reason(code="settings_differ", text=text), *([estimate] if estimate else []), *reasons]
    return reasons


def _outcome(
    criterion: Criterion, measurement: Measurement, interval: Median, reasons: Sequence[Reason], runs: int
) -> tuple[Outcome, Reason | None]:
    """What the interval says of the claim, and why it says nothing where it does not."""
    if reasons:
        return Outcome.not_tested if reasons[0].code == "settings_differ" else Outcome.invalid_run, None
    if measurement.unit != criterion.interval.unit:
        text = f"measured in {measurement.unit}, claimed in {criterion.interval.unit}"
        return Outcome.inconclusive, Reason(code="other_unit", text=text)
    if interval.confidence < 1 - criterion.level:
        text = f"{runs} runs; {SPEED_RUNS} are needed for an interval"
        return Outcome.inconclusive, Reason(code="few_runs", text=text)
    low, high = edges(criterion.interval, criterion.margin, criterion.relative)
    worse, better = Outcome.below_claim, Outcome.above_claim
    if not criterion.higher_is_better:
        worse, better = better, worse
    if interval.high < low or interval.low > high:
        return worse if interval.high < low else better, None
    if low <= interval.low and interval.high <= high:
        return Outcome.confirmed, None
    text = "the interval of the median crosses the claim's edge"
    return Outcome.inconclusive, Reason(code="interval_straddles", text=text)


def _line(
    criterion: Criterion,
    measurement: Measurement,
    interval: Median,
    outcome: Outcome,
    reasons: Sequence[Reason],
    runs: int,
) -> str:
    """The verdict in one line."""
    unit = measurement.unit
    why = f" ({reasons[0].text})" if reasons else ""
    margin = f" within ±{100 * criterion.margin:g} %" if outcome is Outcome.confirmed else ""
    span = f"[{number_and_unit(interval.low, unit)}, {number_and_unit(interval.high, unit)}]"
    sides = f" of {' over '.join(measurement.sides)}" if measurement.sides else ""
    value = number_and_unit(interval.value, unit)
    starts = f" of {len(measurement.starts)} server starts" if len(measurement.starts) > 1 else ""
    head = f"measured {value} {span} in {runs} runs{starts}{sides}; claim {claimed(criterion.interval)}: "
    return f"{head}{WORDS[outcome]}{margin}{why}"


def _published(
    criterion: Criterion, measurement: Measurement, reasons: list[Reason]
) -> tuple[Outcome, tuple[Reason, ...], str, None]:
    """A speed that was published without its runs: it is shown beside the claim, and decides nothing, because how much
    another run would differ is not known."""
    outcome = Outcome.inconclusive
    if reasons:
        outcome = Outcome.not_tested if reasons[0].code == "settings_differ" else Outcome.invalid_run
    text = f"published as one value, without its runs; {SPEED_RUNS} are needed for an interval"
    reasons = [*reasons, Reason(code="few_runs", text=text)]
    value = number_and_unit(measurement.score or 0.0, measurement.unit)
    head = f"measured {value}; claim {claimed(criterion.interval)}: {WORDS[outcome]} ({reasons[0].text})"
    return outcome, tuple(reasons), head, None


def _why_unsound(measurement: Measurement, runs: Sequence[float], run: Run | None) -> Reason | None:
    """Why the runs, those that finished, accuse nobody: how the whole ended, requests that failed, or drift."""
    if run is not None and run.status is not RunStatus.finished:
        text = run.reason or f"the run ended {run.status.value}"
        return Reason(code="unstable" if text.startswith("unstable") else "run_invalid", text=text)
    if measurement.failed or len(runs) < len(measurement.values):
        return Reason(code="failed_requests", text=f"{max(1, measurement.failed):,} runs failed")
    change = speed_drift_reason(runs)
    if len(measurement.starts) < 2 and len(runs) >= SPEED_RUNS and abs(change) > DRIFT and not _overlap(runs):
        text = f"unstable: the second half of the runs is {change:+.0%} against the first"
        return Reason(code="unstable", text=text)
    return None
