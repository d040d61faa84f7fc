"""Which releases are due, and in which order they are worth the device's time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from warehouse.queries.scheduling import CurrentVerdict

LAUNCH = timedelta(days=7)
"""A release is verified again once this long after its first push: by then vendors and engines have mended much."""
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
    worth: Priority
    why: str
    """One line for people."""
    again: bool
    """Judge current verdicts anew. An unchanged release on an unchanged engine costs no request even then."""
    newest_first: datetime | None
    """When it was pushed: the newest go first among equals."""


def due_releases(
    standing: Iterable[CurrentVerdict],
    *,
    now: datetime,
    weeks: float = 4,
    engine: str | None = None,
    asked: Sequence[str] = (),
    cut: Collection[str] = (),
) -> tuple[list[DueRelease], dict[str, str]]:
    """The releases that are due, worthiest first, and why others with open claims are not (model -> reason).

    weeks: age at which a verdict is old. engine: version of the serving engine now; None if it cannot be told.
    asked: hub ids or folders that are due whatever the warehouse says of them. cut: releases whose verification was
    cut off: what is due of them goes on before anything else.
    """
    due, left = [], {}
    for standing_release in standing:
        reason = _reason(standing_release, now, weeks, engine)
        if reason is None:
            continue
        if standing_release.excluded is not None:
            left[standing_release.model] = standing_release.excluded
            continue
        target = _target(standing_release)
        if target is None:
            left[standing_release.model] = "no hub id is known for it, and no folder that it was verified from"
            continue
        worth, why = reason
        again = worth > Priority.never_checked
        if standing_release.model in cut or target in cut:
            worth, why = Priority.cut_off, f"its verification was cut off; {why}"
        due.append(
            DueRelease(
                standing_release.model, target, worth, why, again, standing_release.pushed or standing_release.created
            )
        )
    known = {release.target for release in due}
    for target in asked:
        target = str(Path(target).resolve()) if Path(target).is_dir() else target
        if target not in known:
            worth, why = Priority.new_release, "asked for"
            if target in cut:
                worth, why = Priority.cut_off, "its verification was cut off; asked for"
            due.append(DueRelease(target, target, worth, why, False, None))
    return sorted(due, key=_rank), left


def _rank(due: DueRelease) -> tuple[int, float, str]:
    return due.worth, -due.newest_first.timestamp() if due.newest_first else 0.0, due.model


def _reason(standing: CurrentVerdict, now: datetime, weeks: float, engine: str | None) -> tuple[Priority, str] | None:
    """The worthiest reason why a release is due; None if it is not."""
    if (
        standing.pushed
        and standing.pushed > now - FRESH
        and (standing.newest is None or standing.pushed > standing.newest)
    ):
        what = "new release" if standing.newest is None else "new weights"
        return Priority.new_release, f"{what}, seen {standing.pushed:%Y-%m-%d}"
    if standing.unjudged:
        return Priority.never_checked, f"{standing.unjudged} of {standing.claims} claims never checked"
    if standing.newest and standing.created and standing.newest < standing.created + LAUNCH <= now:
        return Priority.launch_week, f"a week after its launch on {standing.created:%Y-%m-%d}"
    if standing.oldest and standing.oldest < now - timedelta(weeks=weeks):
        return Priority.old_verdict, f"verdicts of {standing.oldest:%Y-%m-%d} are older than {weeks:g} weeks"
    others = [version for version in standing.engines if engine and version != engine]
    if others:
        return Priority.engine_changed, f"serving engine changed from {others[0]} to {engine}"
    return None


def _target(standing: CurrentVerdict) -> str | None:
    if standing.location and standing.location != "hub":
        return standing.location if Path(standing.location).is_dir() else None
    return standing.model if standing.location == "hub" or standing.model.count("/") == 1 else None
