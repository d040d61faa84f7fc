"""From runs to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from evaluators.catalogue import benchmark
from evaluators.records import Run, RunStatus
from flows.options import Options
from flows.planning import Job
from warehouse.home import Home
from warehouse.ledger_queries import flip_rate, items_of_run, other_cells
from warehouse.records import Claim, Lock, Verdict


def lock_all(claims: Iterable[Claim], options: Options) -> dict[str, Lock]:
    """The bar of each claim, by claim id; to be stored before the run."""
    from warehouse.verdicts import lock

    return {
        claim.claim_id: lock(
            claim, benchmark(claim.benchmark or ""), order_seed=options.order_seed, alpha=options.alpha
        )
        for claim in claims
    }


def judge_run(claims: Iterable[Claim], locks: Mapping[str, Lock], run: Run, home: Home) -> list[Verdict]:
    """One verdict a claim, each against the lock that was stored before the run (`locks`: by claim id).

    The run must be loaded into the warehouse, from which examples and the other numbers of the claim's table come.
    """
    from warehouse.verdicts import could_not_run, judge

    verdicts = []
    for claim in claims:
        lock, now = locks[claim.claim_id], datetime.now(UTC)
        measurement = next(
            (
                found
                for found in run.measurements
                if (found.benchmark, found.metric, found.filter) == (lock.benchmark, lock.metric, lock.filter)
            ),
            None,
        )
        if measurement is None and run.evaluator == "specification":
            text = f"the release's files do not say its {claim.benchmark_text.lower()}"
            verdicts.append(could_not_run(claim, "not_stated_in_files", text, now=now))
        elif measurement is None and run.status is not RunStatus.invalid:
            text = f"the run gave no score {lock.metric},{lock.filter}"
            verdicts.append(could_not_run(claim, "no_score", text, now=now))
        else:
            flips = flip_rate(home, run, lock.metric, lock.filter)
            known = run if flips is None else run.model_copy(update={"signals": run.signals | {"flip_rate": flips}})
            examples = items_of_run(home, run.run_id, lock.metric, lock.filter) if run.evaluator == "lm-eval" else []
            cells = other_cells(home, claim)
            verdicts.append(judge(claim, lock, known, measurement, now=now, other_cells=cells, items=examples))
    return verdicts


def passengers(job: Job) -> set[str]:
    """Ids of the claims that state other settings than the run will have: judged with it, but not worth an item.

    Empty if that would leave no claim to run for.
    """
    protocol = job.benchmark.protocol.model_dump()
    fields = set(job.benchmark.decides) - {"metric", "filter"}
    apart = {
        claim.claim_id
        for claim in job.claims
        for name, stated in claim.settings.model_dump(include=fields, exclude_none=True).items()
        if protocol[name] is not None and stated != protocol[name]
    }
    return apart if len(apart) < len(job.claims) else set()
