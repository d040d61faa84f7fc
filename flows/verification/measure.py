"""The runs of a verification: each function makes one run and leaves it in its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from evaluators.backends import read_hardware
from evaluators.backends.registry import backend
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Origin, Release, Run, RunStatus, Settings
from evaluators.run_manifest import check_tables, read_manifest, write_manifest
from evaluators.speed import RUNS, Decided, measure_depth, measure_ratio, measure_speed
from evaluators.speed.conditions import hardware_name
from evaluators.speed.server_starts import combine_starts
from evaluators.stopping import RuleOfRun, RunAll, StoppingRule
from evaluators.tasks.long_context.served_tokens import too_short
from evaluators.tasks.long_context.text_length import read_length
from evaluators.user_error import DamagedFile
from flows.options import VerifyOptions
from flows.predictions.frozen_predictions import read_predictions
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.sharing.shared_runs import shared_runs
from flows.verification.jobs import Job
from flows.verification.measure_agents import CriteriaOfRun, measure_agent_job
from flows.verification.ratio_sides import Unmeasurable, sides_of
from flows.verification.run_noise_items import TWICE, has_noise, repeats_worth, with_flips
from warehouse.claim_records import Criterion
from warehouse.home import Home
from warehouse.queries.claim_runs import runs_of_weights
from warehouse.verdicts import ClaimRule
from warehouse.verdicts.comparability import SAME
from warehouse.verdicts.hardware_names import same_machine
from warehouse.verdicts.statistics.median import interim_look, straddles
from warehouse.verdicts.statistics.starts import enough_starts

ANSWER_ROOM = 3
"""Quarters of the context that an answer may take where a protocol would allow more; the rest is for the prompt."""


def measure(
    job: Job,
    artifact: Artifact,
    pool: ServerPool,
    home: Home,
    criteria: Sequence[Criterion],
    options: VerifyOptions,
    criteria_of: CriteriaOfRun | None = None,
) -> Run:
    """Run what a job asks for. `criteria_of`: the criteria where a run turns out to be one that was made before; None:
    the same. Raises UserError if it cannot be run."""
    criteria_of = criteria_of or (lambda run_id: criteria)
    if job.benchmark.evaluator == "speed":
        return measure_speed_job(job, artifact, pool, home, criteria, options)
    if job.benchmark.harness:
        return measure_agent_job(job, artifact, pool, home, criteria, options, criteria_of)
    if job.reference:
        from flows.verification.pairs.measure_pair import measure_pair

        return measure_pair(job, artifact, pool, home, criteria, options)
    server = pool.server(artifact)
    settings = _fitting(job, server.describe().context)
    seed = criteria[0].order_seed if criteria else 0
    predictions = read_predictions(home, [criterion.predictions_sha256 for criterion in criteria])
    ask = partial(
        run_benchmark,
        job.benchmark,
        artifact,
        server,
        folder=home.runs,
        order_seed=seed,
        protocol=job.protocol,
        sandbox=options.sandbox,
        store=shared_runs(),
    )

    def run_with(rule: StoppingRule, rule_of: RuleOfRun | None = None) -> Run:
        reuse = earlier_runs(home, artifact, job.benchmark.name)
        with shown(_title(job, artifact, pool)) as tell:
            return ask(settings, stop=rule, rule_of=rule_of, reuse=reuse, progress=tell)

    def run_again(repeats: int, limit: int | None) -> Run:
        what = f"{limit} items a second time" if limit else f"{repeats} answers an item"
        more, reuse = settings.model_copy(update={"repeats": repeats}), earlier_runs(home, artifact, job.benchmark.name)
        with shown(f"{job.benchmark.title}, {what}") as tell:
            return ask(more, limit=limit, reuse=reuse, progress=tell, rearranged=True)

    run = run_with(
        _rule(criteria, options, predictions), lambda run_id: _rule(criteria_of(run_id), options, predictions)
    )
    criteria = criteria_of(run.continues or run.run_id)
    if not has_noise(job.benchmark, run) or not run.measurements:
        return run
    claims = {claim.claim_id: claim for claim in job.claims}
    twice = run_again(2, min(TWICE, max(measurement.items for measurement in run.measurements)))
    if not options.full:
        run = run_with(_rule(with_flips(criteria, claims, job.benchmark, run, twice), options, predictions))
    repeats = repeats_worth(criteria, claims, job.benchmark, run, twice, predictions)
    return run if repeats is None else run_again(repeats, None)


def _title(job: Job, artifact: Artifact, pool: ServerPool) -> str:
    how = f" ({job.protocol.name})" if job.protocol else ""
    return f"{job.benchmark.title}{how} on {artifact.quantization} with {pool.backend}"


def _fitting(job: Job, room: int | None) -> Settings:
    """The settings of a job in a context of `room` tokens (None: unknown). Raises Unmeasurable where texts of the asked
    length are longer."""
    settings = job.settings
    if job.benchmark.sized and room and (length := read_length(settings.subset or "")) and length > room:
        raise Unmeasurable("context_too_short", too_short(job.benchmark.title, length, room))
    if settings.max_tokens and room and job.protocol and job.protocol.origins.get("max_tokens") is not Origin.claim:
        settings = settings.model_copy(update={"max_tokens": min(settings.max_tokens, room * ANSWER_ROOM // 4)})
    return settings


def _rule(
    criteria: Sequence[Criterion], options: VerifyOptions, predictions: Mapping[str, Sequence[float]]
) -> StoppingRule:
    return RunAll() if options.full else ClaimRule(criteria, budget=options.budget, predictions=predictions)


def measure_specification(release: Release, quantization: str | None, home: Home) -> Run:
    """Read the release's own files: parameters, context window, licence; file size and memory of a quantization. No
    weights are pulled. Raises UserError if the release has no such quantization."""
    from evaluators.specification import VERSION, specification

    key = f"specification {VERSION} {release.model} {release.commit} {quantization}"
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = home.runs / f"specification-{name}"
    with suppress(DamagedFile):
        if (earlier := read_manifest(folder)) is not None:
            return earlier
    started = datetime.now(UTC)
    measurements = specification(release, quantization=quantization)
    run = Run(
        run_id=folder.name,
        release=release,
        artifact=None,
        server=None,
        benchmark="specification",
        evaluator="specification",
        evaluator_version=VERSION,
        settings=Settings(quantization=quantization),
        status=RunStatus.finished,
        started=started,
        finished=datetime.now(UTC),
        measurements=tuple(measurements),
    )
    return write_manifest(folder, run)


def earlier_runs(home: Home, artifact: Artifact, benchmark: str) -> list[Path]:
    """Run folders of the same artifact and benchmark, whose answers need not be paid for again: the tables name them,
    and only folders that the tables do not know are looked into."""
    fit, others = runs_of_weights(home, artifact, benchmark)
    finished, unfinished = [], []
    for folder in sorted(home.runs.iterdir()) if home.runs.is_dir() else []:
        if folder.name in others:
            continue
        try:
            run = read_manifest(folder)
            if run is None:
                if folder.name.startswith(f"{benchmark}-"):
                    unfinished.append(folder)
            elif folder.name in fit or _same_work(run, artifact, benchmark):
                check_tables(folder, run)
                finished.append(folder)
        except DamagedFile:
            continue
    return finished + unfinished  # their keys tell whether an answer fits


def _same_work(run: Run, artifact: Artifact, benchmark: str) -> bool:
    return run.benchmark == benchmark and run.artifact is not None and run.artifact.key == artifact.key


PAIRS = 11
"""Pairs of a ratio: the interval of their median leaves out the lowest and the highest, which a busy machine makes."""


def measure_speed_job(
    job: Job, artifact: Artifact, pool: ServerPool, home: Home, criteria: Sequence[Criterion], options: VerifyOptions
) -> Run:
    """Measure what a speed claim is about, over several starts of the server where that can decide a claim and the
    server is ours to start. Raises UserError if it cannot be measured here."""
    to_decide = deciding(job, criteria)
    if job.benchmark.name.endswith("_ratio"):
        return over_starts(
            lambda: _ratio(job, artifact, pool, home, RUNS if to_decide else PAIRS, options), to_decide, home
        )
    say(f"{job.benchmark.title} on {artifact.quantization} with {pool.backend}")
    measured = measure_depth if job.benchmark.name == "speed_at_depth" else measure_speed

    ours = backend(pool.backend).ours
    enough = None if ours else decided(to_decide)  # where starts are many, each makes few runs

    def one_start() -> Run:
        if to_decide and ours:
            pool.close()
        server = pool.server(artifact, one_copy=True)
        return measured(job.benchmark, artifact, server, job.settings, folder=home.runs, decided=enough)

    return over_starts(one_start, to_decide if ours else [], home)


SPARE_STARTS = 1
"""Unsound starts that are made again: in one start of ten chance alone looks like drift (`stability.drift`)."""


def over_starts(one_start: Callable[[], Run], criteria: Sequence[Criterion], home: Home) -> Run:
    """The run of as many starts as decide the claims; of one where there is none to decide, or where more starts are
    unsound than there are to spare."""
    runs: list[Run] = []
    spare = SPARE_STARTS if criteria else 0
    while True:
        run = one_start()
        if run.status is RunStatus.invalid and spare:
            say(f"a start of the server is made again: {run.reason}")
            spare -= 1
            continue
        runs.append(run)
        if not criteria or run.status is not RunStatus.finished or not run.measurements[0].values:
            return run
        groups = [[value for value in start.measurements[0].values if value is not None] for start in runs]
        if enough_starts(groups, criteria):
            return combine_starts(runs, home.runs)


def deciding(job: Job, criteria: Sequence[Criterion]) -> list[Criterion]:
    """The criteria that a run here can decide: not those of claims about other hardware."""
    here = hardware_name(read_hardware()) or ""
    named = {claim.claim_id: claim.settings.hardware for claim in job.claims}
    apart = {
        key for key, name in named.items() if name and name.casefold() not in SAME and not same_machine(name, here)
    }
    return [criterion for criterion in criteria if criterion.claim_id not in apart]


def decided(criteria: Sequence[Criterion]) -> Decided | None:
    """Whether the runs of one start decide all of these criteria; None if there are none."""
    if not criteria:
        return None
    return lambda values: (
        not any(straddles(interim_look(values, len(values), criterion.level), criterion) for criterion in criteria)
    )


def _ratio(job: Job, artifact: Artifact, pool: ServerPool, home: Home, pairs: int, options: VerifyOptions) -> Run:
    over, under = sides_of(job.settings, job.claims[0].model, artifact, options)
    say(f"{job.benchmark.title} of {over} over {under}")
    with pool.pair(over, under) as (first, second):
        sides = (over.artifact, first), (under.artifact, second)
        return measure_ratio(job.benchmark, *sides, job.settings, folder=home.runs, runs=pairs)
