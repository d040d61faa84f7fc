"""Which releases are due, and in which order they are worth the device's time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from warehouse.queries.scheduling import CurrentVerdict

LAUNCH = timedelta(days=7)
"""A release is verified again once this long after its first push: by then vendors and engines have fixed much."""
FRESH = timedelta(days=60)
"""How long a release that watching found, and that got no verdict, is tried again."""


class Priority(IntEnum):
    """Why a release is due; the smaller the number, the sooner."""

    cut_off = 0
    new_release = 1
    never_checked = 2
    launch_week = 3
    old_verdict = 4
    engine_changed = 5


@dataclass(frozen=True)
class DueRelease:
    """One release that is due."""

    model: str
    target: str
    """What `verify_release` takes: a hub id, or the folder that it was verified from."""
    priority: Priority
    why: str
    """One line for people."""
    again: bool
    """Judge current verdicts anew. An unchanged release on an unchanged engine costs no request even then."""
    newest_first: datetime | None
    """When it was pushed: the newest go first among equals."""


def due_releases(
    current: Iterable[CurrentVerdict],
    *,
    now: datetime,
    weeks: float = 4,
    engine: str | None = None,
    asked: Sequence[str] = (),
    cut: Collection[str] = (),
) -> tuple[list[DueRelease], dict[str, str]]:
    """The releases that are due, highest priority first, and why others with open claims are not (model -> reason).

    weeks: age at which a verdict is old. engine: version of the serving engine now; None if it cannot be told.
    asked: hub ids or folders that are due whatever the warehouse says of them. cut: releases whose verification was
    cut off: what is due of them goes on before anything else.
    """
    due, left = [], {}
    for verdicts in current:
        reason = _reason(verdicts, now, weeks, engine)
        if reason is None:
            continue
        if verdicts.excluded is not None:
            left[verdicts.model] = verdicts.excluded
            continue
        target = _target(verdicts)
        if target is None:
            left[verdicts.model] = "no hub id is known for it, and no folder that it was verified from"
            continue
        priority, why = reason
        again = priority > Priority.never_checked
        if verdicts.model in cut or target in cut:
            priority, why = Priority.cut_off, f"its verification was cut off; {why}"
        due.append(DueRelease(verdicts.model, target, priority, why, again, verdicts.pushed or verdicts.created))
    known = {release.target for release in due}
    for target in asked:
        target = str(Path(target).resolve()) if Path(target).is_dir() else target
        if target not in known:
            priority, why = Priority.new_release, "asked for"
            if target in cut:
                priority, why = Priority.cut_off, "its verification was cut off; asked for"
            due.append(DueRelease(target, target, priority, why, False, None))
    return sorted(due, key=_rank), left


def _rank(due: DueRelease) -> tuple[int, float, str]:
    return due.priority, -due.newest_first.timestamp() if due.newest_first else 0.0, due.model


def _reason(verdicts: CurrentVerdict, now: datetime, weeks: float, engine: str | None) -> tuple[Priority, str] | None:
    """The strongest reason why a release is due; None if it is not."""
    if (
        verdicts.pushed
        and verdicts.pushed > now - FRESH
        and (verdicts.newest is None or verdicts.pushed > verdicts.newest)
    ):
        what = "new release" if verdicts.newest is None else "new weights"
        return Priority.new_release, f"{what}, seen {verdicts.pushed:%Y-%m-%d}"
    if verdicts.unjudged:
        return Priority.never_checked, f"{verdicts.unjudged} of {verdicts.claims} claims never checked"
    if verdicts.newest and verdicts.created and verdicts.newest < verdicts.created + LAUNCH <= now:
        return Priority.launch_week, f"a week after its launch on {verdicts.created:%Y-%m-%d}"
    if verdicts.oldest and verdicts.oldest < now - timedelta(weeks=weeks):
        return Priority.old_verdict, f"verdicts of {verdicts.oldest:%Y-%m-%d} are older than {weeks:g} weeks"
    others = [version for version in verdicts.engines if engine and version != engine]
    if others:
        return Priority.engine_changed, f"serving engine changed from {others[0]} to {engine}"
    return None


def _target(verdicts: CurrentVerdict) -> str | None:
    if verdicts.location and verdicts.location != "hub":
        return verdicts.location if Path(verdicts.location).is_dir() else None
    return verdicts.model if verdicts.location == "hub" or verdicts.model.count("/") == 1 else None
