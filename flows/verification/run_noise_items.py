"""Answers to some items a second time, and repeats of all where the gap to a claim is smaller than run noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluators.catalogue import Benchmark
from evaluators.records import Run, RunStatus
from warehouse.claim_records import Claim, Criterion
from warehouse.verdicts.claim_state import state_of_claim
from warehouse.verdicts.criterion import noise_of_criterion
from warehouse.verdicts.noise import RISK_REPEATS, RunNoise, unsaid_width
from warehouse.verdicts.statistics.region import acceptance_region
from warehouse.verdicts.statistics.run_noise import repeats_needed, within_of_means

TWICE = 100
"""Items that a generated benchmark answers twice, under another arrangement, to measure its run noise."""
MOST_ANSWERS = 2000
"""Answers that repeats of a whole benchmark may cost without being asked for."""


def has_noise(benchmark: Benchmark, run: Run) -> bool:
    """Whether the run's noise is to be measured: answers were generated, once each, and it is sound."""
    generated = benchmark.output == "generate_until" and benchmark.unit == "fraction"
    return generated and run.status is RunStatus.finished and (run.settings.repeats or 1) == 1


def flips_of(twice: Run, criterion: Criterion) -> tuple[float, int] | None:
    """Flip rate and number of items of a run with two answers an item; None for scores that are not 0 or 1."""
    measurement = twice.measurement(criterion.score_key)
    within = within_of_means(measurement.values, 2) if measurement else None
    if measurement is None or within is None:
        return None
    return 2 * within, sum(value is not None for value in measurement.values)


def with_flips(
    criteria: Sequence[Criterion], claims: Mapping[str, Claim], benchmark: Benchmark, run: Run, twice: Run
) -> list[Criterion]:
    """The criteria with the run noise that was measured, for the stopping rule."""
    return [
        criterion
        if (noise := _noise(criterion, claims.get(criterion.claim_id), benchmark, run, twice)) is None
        else criterion.model_copy(update={"noise": round(noise.width, 6)})
        for criterion in criteria
    ]


def repeats_worth(
    criteria: Sequence[Criterion],
    claims: Mapping[str, Claim],
    benchmark: Benchmark,
    run: Run,
    twice: Run,
    predictions: Mapping[str, Sequence[float]],
) -> int | None:
    """Answers an item that would decide the claims whose gap is smaller than the run noise of a whole run, within
    MOST_ANSWERS; None if there are none, or no number of them would."""
    wanted = []
    for criterion in criteria:
        claim, measurement = claims.get(criterion.claim_id), run.measurement(criterion.score_key)
        noise = _noise(criterion, claim, benchmark, run, twice)
        if claim is None or measurement is None or noise is None or claim.settings.repeats or measurement.stopped_early:
            continue
        region = acceptance_region(criterion, measurement.of, noise.width)
        state, _ = state_of_claim(criterion, measurement, region, predictions.get(criterion.predictions_sha256 or ""))
        if state is None or state.side is not None or measurement.score is None:
            continue
        gap = max(region.low - measurement.score, measurement.score - region.high)
        if gap <= unsaid_width(benchmark, claim.settings, margin=criterion.margin, relative=criterion.relative):
            continue  # no number of repeats tells what the claim leaves unsaid
        needed = repeats_needed(noise.within, measurement.of, gap, risk=RISK_REPEATS * criterion.level)
        if needed and needed * measurement.of <= MOST_ANSWERS:
            wanted.append(max(2, needed))
    return max(wanted, default=None)


def _noise(criterion: Criterion, claim: Claim | None, benchmark: Benchmark, run: Run, twice: Run) -> RunNoise | None:
    flips, measurement = flips_of(twice, criterion), run.measurement(criterion.score_key)
    if flips is None or measurement is None or claim is None:
        return None
    return noise_of_criterion(criterion, claim, benchmark, run.settings, measurement.of, flips)
