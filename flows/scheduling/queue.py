"""The week's agenda: what is due, what it would cost, and what is left out and why. Runs nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from evaluators.backends.registry import engine_version
from evaluators.records import UserError
from evaluators.weights import resolve
from flows.options import RunOptions, for_release
from flows.runtime.under_way import cut_off
from flows.scheduling.priority import DueRelease, Priority, due_releases
from flows.scheduling.watch import WatchList, scan_source
from flows.verification.artifact import check_request
from flows.verification.cost import Estimate, estimate
from flows.verification.jobs import plan_jobs
from flows.verification.judge import refuse
from flows.verification.read_claims import keep, read_pages
from warehouse.claim_records import Claim
from warehouse.home import Home
from warehouse.hub_scans import SeenModel
from warehouse.queries.scheduling import CurrentVerdict, last_verdicts, models_with_open_claims
from warehouse.queries.verification import claims_of

HOURS = 20.0
"""Hours of the device that a week may take if nothing else is said."""
WEEKS = 4.0
"""Age in weeks at which a verdict is old."""
BLANK = CurrentVerdict("", 0, 0, None, None, (), None, None, None, None)


@dataclass(frozen=True)
class ScanResult:
    """What a scan of the hub gave."""

    found: tuple[SeenModel, ...] = ()
    """New models and commits that can be verified."""
    excluded: tuple[SeenModel, ...] = ()
    """The others, each with its reason."""
    failed: dict[str, str] = field(default_factory=dict)
    """Source -> why it could not be scanned."""


@dataclass(frozen=True)
class QueueEntry:
    """One release that is due."""

    due_release: DueRelease
    claims: int
    """Claims about it, those of its card included."""
    estimate: Estimate | None
    """None where it could not be made."""
    new_claims: int = 0
    """Claims that its card added."""
    left_out: str | None = None
    """Why it is not verified; None if it is to be."""


def scan_watched(home: Home, watch: WatchList, *, store: bool) -> ScanResult:
    """Scan the hub once. Without a network everything is in `failed`, and what is known already can go on."""
    try:
        scan = scan_source(home, watch, store=store)
    except UserError as problem:
        return ScanResult(failed={"hub": str(problem)})
    return ScanResult(scan.models, scan.excluded, scan.failed)


def all_due(
    home: Home,
    options: RunOptions,
    models: Iterable[SeenModel],
    *,
    weeks: float,
    asked: Sequence[str],
    cut: Collection[str] = (),
) -> tuple[list[DueRelease], dict[str, str]]:
    """The releases that are due, highest priority first, and why others with open claims are not. cut: releases, by
    model or folder, that were cut off on another machine."""
    now = datetime.now(UTC)
    current = {verdict.model: verdict for verdict in models_with_open_claims(home, options.backend, options.benchmarks)}
    for seen in models:
        if seen.kind != "card":
            known = current.get(seen.model, BLANK)
            current[seen.model] = replace(known, model=seen.model, created=seen.created, pushed=now, excluded=None)
    engine = engine_version(options.backend, options.server)
    return due_releases(current.values(), now=now, weeks=weeks, engine=engine, asked=asked, cut={*cut_off(home), *cut})


def consider(due_release: DueRelease, options: RunOptions, home: Home, *, store: bool) -> QueueEntry:
    """Read a due release's card, see whether it can be verified here, and estimate the cost. Pulls no weights.

    store: put new claims into the ledger, and verdicts on those that nothing here can run. What fails is the reason
    for leaving it out, never an exception.
    """
    claims: dict[str, Claim] = {}
    new = 0
    try:
        release = resolve(due_release.target)
        due_release = replace(due_release, model=release.model)
        pages = read_pages(release)
        if store:
            new = keep(pages, home)
        claims = {claim.claim_id: claim for claim in claims_of(home, release.model)}
        for claim in (claim for reading, _ in pages for claim in reading.claims):
            new += claim.claim_id not in claims
            claims.setdefault(claim.claim_id, claim)
        cost = estimate(release.model, _todo(due_release, claims, home), for_release(options), home)
        entry = QueueEntry(due_release, len(claims), cost, new)
        if not cost.jobs and not cost.free:
            if store:
                refuse(plan_jobs(claims.values(), options.benchmarks, options=options).refused, home)
            return replace(entry, left_out=_nothing(len(claims)))
        check_request(due_release.target, for_release(options), home)
    except UserError as problem:
        return QueueEntry(due_release, len(claims), None, new, left_out=str(problem))
    except Exception as error:  # a card that breaks its reader must not stop the week
        return QueueEntry(due_release, len(claims), None, new, left_out=f"{type(error).__name__}: {error}")
    return entry


def within(entry: QueueEntry, hours: float) -> QueueEntry:
    """The entry, left out if its estimate exceeds the hours that remain."""
    cost = entry.estimate.hours if entry.estimate else 0.0
    if entry.left_out or cost <= hours:
        return entry
    return replace(entry, left_out=f"needs about {cost:.1f} h, {max(hours, 0):.1f} h of the budget are left")


def _todo(due_release: DueRelease, claims: dict[str, Claim], home: Home) -> list[Claim]:
    """The claims that its verification would run: those without a verdict where only such are the reason."""
    if due_release.again or due_release.priority not in (Priority.never_checked, Priority.cut_off):
        return list(claims.values())
    judged = last_verdicts(home, claims)
    return [claim for claim in claims.values() if claim.claim_id not in judged]


def _nothing(claims: int) -> str:
    if not claims:
        return "its card makes no claim that can be read"
    return f"nothing here can run any of its {claims} claims"
