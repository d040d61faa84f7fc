"""The week's agenda: what is due, what it would cost, and what is left out and why. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evaluators.records import Problem
from evaluators.weights import resolve
from flows.check import check
from flows.estimate import Estimate, estimate
from flows.options import Options
from flows.reading import keep, read_card_of
from flows.worth import Due, Worth
from warehouse.due import last_verdicts
from warehouse.home import Home
from warehouse.ledger_queries import claims_of
from warehouse.records import Claim


@dataclass(frozen=True)
class Entry:
    """One release that is due."""

    due: Due
    claims: int
    """Claims about it, those of its card included."""
    estimate: Estimate | None
    """None where it could not be made."""
    new_claims: int = 0
    """Claims that its card added."""
    left_out: str | None = None
    """Why it is not verified; None if it is to be."""


def consider(due: Due, options: Options, home: Home, *, store: bool) -> Entry:
    """Read a due release's card, see whether it can be verified here, and estimate the cost. Pulls no weights.

    store: put new claims into the ledger. What fails is the reason for leaving it out, never an exception.
    """
    claims: dict[str, Claim] = {}
    new = 0
    try:
        release = resolve(due.target, options.revision)
        card = read_card_of(release)
        if store:
            new = keep(card, home)
        claims = {claim.claim_id: claim for claim in claims_of(home, release.model)}
        for claim in card.reading.claims if card.reading else ():
            new += claim.claim_id not in claims
            claims.setdefault(claim.claim_id, claim)
        cost = estimate(release.model, _todo(due, claims, home), options, home)
        entry = Entry(due, len(claims), cost, new)
        if not cost.jobs and not cost.free:
            return replace(entry, left_out=_nothing(len(claims)))
        check(due.target, options)
    except Problem as problem:
        return Entry(due, len(claims), None, new, left_out=str(problem))
    return entry


def within(entry: Entry, hours: float) -> Entry:
    """The entry, left out if its estimate exceeds the hours that remain."""
    cost = entry.estimate.hours if entry.estimate else 0.0
    if entry.left_out or cost <= hours:
        return entry
    return replace(entry, left_out=f"needs about {cost:.1f} h, {max(hours, 0):.1f} h of the budget are left")


def _todo(due: Due, claims: dict[str, Claim], home: Home) -> list[Claim]:
    """The claims that its verification would run: those without a verdict where only such are the reason."""
    if due.worth != Worth.never_checked:
        return list(claims.values())
    judged = last_verdicts(home, claims)
    return [claim for claim in claims.values() if claim.claim_id not in judged]


def _nothing(claims: int) -> str:
    if not claims:
        return "its card makes no claim that can be read"
    return f"nothing here can run any of its {claims} claims"
