"""The runs of a verification: each function makes one run and leaves it in its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluators.backends import read_hardware
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Origin, Release, Run, RunStatus, Settings
from evaluators.speed import Decided, measure_depth, measure_ratio, measure_speed
from evaluators.speed.conditions import hardware_name
from evaluators.stopping import RunAll, StoppingRule
from flows.options import VerifyOptions
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.verification.jobs import Job
from flows.verification.ratio_sides import sides_of
from flows.verification.run_noise_items import TWICE, has_noise, repeats_worth, with_flips
from warehouse.claim_records import Criterion
from warehouse.home import Home, write_atomic
from warehouse.verdicts import ClaimRule
from warehouse.verdicts.comparability import SAME
from warehouse.verdicts.hardware_names import same_machine
from warehouse.verdicts.statistics.median import interim_look, straddles

ANSWER_ROOM = 3
"""Quarters of the context that an answer may take where a protocol would allow more; the rest is for the prompt."""


def measure(
    job: Job, artifact: Artifact, pool: ServerPool, home: Home, criteria: Sequence[Criterion], options: VerifyOptions
) -> Run:
    """Run what a job asks for. Raises UserError if it cannot be run."""
    if job.benchmark.evaluator == "speed":
        return measure_speed_job(job, artifact, pool, home, criteria, options)
    how = f" ({job.protocol.name})" if job.protocol else ""
    title = f"{job.benchmark.title}{how} on {artifact.quantization} with {pool.backend}"
    server = pool.server(artifact)
    settings, room = job.settings, server.describe().context
    if settings.max_tokens and room and job.protocol and job.protocol.origins.get("max_tokens") is not Origin.claim:
        settings = settings.model_copy(update={"max_tokens": min(settings.max_tokens, room * ANSWER_ROOM // 4)})
    seed = criteria[0].order_seed if criteria else 0

    def run_with(rule: StoppingRule) -> Run:
        with shown(title) as tell:
            return run_benchmark(
                job.benchmark,
                artifact,
                server,
                settings,
                folder=home.runs,
                order_seed=seed,
                stop=rule,
                reuse=_earlier(home, artifact, job),
                progress=tell,
                protocol=job.protocol,
                sandbox=options.sandbox,
            )

    def run_again(repeats: int, limit: int | None) -> Run:
        what = f"{limit} items a second time" if limit else f"{repeats} answers an item"
        with shown(f"{job.benchmark.title}, {what}") as tell:
            return run_benchmark(
                job.benchmark,
                artifact,
                server,
                settings.model_copy(update={"repeats": repeats}),
                folder=home.runs,
                order_seed=seed,
                limit=limit,
                reuse=_earlier(home, artifact, job),
                progress=tell,
                protocol=job.protocol,
                sandbox=options.sandbox,
                rearranged=True,
            )

    run = run_with(_rule(criteria, options))
    if not has_noise(job.benchmark, run) or not run.measurements:
        return run
    claims = {claim.claim_id: claim for claim in job.claims}
    twice = run_again(2, min(TWICE, max(found.items for found in run.measurements)))
    if not options.full:
        run = run_with(_rule(with_flips(criteria, claims, job.benchmark, run, twice), options))
    repeats = repeats_worth(criteria, claims, job.benchmark, run, twice)
    return run if repeats is None else run_again(repeats, None)


def _rule(criteria: Sequence[Criterion], options: VerifyOptions) -> StoppingRule:
    return RunAll() if options.full else ClaimRule(criteria, budget=options.budget)


def measure_specification(release: Release, quantization: str | None, home: Home) -> Run:
    """Read the release's own files: parameters, context window, licence; file size and memory of a quantization. No
    weights are pulled. Raises UserError if the release has no such quantization."""
    from evaluators.specification import VERSION, specification

    key = f"specification {VERSION} {release.model} {release.commit} {quantization}"
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = home.runs / f"specification-{name}"
    if (folder / "run.json").exists():
        return Run.model_validate_json((folder / "run.json").read_bytes())
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
    write_atomic(folder / "run.json", run.model_dump_json().encode())
    return run


def _earlier(home: Home, artifact: Artifact, job: Job) -> list[Path]:
    """Run folders of the same artifact and benchmark, whose answers need not be paid for again."""
    found = []
    for manifest in home.runs.glob("*/run.json"):
        run = Run.model_validate_json(manifest.read_bytes())
        if run.benchmark == job.benchmark.name and run.artifact is not None and run.artifact.key == artifact.key:
            found.append(manifest.parent)
    return found


PAIRS = 11
"""Pairs of a ratio: the interval of their median leaves out the lowest and the highest, which a busy machine makes."""


def measure_speed_job(
    job: Job, artifact: Artifact, pool: ServerPool, home: Home, criteria: Sequence[Criterion], options: VerifyOptions
) -> Run:
    """Measure what a speed claim is about. Raises UserError if it cannot be measured here."""
    enough = decided(job, criteria)
    if job.benchmark.name.endswith("_ratio"):
        return _ratio(job, artifact, pool, home, enough, options)
    say(f"{job.benchmark.title} on {artifact.quantization} with {pool.backend}")
    server = pool.server(artifact)
    if job.benchmark.name == "speed_at_depth":
        return measure_depth(job.benchmark, artifact, server, job.settings, folder=home.runs, decided=enough)
    return measure_speed(job.benchmark, artifact, server, job.settings, folder=home.runs, decided=enough)


def decided(job: Job, criteria: Sequence[Criterion]) -> Decided | None:
    """Whether runs decide all claims of the job, but for those about other hardware, which they cannot decide; None if
    there are no others."""
    here = hardware_name(read_hardware()) or ""
    named = {claim.claim_id: claim.settings.hardware for claim in job.claims}
    apart = {
        key for key, name in named.items() if name and name.casefold() not in SAME and not same_machine(name, here)
    }
    bars = [criterion for criterion in criteria if criterion.claim_id not in apart]
    if not bars:
        return None
    return lambda values: (
        not any(straddles(interim_look(values, len(values), criterion.level), criterion) for criterion in bars)
    )


def _ratio(
    job: Job, artifact: Artifact, pool: ServerPool, home: Home, enough: Decided | None, options: VerifyOptions
) -> Run:
    over, under = sides_of(job.settings, job.claims[0].model, artifact, options)
    say(f"{job.benchmark.title} of {over} over {under}")
    with pool.pair(over, under) as (first, second):
        sides = (over.artifact, first), (under.artifact, second)
        return measure_ratio(job.benchmark, *sides, job.settings, folder=home.runs, runs=PAIRS, decided=enough)
