"""What the runs of a verification will probably take: items, requests, tokens and seconds of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from evaluators.catalogue import Benchmark
from evaluators.records import Settings
from evaluators.speed import RUNS
from flows.options import RunOptions
from flows.verification.jobs import Job, JobPlan, machine_lacks, protocol_criteria
from flows.verification.run_noise_items import TWICE
from flows.verification.typical_lengths import typical_item
from flows.verification.typical_speed import TypicalSpeed
from warehouse.claim_records import Criterion
from warehouse.queries.verification import Cost
from warehouse.verdicts import plan_criterion
from warehouse.verdicts.statistics.sample_size import GAPS, SamplePlan

NEAR = 0.05
"""Step of claimed scores between which expected items differ by less than a tenth."""
LOOKS = 128
"""Looks of an estimate: those of a schedule may be hundreds, and each costs milliseconds."""
EPOCH = datetime.fromtimestamp(0, UTC)
STARTS, STARTING, GENERATED = 3, 20.0, 256
"""Starts of the server for a speed, seconds of each, and tokens that one of its runs generates where nobody says."""


@dataclass(frozen=True)
class RunCost:
    """One run, if every claim is true; `most` if nothing is decided early and every protocol is needed."""

    name: str
    """Catalogue name."""
    title: str
    protocol: str
    """Empty for speeds."""
    first: bool
    """Whether it is run in any case; the others only if those before it do not confirm."""
    items: int
    """Items expected, of `most_items`; 0 for speeds."""
    most_items: int
    requests: int
    read: int
    """Prompt tokens."""
    written: int
    """Tokens of answers."""
    seconds: float
    most_seconds: float
    basis: str
    """`earlier run`, `earlier runs of other benchmarks` or `defaults`."""
    lacking: str | None = None
    """What this machine lacks for it, in one line; then it is in no total."""


def run_costs(work: JobPlan, options: RunOptions, spent: Mapping[str, Cost], speed: TypicalSpeed) -> list[RunCost]:
    """The runs of a plan in their order. spent: what an item cost in earlier runs of this model, by benchmark name.

    Where a benchmark was never run, what the model's other benchmarks took more or less than the defaults corrects
    them. Answers that are given twice to measure run noise are counted.
    """
    scale = _correction(work, spent, speed)
    return [
        _cost(job, work, options, spent, speed, scale) if job.protocols else _speed_cost(job, speed)
        for job in work.jobs
    ]


def _speed_cost(job: Job, speed: TypicalSpeed) -> RunCost:
    """Runs of one stream on several starts of the server; two servers for a ratio."""
    sides = 2 if job.benchmark.unit == "ratio" else 1
    written = STARTS * RUNS * sides * (job.settings.generation_tokens or GENERATED)
    seconds = STARTS * sides * STARTING + written / speed.single
    read = STARTS * RUNS * sides * (job.settings.prompt_tokens or job.settings.depth or GENERATED)
    seconds += read / speed.read
    requests = STARTS * RUNS * sides
    return RunCost(
        job.benchmark.name, job.benchmark.title, "", True, 0, 0, requests, read, written, seconds, seconds, "defaults"
    )


def _cost(
    job: Job, work: JobPlan, options: RunOptions, spent: Mapping[str, Cost], speed: TypicalSpeed, scale: float | None
) -> RunCost:
    expected, most = expected_items(job, work, options)
    generated = job.benchmark.output == "generate_until" and (job.settings.repeats or 1) == 1
    twice = 2 * min(TWICE, expected) if generated else 0
    typical, known = typical_item(job.benchmark, job.settings), spent.get(job.benchmark.name)
    seconds_each = known.seconds if known else _seconds(job.benchmark, job.settings, speed) * (scale or 1.0)
    requests = known.requests if known else typical.requests
    written = typical.written
    read = typical.read if known is None else max(known.tokens - written, 0.0)
    sides = 2 if job.reference else 1
    count = sides * (expected + twice)
    return RunCost(
        name=job.benchmark.name,
        title=job.benchmark.title + (f" against {job.reference}" if job.reference else ""),
        protocol=job.protocol.name if job.protocol else "",
        first=is_first(job, work),
        items=expected,
        most_items=most,
        requests=round(count * requests),
        read=round(count * read),
        written=round(count * written),
        seconds=count * seconds_each,
        most_seconds=sides * (most + twice) * seconds_each,
        basis="earlier run" if known else "defaults" if scale is None else "earlier runs of other benchmarks",
        lacking=machine_lacks(job.benchmark),
    )


def is_first(job: Job, work: JobPlan) -> bool:
    """Whether the job is the first one for any of its claims: the others are run only if it does not confirm."""
    return any(work.plausible[claim_id].protocols[0] in protocols for claim_id, protocols in job.protocols.items())


def expected_items(job: Job, work: JobPlan, options: RunOptions) -> tuple[int, int]:
    """Items until every claim of the job is decided if they are true, and the most that it may use."""
    criteria = list(protocol_criteria(job, work, options).values())
    if options.full:
        whole = max(criterion.items for criterion in criteria)
        return whole, whole
    plans = [_plan_if_true(_rounded(criterion), options.budget) for criterion in criteria]
    return (
        max(plan.prospects[0].items if plan.prospects else plan.budget for plan in plans),
        max(plan.budget for plan in plans),
    )


def _rounded(criterion: Criterion) -> Criterion:
    """The criterion with its claim at a step of NEAR, without what names one claim: a thousand releases then share a
    few dozen plans, each of which takes a tenth of a second."""
    interval = criterion.interval
    if interval.unit != "fraction" or interval.value is None:
        return criterion
    moved = _near(interval.value) - interval.value
    edges = {name: getattr(interval, name) for name in ("value", "low", "high")}
    near = {
        name: None if value is None else round(min(max(value + moved, 0.0), 1.0), 2) for name, value in edges.items()
    }
    same = {
        "interval": interval.model_copy(update=near),
        "claim_id": "",
        "criterion_id": "",
        "order_seed": 0,
        "stored_at": EPOCH,
    }
    return criterion.model_copy(update=same)


def _near(value: float) -> float:
    """A score at a whole percent within a tenth of either end, where a percent changes the items, else at a step of
    NEAR."""
    step = 0.01 if min(value, 1 - value) < 0.1 else NEAR
    return round(value / step) * step


@lru_cache(maxsize=4096)
def _plan_if_true(criterion: Criterion, budget: float | None) -> SamplePlan:
    return plan_criterion(criterion, budget=budget, gaps=GAPS[:1], looks=LOOKS)


def _seconds(benchmark: Benchmark, settings: Settings, speed: TypicalSpeed) -> float:
    item = typical_item(benchmark, settings)
    return item.fresh / speed.read + item.written / speed.written


def _correction(work: JobPlan, spent: Mapping[str, Cost], speed: TypicalSpeed) -> float | None:
    """Seconds that known benchmarks took over those that the defaults would have said; None if none is known."""
    jobs: Sequence[Job] = [job for job in work.jobs if job.protocols and job.benchmark.name in spent]
    guessed = sum(_seconds(job.benchmark, job.settings, speed) for job in jobs)
    return sum(spent[job.benchmark.name].seconds for job in jobs) / guessed if guessed else None
