"""Which claims of a verification are still open, and what came out under each of their protocols so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evaluators.harness.tasks import forget_tasks, load_ahead
from evaluators.records import Protocol, UserError
from flows.verification.jobs import Job, JobPlan
from flows.verification.ratio_sides import Unmeasurable
from warehouse.claim_records import Claim, Verdict
from warehouse.verdicts import combine_protocols
from warehouse.verdicts.by_protocol import decides


def find_unloadable(work: JobPlan, judged: Collection[str]) -> dict[str, str]:
    """Load the tasks of all claims about scores that have no verdict yet, before weights are pulled. By benchmark: why
    its task cannot be loaded here. judged: ids of the claims that have a verdict."""
    forget_tasks()
    unloadable: dict[str, str] = {}
    for job in work.jobs:
        if not job.protocols or job.benchmark.harness or all(claim.claim_id in judged for claim in job.claims):
            continue
        try:
            load_ahead(job.benchmark)
        except UserError as problem:
            unloadable[job.benchmark.name] = str(problem)
    return unloadable


def nothing_to_serve(work: JobPlan, unloadable: Collection[str]) -> bool:
    """Whether no task that a server is wanted for can be loaded."""
    return bool(work.jobs) and all(job.benchmark.name in unloadable for job in work.jobs)


@dataclass
class OpenClaims:
    """The state of the claims about scores while their protocols are run one after the other."""

    plan: JobPlan
    settled: set[str] = field(default_factory=set)
    """Ids of claims that were judged before, or are judged now."""
    parts: dict[str, list[tuple[Protocol, Verdict]]] = field(default_factory=dict)
    """By claim id: what came out under the protocols that were run."""
    unloadable: Mapping[str, str] = field(default_factory=dict)
    """By benchmark: why its task cannot be loaded here."""

    def load(self, job: Job) -> None:
        """Load the tasks of a job before its server starts. Raises Unmeasurable if they cannot be loaded."""
        text = self.unloadable.get(job.benchmark.name)
        if text is None and not job.benchmark.harness:
            try:
                load_ahead(job.benchmark)
            except UserError as problem:
                text = str(problem)
        if text is not None:
            raise Unmeasurable("dataset_missing", text)

    def of_job(self, job: Job) -> list[Claim]:
        """Claims of a job that are still open."""
        return [claim for claim in job.claims if claim.claim_id not in self.settled]

    def add(self, claim: Claim, parts: Sequence[tuple[Protocol, Verdict]], now: datetime) -> Verdict | None:
        """Take in what a run gave. The claim's verdict, if it needs no further run; None while it is open."""
        held = self.parts.setdefault(claim.claim_id, [])
        held += parts
        done = any(protocol.plausible and decides(verdict) for protocol, verdict in held)
        if not done and len(held) < len(self.plan.plausible[claim.claim_id].protocols):
            return None
        self.settled.add(claim.claim_id)
        return self._combined(claim, now)

    def left(self, claims: Mapping[str, Claim], now: datetime) -> list[Verdict]:
        """Verdicts of the claims that a run was made for and that are still open, from what there is."""
        return [
            self._combined(claims[claim_id], now)
            for claim_id, parts in self.parts.items()
            if claim_id not in self.settled and parts
        ]

    def _combined(self, claim: Claim, now: datetime) -> Verdict:
        plausible = self.plan.plausible[claim.claim_id]
        order = {protocol.name: rank for rank, protocol in enumerate(plausible.protocols)}
        parts = sorted(self.parts[claim.claim_id], key=lambda part: order[part[0].name])
        return combine_protocols(claim, plausible.protocols, parts, plausible.missing, now=now)
