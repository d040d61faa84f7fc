"""What is shown beside a claim where asked for: other items of the same kind, asked as the benchmark was, and the two
sides of the release date where problems are dated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from evaluators.catalogue import benchmark
from evaluators.harness import run_benchmark
from evaluators.item_pairs import ItemKey, dates_of, originals_of
from evaluators.records import Artifact, Run, RunStatus, UserError
from evaluators.weights.hub import hub_listing
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.sharing.shared_runs import shared_runs
from flows.verification.jobs import Job
from flows.verification.measure import earlier_runs
from warehouse.claim_records import Criterion, Verdict
from warehouse.home import Home
from warehouse.queries.paired_items import item_values
from warehouse.verdicts.variants import around_release, beside_originals, variant_key, with_variants

T = TypeVar("T")
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


def beside_claim(
    verdict: Verdict, criterion: Criterion, job: Job, run: Run, others: Sequence[Run], home: Home
) -> Verdict:
    """The verdict with the scores on variants, paired with their originals where the catalogue knows these, and on both
    sides of the release date where the problems are dated. The outcome stays as it is."""
    verdict = with_variants(verdict, criterion, others)
    key = criterion.score_key
    asked = item_values(home, run.run_id, *key)
    scores = []
    for score in verdict.variants:
        other = next(other for other in others if other.run_id == score.run_id)
        originals = _told(lambda name=score.benchmark: originals_of(benchmark(name), job.benchmark), {})  # type: ignore[misc]
        own = variant_key(other, *key) or key
        scores.append(beside_originals(score, item_values(home, other.run_id, *own), asked, originals))
    if job.benchmark.windowed and run.status is RunStatus.finished and (released := _released(job)) is not None:
        dates = _told(lambda: dates_of(job.benchmark, run.settings.subset), {})
        scores += around_release(run, asked, dates, released)
    return verdict.model_copy(update={"variants": tuple(scores)}) if scores else verdict


def _told(read: Callable[[], dict[ItemKey, T]], without: dict[ItemKey, T]) -> dict[ItemKey, T]:
    """What documents say; nothing where they cannot be had: no verdict waits for it."""
    try:
        return read()
    except UserError as problem:
        say(f"  {str(problem)[:200]}")
        return without


def _released(job: Job) -> date | None:
    """Day of the first push of the claims' release to the hub; None where the hub does not say."""
    try:
        created = hub_listing(job.claims[0].model, None)[0].created_at
    except UserError:
        return None
    return created.date() if created is not None else None
