"""A claim about a pair against the run of that pair -> verdict: what the artifact keeps is tested from below only."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from evaluators.catalogue import Benchmark
from evaluators.records import Measurement, Run, RunStatus
from warehouse.claim_records import Claim, Comparability, Criterion, Outcome, Reason, Verdict
from warehouse.number_text import PAIR_UNITS, number
from warehouse.number_text import interval as interval_text
from warehouse.verdicts.diagnostics.validity import Limits, has_collapsed, unsound
from warehouse.verdicts.looks import look_schedule
from warehouse.verdicts.noise import contradict_level
from warehouse.verdicts.outcome import Case, settings_reasons
from warehouse.verdicts.pairs.pair_noise import PairNoise, pair_noise
from warehouse.verdicts.pairs.pair_region import PairRegion, pair_interval, pair_region, pair_score
from warehouse.verdicts.statistics.paired_difference import sign_test
from warehouse.verdicts.statistics.sequential_test import TestState, follow
from warehouse.verdicts.strength import log_e_of, strength_beyond_noise
from warehouse.verdicts.wording import claimed, outcome_word

DOUBTFUL = "doubtful_share"
"""Signal of a run of a pair, `doubtful_share:<metric>,<filter>`: how much smaller a loss may be than measured, had the
affected answers been other ones; a fraction."""
FEWEST = 50
"""Items from which on a collapse is told from chance."""


def pair_state(criterion: Criterion, measurement: Measurement, noise: float) -> TestState:
    """Where a claim about a pair stands after the items that both have answered. `noise`: run-noise allowance as a
    fraction. Never `above`: nobody is contradicted by a loss that is smaller than claimed."""
    pair, schedule = pair_region(criterion), look_schedule(criterion.benchmark)
    return follow(
        pair.moved(measurement.values, measurement.reference_values),
        pair.region(measurement.of, criterion.margin, noise),
        criterion.level,
        contradict=contradict_level(criterion.level, noise),
        every=schedule.every,
        minimum=schedule.minimum,
        plausible=criterion.plausible,
    )


def decided_pair(claims: Sequence[Claim], criteria: Sequence[Criterion], run: Run, benchmark: Benchmark) -> bool:
    """Whether a run of a pair decides all of these criteria, its run noise taken into account."""
    repeats = {claim.claim_id: claim.settings.repeats or 1 for claim in claims}
    for criterion in criteria:
        measurement = run.measurement(criterion.score_key)
        if measurement is None or criterion.interval.unit not in PAIR_UNITS:
            continue
        noise = pair_noise(
            run, measurement, benchmark, share=pair_region(criterion).share, level=criterion.level,
            claimed_repeats=repeats.get(criterion.claim_id, 1),
        )  # fmt: skip
        if pair_state(criterion, measurement, noise.width).side is None:
            return False
    return True


def judge_pair(case: Case) -> Verdict:
    """The verdict. A run whose sides were not asked alike arrives as an invalid one and judges nothing."""
    criterion, measurement, run = case.criterion, case.measurement, case.run
    unit, pair = criterion.interval.unit, pair_region(criterion)
    settings = settings_reasons(case)
    if len(measurement.values) != len(measurement.reference_values) or not measurement.values:
        text = run.reason or "the run is of one artifact; a claim about a pair needs both on the same items"
        outcome = Outcome.invalid_run if run.status is RunStatus.invalid else Outcome.inconclusive
        return case.verdict(outcome, [Reason(code="no_pair", text=text), *settings], text, score=None)
    noise = pair_noise(
        run, measurement, case.benchmark, share=pair.share, level=criterion.level,
        claimed_repeats=case.claim.settings.repeats or 1,
    )  # fmt: skip
    state = pair_state(criterion, measurement, noise.width)
    broken = unsound(run, measurement, Limits())
    outcome = {"confirmed": Outcome.confirmed, "below": Outcome.below_claim}.get(state.side or "", Outcome.inconclusive)
    if broken:
        outcome = Outcome.invalid_run
    elif case.comparability is Comparability.differs:
        outcome = Outcome.not_tested
    counted = _counts(measurement)
    undecided = [_undecided(measurement)] if outcome is Outcome.inconclusive else []
    if outcome is Outcome.below_claim and (undecided := _doubts(case, noise)):
        outcome = Outcome.inconclusive
    lead = settings if outcome is Outcome.not_tested else []
    rest = [] if lead else settings
    reasons = [*broken, *lead, *undecided, counted, *rest, *_against(criterion, noise)]
    score = pair_score(unit, measurement.values, measurement.reference_values)
    alpha = 2 * criterion.level / criterion.plausible if outcome is Outcome.confirmed else criterion.level
    region = pair.region(measurement.of, criterion.margin)
    ends = pair_interval(
        unit, measurement.values, measurement.reference_values, pair, region, alpha,
        state if outcome is Outcome.confirmed else None,
    )  # fmt: skip
    return case.verdict(
        outcome,
        reasons,
        _headline(criterion, measurement, outcome, score, ends, reasons),
        score=score,
        span=(*ends, 1 - alpha),
        e_values=state.e_values,
        strength=_strength(criterion, measurement, pair, noise),
    )


def _doubts(case: Case, noise: PairNoise) -> list[Reason]:
    """What makes a loss no accusation: that it is near collapse, or that it is gone with the affected answers."""
    measurement = case.measurement
    doubts: list[Reason] = []
    score, expected = measurement.medians or (None, None)
    told = score is not None and expected is not None and measurement.items >= FEWEST and expected - score > 0.10
    if told and has_collapsed(score or 0.0, expected or 0.0, case.benchmark.chance):
        text = f"{number(score, 'fraction')}% against {number(expected, 'fraction')}% is near collapse"
        doubts.append(Reason(code="near_collapse", text=f"{text}: these weights may be served wrongly"))
    doubtful = case.run.signals.get(f"{DOUBTFUL}:{measurement.metric},{measurement.filter}", 0.0)
    if doubtful and pair_state(case.criterion, measurement, noise.width + doubtful).side != "below":
        text = f"the loss may be {100 * doubtful:.1f} points smaller, had cut or unreadable answers been other ones"
        doubts.append(Reason(code="within_bounds", text=text))
    return doubts


def _strength(criterion: Criterion, measurement: Measurement, pair: PairRegion, noise: PairNoise) -> float:
    def against(width: float) -> float:
        return log_e_of(pair_state(criterion, measurement, width))

    return strength_beyond_noise(against, noise.error) if noise.width else against(0.0) - log(2)


def _counts(measurement: Measurement) -> Reason:
    pairs = zip(measurement.values, measurement.reference_values, strict=True)
    known = [(x, y) for x, y in pairs if x is not None and y is not None]
    lost, won = sum(x < y for x, y in known), sum(x > y for x, y in known)
    text = (
        f"of {len(known):,} items that both answered, {lost:,} are lost and {won:,} won "
        f"(McNemar p={sign_test(lost, won):.2g}, no difference assumed)"
    )
    return Reason(code="paired_items", text=text)


def _undecided(measurement: Measurement) -> Reason:
    if measurement.items >= measurement.of:
        text = "the difference of the whole runs is smaller than run noise can tell from the claim"
    else:
        text = f"not decided by {measurement.items:,} of {measurement.of:,} items; more items, or a larger --budget"
    return Reason(code="more_items", text=text)


def _against(criterion: Criterion, noise: PairNoise) -> list[Reason]:
    """What the verdict was measured against."""
    text = (
        f"criterion: {claimed(criterion.interval)}, less {100 * criterion.margin:g} points, alpha {criterion.alpha:g}"
    )
    reasons = [Reason(code="margin", text=text)]
    return [*reasons, Reason(code="run_noise", text=noise.text)] if noise.width else reasons


def _headline(
    criterion: Criterion, measurement: Measurement, outcome: Outcome, score: float | None, ends: tuple[float, float],
    reasons: list[Reason],
) -> str:  # fmt: skip
    unit = criterion.interval.unit
    over, under = measurement.sides or ("the artifact", "the reference")
    first, second = measurement.medians or (None, None)
    scores = f"{number(first, 'fraction')}% of {over} against {number(second, 'fraction')}% of {under}"
    what = "" if unit == "difference" else " of it"
    said = "nothing" if score is None else f"{number(score, unit)}{what} {interval_text(*ends, unit)}".rstrip()
    stop = "at stop, on" if measurement.items < measurement.of else "on"
    word = outcome_word(outcome)
    why = f" ({reasons[0].text})" if outcome in (Outcome.invalid_run, Outcome.not_tested, Outcome.inconclusive) else ""
    return (
        f"measured {scores}: {said} {stop} {measurement.items:,} of {measurement.of:,} items; "
        f"claim {claimed(criterion.interval)}: {word}{why}, alpha={criterion.alpha:g}"
    )
