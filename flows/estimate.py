"""What verifying a release will probably cost in hours of its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.catalogue import Benchmark
from flows.judging import lock_all
from flows.options import Options
from flows.planning import Job, plan
from warehouse.home import Home
from warehouse.ledger_queries import costs
from warehouse.records import Claim
from warehouse.verdicts import plan_lock

START = 600.0
"""Seconds to pull weights and start a server, where nothing is known."""
GENERATED, CHOSEN, SPEED = 2.0, 0.2, 300.0
"""Seconds for an item with a generated answer, one with choices, and a speed measurement, where nothing is known."""


@dataclass(frozen=True)
class Estimate:
    """Expected cost of one verification."""

    hours: float
    """Hours of the device."""
    basis: str
    """Where the figure comes from."""
    jobs: int
    """Benchmarks and speed measurements to run."""
    free: int
    """Claims that the release's own files decide, without the device."""


def estimate(model: str, claims: Sequence[Claim], options: Options, home: Home) -> Estimate:
    """Expected cost of verifying these claims, if they are true: such runs take longest."""
    work = plan(claims, options.benchmarks)
    spent = costs(home, model, options.backend)
    seconds, measured = START if work.jobs else 0.0, 0
    for job in work.jobs:
        known = spent.get(job.benchmark.name)
        measured += known is not None
        if job.benchmark.evaluator == "speed":
            seconds += SPEED
        else:
            seconds += _items(job, options) * (known.seconds if known else _default(job.benchmark))
    basis = "nothing to run" if not work.jobs else "defaults" if not measured else "earlier runs"
    if 0 < measured < len(work.jobs):
        basis = f"earlier runs for {measured} of {len(work.jobs)} benchmarks, else defaults"
    return Estimate(seconds / 3600, basis, len(work.jobs), len(work.specification))


def _items(job: Job, options: Options) -> int:
    """Items until every claim of the job is decided."""
    locks = lock_all(job.claims, options).values()
    if options.full:
        return max(lock.items for lock in locks)
    expected = [plan_lock(lock) for lock in locks]
    return max(one.prospects[0].items if one.prospects else one.budget for one in expected)


def _default(benchmark: Benchmark) -> float:
    return GENERATED if benchmark.output == "generate_until" else CHOSEN
