"""What verifying a release would take, claim by claim, before anything is run."""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.weights import resolve
from flows.choosing import format_of
from flows.judging import lock_all
from flows.options import Options
from flows.planning import plan
from flows.reading import read_pages
from warehouse.home import Home
from warehouse.ledger_queries import Cost, claims_of, costs
from warehouse.records import Claim, Lock
from warehouse.verdicts import plan_lock
from warehouse.verdicts.planning import Plan


@dataclass(frozen=True)
class Outlook:
    """One claim, and what a verdict on it would take."""

    claim: Claim
    kind: str
    """`scores`, `speed`, `specification` or `refused`."""
    lock: Lock | None
    plan: Plan | None
    """For scores only."""
    cost: Cost | None
    """Of one item, from an earlier run; None if there was none."""
    text: str = ""
    """Why it cannot be run."""


def outlooks(model: str, options: Options, home: Home, *, budget: float | None) -> tuple[str, list[Outlook]]:
    """The release's model id, and one outlook a claim. budget: share of the items that may be used.

    Nothing is written and no weights are pulled. Raises Problem for an unknown release or an unreadable card.
    """
    format_of(options.backend)
    release = resolve(model, options.revision)
    pages = read_pages(release)
    known = {claim.claim_id: claim for claim in claims_of(home, release.model)}
    for claim in (claim for reading, _ in pages for claim in reading.claims):
        known.setdefault(claim.claim_id, claim)
    work = plan(known.values(), options.benchmarks)
    spent = costs(home, release.model, options.backend)
    found = []
    for job in work.jobs:
        kind = "speed" if job.benchmark.evaluator == "speed" else "scores"
        for claim_id, lock in lock_all(job.claims, options).items():
            prospect = plan_lock(lock, budget=budget) if kind == "scores" else None
            found.append(Outlook(known[claim_id], kind, lock, prospect, spent.get(job.benchmark.name)))
    locks = lock_all(work.specification, options)
    found += [Outlook(claim, "specification", locks[claim.claim_id], None, None) for claim in work.specification]
    found += [Outlook(each.claim, "refused", None, None, None, each.text) for each in work.refused]
    return release.model, found
