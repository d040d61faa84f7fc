"""Runs on variants of a benchmark: other items of the same kind, asked as the benchmark was."""

from __future__ import annotations

from evaluators.catalogue import benchmark
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Run, RunStatus
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.sharing.shared_runs import shared_runs
from flows.verification.jobs import Job
from flows.verification.measure import earlier_runs
from warehouse.home import Home

ITEMS = 400
"""Items of a variant that are asked: a 95 % interval of about seven points to either side."""


def measure_variants(job: Job, run: Run, artifact: Artifact, pool: ServerPool, home: Home) -> list[Run]:
    """The first items of each variant of a job's benchmark, in random order, under the settings of its `run`. What
    cannot be run is said and left out: no verdict waits for it."""
    if job.reference or run.status is not RunStatus.finished:
        return []
    settings = job.settings.model_copy(update={"max_tokens": run.settings.max_tokens or job.settings.max_tokens})
    runs = []
    for name in job.benchmark.variants:
        other = benchmark(name)
        try:
            with shown(f"{other.title}, a variant of {job.benchmark.title}") as tell:
                variant_run = run_benchmark(
                    other,
                    artifact,
                    pool.server(artifact),
                    settings,
                    folder=home.runs,
                    order_seed=run.order_seed,
                    limit=min(ITEMS, other.items or ITEMS),
                    reuse=earlier_runs(home, artifact, name),
                    progress=tell,
                    store=shared_runs(),
                )
        except Exception as error:
            say(f"  {other.title} was not run: {str(error).partition(chr(10))[0][:200]}")
            continue
        if variant_run.status is RunStatus.finished:
            runs.append(variant_run)
    return runs
