"""What verifying a release will probably cost in hours of its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.backends import read_hardware
from evaluators.records import Hardware, Protocol
from flows.options import VerifyOptions
from flows.verification.jobs import JobPlan, machine_lacks, make_criteria, plan_jobs, protocol_criteria
from flows.verification.plan_subject import PlanSubject, plan_subject
from flows.verification.run_costs import RunCost, run_costs
from flows.verification.typical_speed import USUAL_BITS, TypicalSpeed, stated_size, typical_speed
from warehouse.claim_records import Claim, Criterion
from warehouse.home import Home
from warehouse.queries.verification import costs
from warehouse.verdicts import plan_criterion
from warehouse.verdicts.statistics.sample_size import SamplePlan

PULLING = 50e6
"""Bytes per second that weights arrive at: a line of 400 Mbit/s."""
STARTING = 60.0
"""Seconds until a server answers."""


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
    """Expected cost of verifying these claims, if each is true under its most plausible protocol; no weights are
    looked at."""
    work = plan_jobs(claims, options.benchmarks, options=options)
    size = stated_size(model, claims)
    weights = size.parameters * USUAL_BITS / 8
    speed = typical_speed(read_hardware(), weights, size.active / size.parameters, options.backend, options.server)
    runs = [run for run in run_costs(work, options, costs(home, model, options.backend), speed) if run.first]
    seconds = sum(run.seconds for run in runs) + (STARTING + weights / PULLING if runs else 0.0)
    return Estimate(seconds / 3600, basis_of(runs), len(runs), len(work.specification))


def basis_of(runs: Sequence[RunCost]) -> str:
    """Where the figures of these runs come from."""
    measured = sum(run.basis == "earlier run" for run in runs)
    if not runs:
        return "nothing to run"
    if not measured:
        return "defaults"
    return "earlier runs" if measured == len(runs) else f"earlier runs for {measured} of {len(runs)}, else defaults"


@dataclass(frozen=True)
class ClaimPlan:
    """One claim, and what a verdict on it would take."""

    claim: Claim
    kind: str
    """`scores`, `speed`, `specification` or `refused`."""
    criterion: Criterion | None
    plan: SamplePlan | None
    """For scores only."""
    text: str = ""
    """Why it cannot be run."""
    protocol: Protocol | None = None
    """The protocol of the run that it is about; a claim has a plan for each of its protocols."""
    missing: tuple[str, ...] = ()
    """Plausible ways of asking that cannot be run here, and what this machine lacks for its run."""


@dataclass(frozen=True)
class ReleasePlan:
    """What verifying a release would take."""

    subject: PlanSubject
    claims: list[ClaimPlan]
    """One a claim and protocol."""
    runs: list[RunCost]
    """In their order."""
    starting: float
    """Seconds to pull what is not here and to start the server; 0 where nothing is run."""
    speed: TypicalSpeed
    """What the defaults come from."""


def release_plan(model: str, options: VerifyOptions, home: Home, machine: Hardware | None = None) -> ReleasePlan:
    """What verifying a release on `machine` (None: this one) would take.

    Nothing is written and no weights are pulled. Raises UserError for an unknown release or an unreadable card.
    """
    machine = machine or read_hardware()
    subject = plan_subject(model, options, home, machine)
    work = plan_jobs(subject.claims, options.benchmarks, kind=subject.kind, options=options, anywhere=True)
    weights = subject.weights.bytes if subject.weights else subject.size.parameters * USUAL_BITS / 8
    speed = typical_speed(machine, weights, subject.active, options.backend, options.server)
    runs = run_costs(work, options, costs(home, subject.model, options.backend), speed)
    pull = subject.weights.to_pull if subject.weights else 0.0
    starting = STARTING + pull / PULLING if any(run.lacking is None for run in runs) else 0.0
    return ReleasePlan(subject, _claim_plans(subject, work, options), runs, starting, speed)


def _claim_plans(subject: PlanSubject, work: JobPlan, options: VerifyOptions) -> list[ClaimPlan]:
    """One plan a claim and protocol, in the order of the claims."""
    known = {claim.claim_id: claim for claim in subject.claims}
    claim_plans = []
    for job in work.jobs:
        if not job.protocols:
            stated = make_criteria(job.claims, options).items()
            claim_plans += [ClaimPlan(known[claim_id], "speed", criterion, None) for claim_id, criterion in stated]
            continue
        criteria = protocol_criteria(job, work, options)
        for claim in job.claims:
            for protocol in job.protocols[claim.claim_id]:
                criterion = criteria[claim.claim_id, protocol.name]
                plan = plan_criterion(criterion, budget=options.budget)
                lacking = machine_lacks(job.benchmark)
                missing = (*work.plausible[claim.claim_id].missing, *((lacking,) if lacking else ()))
                claim_plans.append(ClaimPlan(claim, "scores", criterion, plan, "", protocol, missing))
    specification_criteria = make_criteria(work.specification, options)
    claim_plans += [
        ClaimPlan(claim, "specification", specification_criteria[claim.claim_id], None) for claim in work.specification
    ]
    claim_plans += [ClaimPlan(refused.claim, "refused", None, None, refused.text) for refused in work.refused]
    order = {claim_id: rank for rank, claim_id in enumerate(known)}
    return sorted(claim_plans, key=lambda plan: order[plan.claim.claim_id])
