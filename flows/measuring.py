"""The runs of a verification: each function makes one run and leaves it in its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluators.harness import complete_settings, run_benchmark
from evaluators.records import Artifact, Release, Run, RunStatus, Settings
from evaluators.stopping import RunAll
from flows.judging import passengers
from flows.options import Options
from flows.planning import Job
from flows.progress import say, shown
from flows.serving import Desk
from flows.speed import speed
from warehouse.home import Home, write_atomic
from warehouse.records import Lock
from warehouse.verdicts import ClaimRule


def measure(job: Job, artifact: Artifact, desk: Desk, home: Home, locks: Sequence[Lock], options: Options) -> Run:
    """Run what a job asks for. Raises Problem if it cannot be run."""
    title = f"{job.benchmark.title} on {artifact.quantization} with {desk.backend}"
    if job.benchmark.evaluator == "speed":
        say(title)
        return speed(job, artifact, desk, home)
    server = desk.server(artifact)
    with shown(title) as tell:
        return run_benchmark(
            job.benchmark,
            artifact,
            server,
            complete_settings(job.benchmark, Settings()),
            folder=home.runs,
            order_seed=options.order_seed,
            stop=RunAll() if options.full else ClaimRule(locks, passengers=passengers(job)),
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
