"""What verifying a release will probably cost in hours of its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.catalogue import Benchmark
from evaluators.weights import resolve
from flows.options import VerifyOptions
from flows.verification.artifact import format_of
from flows.verification.jobs import Job, make_criteria, plan_jobs
from flows.verification.read_claims import read_pages
from warehouse.claim_records import Claim, Criterion
from warehouse.home import Home
from warehouse.queries.verification import Cost, claims_of, costs
from warehouse.verdicts import plan_criterion
from warehouse.verdicts.statistics.sample_size import SamplePlan

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


def estimate(model: str, claims: Sequence[Claim], options: VerifyOptions, home: Home) -> Estimate:
    """Expected cost of verifying these claims, if they are true: such runs take longest."""
    work = plan_jobs(claims, options.benchmarks, options.sandbox)
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


def _items(job: Job, options: VerifyOptions) -> int:
    """Items until every claim of the job is decided."""
    criteria = make_criteria(job.claims, options).values()
    if options.full:
        return max(criterion.items for criterion in criteria)
    expected = [plan_criterion(criterion) for criterion in criteria]
    return max(one.prospects[0].items if one.prospects else one.budget for one in expected)


def _default(benchmark: Benchmark) -> float:
    return GENERATED if benchmark.output == "generate_until" else CHOSEN


@dataclass(frozen=True)
class ClaimPlan:
    """One claim, and what a verdict on it would take."""

    claim: Claim
    kind: str
    """`scores`, `speed`, `specification` or `refused`."""
    criterion: Criterion | None
    plan: SamplePlan | None
    """For scores only."""
    cost: Cost | None
    """Of one item, from an earlier run; None if there was none."""
    text: str = ""
    """Why it cannot be run."""


def claim_plans(model: str, options: VerifyOptions, home: Home, *, budget: float | None) -> tuple[str, list[ClaimPlan]]:
    """The release's model id, and one plan a claim. budget: share of the items that may be used.

    Nothing is written and no weights are pulled. Raises UserError for an unknown release or an unreadable card.
    """
    format_of(options.backend)
    release = resolve(model, options.revision)
    pages = read_pages(release)
    known = {claim.claim_id: claim for claim in claims_of(home, release.model)}
    for claim in (claim for reading, _ in pages for claim in reading.claims):
        known.setdefault(claim.claim_id, claim)
    work = plan_jobs(known.values(), options.benchmarks, options.sandbox)
    spent = costs(home, release.model, options.backend)
    found = []
    for job in work.jobs:
        kind = "speed" if job.benchmark.evaluator == "speed" else "scores"
        for claim_id, criterion in make_criteria(job.claims, options).items():
            prospect = plan_criterion(criterion, budget=budget) if kind == "scores" else None
            found.append(ClaimPlan(known[claim_id], kind, criterion, prospect, spent.get(job.benchmark.name)))
    criteria = make_criteria(work.specification, options)
    found += [ClaimPlan(claim, "specification", criteria[claim.claim_id], None, None) for claim in work.specification]
    found += [ClaimPlan(each.claim, "refused", None, None, None, each.text) for each in work.refused]
    return release.model, found
