"""What verifying a release will probably cost in hours of its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.catalogue import Benchmark
from evaluators.protocols.release_kind import ReleaseKind, read_release_kind
from evaluators.records import Protocol
from evaluators.weights import resolve
from flows.options import RunOptions, VerifyOptions
from flows.verification.artifact import format_of
from flows.verification.jobs import Job, JobPlan, make_criteria, plan_jobs, protocol_criteria
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
    """Expected cost of verifying these claims, if each is true under its most plausible protocol."""
    work = plan_jobs(claims, options.benchmarks, options=options)
    spent = costs(home, model, options.backend)
    seconds, measured = START if work.jobs else 0.0, 0
    jobs = [job for job in work.jobs if not job.protocols or _first(job, work)]
    for job in jobs:
        known = spent.get(job.benchmark.name)
        measured += known is not None
        if job.benchmark.evaluator == "speed":
            seconds += SPEED
        else:
            seconds += _items(job, work, options) * (known.seconds if known else _default(job.benchmark))
    basis = "nothing to run" if not jobs else "defaults" if not measured else "earlier runs"
    if 0 < measured < len(jobs):
        basis = f"earlier runs for {measured} of {len(jobs)} benchmarks, else defaults"
    return Estimate(seconds / 3600, basis, len(jobs), len(work.specification))


def _first(job: Job, work: JobPlan) -> bool:
    """Whether the job is the first one for any of its claims: the others are run only if it does not confirm."""
    return any(work.plausible[claim_id].protocols[0] in protocols for claim_id, protocols in job.protocols.items())


def _items(job: Job, work: JobPlan, options: RunOptions) -> int:
    """Items until every claim of the job is decided."""
    criteria = protocol_criteria(job, work, options).values()
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
    protocol: Protocol | None = None
    """The protocol of the run that it is about; a claim has a plan for each of its protocols."""
    missing: tuple[str, ...] = ()
    """Plausible ways of asking that cannot be run here."""


def claim_plans(
    model: str, options: VerifyOptions, home: Home, *, budget: float | None
) -> tuple[str, ReleaseKind, list[ClaimPlan]]:
    """The release's model id and kind, and one plan a claim and protocol. budget: share of the items that may be used.

    Nothing is written and no weights are pulled. Raises UserError for an unknown release or an unreadable card.
    """
    format_of(options.backend)
    release = resolve(model, options.revision)
    pages = read_pages(release)
    known = {claim.claim_id: claim for claim in claims_of(home, release.model)}
    for claim in (claim for reading, _ in pages for claim in reading.claims):
        known.setdefault(claim.claim_id, claim)
    kind = read_release_kind(release, weights=resolve(options.weights) if options.weights else None)
    work = plan_jobs(known.values(), options.benchmarks, kind=kind, options=options)
    spent = costs(home, release.model, options.backend)
    found = []
    for job in work.jobs:
        cost = spent.get(job.benchmark.name)
        if not job.protocols:
            found += [
                ClaimPlan(known[claim_id], "speed", criterion, None, cost)
                for claim_id, criterion in make_criteria(job.claims, options).items()
            ]
            continue
        criteria = protocol_criteria(job, work, options)
        for claim in job.claims:
            for protocol in job.protocols[claim.claim_id]:
                criterion = criteria[claim.claim_id, protocol.name]
                plan = plan_criterion(criterion, budget=budget)
                missing = work.plausible[claim.claim_id].missing
                found.append(ClaimPlan(claim, "scores", criterion, plan, cost, "", protocol, missing))
    stated = make_criteria(work.specification, options)
    found += [ClaimPlan(claim, "specification", stated[claim.claim_id], None, None) for claim in work.specification]
    found += [ClaimPlan(each.claim, "refused", None, None, None, each.text) for each in work.refused]
    order = {claim_id: place for place, claim_id in enumerate(known)}
    found.sort(key=lambda plan: order[plan.claim.claim_id])
    return release.model, kind, found
