"""From runs to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from evaluators.catalogue import benchmark
from evaluators.records import Run
from flows.options import Options
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


def judge_run(claims: Iterable[Claim], locks: Mapping[str, Lock], run: Run) -> list[Verdict]:
    """One verdict a claim, each against the lock that was stored before the run (`locks`: by claim id)."""
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
        elif measurement is None:
            text = f"the run gave no score {lock.metric},{lock.filter}"
            verdicts.append(could_not_run(claim, "no_score", text, now=now))
        else:
            verdicts.append(judge(claim, lock, run, measurement, now=now))
    return verdicts
