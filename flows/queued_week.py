"""A week on many machines: each due release is a flow run of its own, and the last look at them writes the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from flows.options import ENVIRONMENT_ONLY, RunOptions
from flows.runtime.progress_lines import say
from flows.scheduling.flow_run_queue import (
    QueuedRelease,
    bring_back,
    lost_models,
    queue_releases,
    queue_report,
    states_of,
    week_of,
)
from flows.scheduling.lost_runs import own_run
from flows.scheduling.queue import QueueEntry, within
from flows.scheduling.week_record import WeekRecord, read_week, save_week, still_open, week_report
from flows.scheduling.weekly_report import WeeklyReport, line
from flows.weekly import consider_release, look_for_due, write_report
from warehouse.home import Home
from warehouse.load import load_home

FIRST_LOOK = timedelta(seconds=5)
"""Behind the verifications, which are due now."""
LOOK_AGAIN = timedelta(minutes=5)
"""Until another run looks again where verifications go on; none holds a worker meanwhile."""


def plan_queue(
    home: Home, deployment: str, hours: float, weeks: float, releases: Sequence[str], options: RunOptions
) -> tuple[WeeklyReport, list[QueueEntry]]:
    """Watch, read the claims of what is due, and fill the budget by estimates, the worthiest first. Returns the report
    so far and the entries to be queued, in order."""
    load_home(home)
    seen, agenda, left = look_for_due(home, options, weeks, releases, cut=lost_models(deployment))
    remaining, lines, entries = hours, [], []
    for due in agenda:
        entry = within(consider_release(due, options, home.root), remaining)
        if entry.left_out is None:
            remaining -= entry.estimate.hours if entry.estimate else 0.0
            entries.append(entry)
        lines.append(line(entry, "skipped" if entry.left_out else "queued"))
    return WeeklyReport(seen, tuple(lines), left, hours), entries


def queue_week(
    home: Home, deployment: str, report: WeeklyReport, entries: Sequence[QueueEntry], options: RunOptions
) -> WeekRecord:
    """Queue a run for each entry, and keep what was queued in the home folder. Whoever queues twice gets the same
    runs."""
    now = datetime.now(UTC)
    asked = options.model_dump(mode="json", include=options.model_fields_set - set(ENVIRONMENT_ONLY))
    wanted = [
        QueuedRelease(entry.due_release.target, asked | ({"again": True} if entry.due_release.again else {}))
        for entry in entries
    ]
    runs = queue_releases(deployment, wanted, now)
    by_model = {entry.due_release.model: runs[entry.due_release.target] for entry in entries}
    own = own_run()
    record = WeekRecord(
        f"{week_of(now)}-{own.id.hex[:8] if own else f'{now:%H%M%S}'}", now, report, deployment, by_model
    )
    save_week(home, record)
    say(f"{len(by_model)} releases are queued on {deployment}")
    return record


def queue_week_report(record: WeekRecord, deployment: str) -> None:
    """Queue the run that writes the report."""
    if not queue_report(record.name, deployment, {"report_of": record.name}, FIRST_LOOK):
        say("no deployment of the flow weekly has the same work pool: no report of this week will be written")


def close_week(home: Home, name: str) -> WeeklyReport | None:
    """Write the report of a week whose verifications have all ended; else queue another look, and return None."""
    record = read_week(home, name)
    bring_back(record.deployment)
    states = states_of(list(record.runs.values()))
    waiting = still_open(record, states)
    if waiting:
        say(f"{len(waiting)} of {len(record.runs)} verifications have not ended, {waiting[0]} among them")
        own = own_run()
        queue_report(name, record.deployment, {"report_of": name}, LOOK_AGAIN, after=str(own.id) if own else "")
        return None
    report = week_report(record, states, home)
    write_report(report, home)
    return report
