"""The runs of a verification: each function makes one run and leaves it in its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluators.harness import complete_settings, run_benchmark
from evaluators.records import Artifact, Release, Run, RunStatus, Settings
from evaluators.servers import ModelServer
from evaluators.stopping import RunAll
from flows.judging import passengers
from flows.options import Options
from flows.planning import Job
from flows.progress import shown
from flows.serving import Desk
from flows.speed import speed
from warehouse.home import Home, write_atomic
from warehouse.records import Lock
from warehouse.verdicts import ClaimRule

TWICE = 100
"""Items that a sampled benchmark answers twice to measure its run noise."""


def measure(job: Job, artifact: Artifact, desk: Desk, home: Home, locks: Sequence[Lock], options: Options) -> Run:
    """Run what a job asks for. Raises Problem if it cannot be run."""
    if job.benchmark.evaluator == "speed":
        return speed(job, artifact, desk, home, locks, options)
    title = f"{job.benchmark.title} on {artifact.quantization} with {desk.backend}"
    server = desk.server(artifact)
    settings = complete_settings(job.benchmark, Settings())
    with shown(title) as tell:
        run = run_benchmark(
            job.benchmark,
            artifact,
            server,
            settings,
            folder=home.runs,
            order_seed=options.order_seed,
            stop=RunAll() if options.full else ClaimRule(locks, passengers=passengers(job)),
            reuse=_earlier(home, artifact, job),
            progress=tell,
        )
    if run.status is RunStatus.finished and run.settings.temperature and (run.settings.repeats or 1) == 1:
        _answer_twice(job, artifact, server, settings, home, options)
    return run


def _answer_twice(
    job: Job, artifact: Artifact, server: ModelServer, settings: Settings, home: Home, options: Options
) -> None:
    """Let the first items be answered a second time, so that the judge knows how far two honest runs may differ."""
    with shown(f"{job.benchmark.title}, {TWICE} items a second time") as tell:
        run_benchmark(
            job.benchmark,
            artifact,
            server,
            settings.model_copy(update={"repeats": 2}),
            folder=home.runs,
            order_seed=options.order_seed,
            limit=TWICE,
            reuse=_earlier(home, artifact, job),
            progress=tell,
        )


def measure_specification(release: Release, quantization: str | None, home: Home) -> Run:
    """Read the release's own files: parameters, context window, licence; file size and memory of a quantization. No
    weights are pulled. Raises Problem if the release has no such quantization."""
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
