"""A week whose verifications were queued: kept in the home folder until all have ended, and then the week's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from evaluators.files import read_plain, write_atomic
from evaluators.records import UserError
from flows.scheduling.flow_run_queue import FlowRunState
from flows.scheduling.weekly_report import Line, WeeklyReport
from warehouse.home import Home
from warehouse.queries.table import table_rows

FOLDER = "weeks"
LONGEST = timedelta(days=6)
"""After so long a report is written although verifications wait: the next week begins."""


@dataclass(frozen=True)
class WeekRecord:
    """What was queued."""

    name: str
    began: datetime
    report: WeeklyReport
    """With lines that became `queued` or `skipped`."""
    deployment: str
    """That the verifications were queued on."""
    runs: dict[str, str]
    """Ids of the flow runs by model."""


def save_week(home: Home, record: WeekRecord) -> None:
    """Keep it, and share it with the home folder."""
    write_atomic(home.root / FOLDER / f"{record.name}.json", TypeAdapter(WeekRecord).dump_json(record))


def read_week(home: Home, name: str) -> WeekRecord:
    """A week by its name. Raises UserError if it is not known here."""
    path = home.root / FOLDER / f"{name}.json"
    try:
        return TypeAdapter(WeekRecord).validate_json(read_plain(path))
    except (OSError, ValidationError) as error:
        raise UserError(f"no week {name} is known here ({error}); let workers share by CLAIMCHECK_RUNS") from error


def still_open(record: WeekRecord, states: Mapping[str, FlowRunState]) -> list[str]:
    """Models whose verification has not ended; none once the week is over."""
    if datetime.now(UTC) > record.began + LONGEST:
        return []
    ended = {run for run, state in states.items() if state.ended}
    return [model for model, run in record.runs.items() if run in states and run not in ended]


def week_report(record: WeekRecord, states: Mapping[str, FlowRunState], home: Home) -> WeeklyReport:
    """The week as the tables and the flow runs tell it."""
    lines = [
        _line(entry, states.get(record.runs.get(entry.model, "")), record.began, home)
        if entry.became == "queued"
        else entry
        for entry in record.report.lines
    ]
    return replace(record.report, lines=tuple(lines))


def _line(queued: Line, state: FlowRunState | None, began: datetime, home: Home) -> Line:
    if state is None:
        return replace(queued, became="failed", why="its flow run was deleted")
    if not state.ended:
        return replace(queued, became="failed", why=f"not ended within {LONGEST.days} days: {state.message}")
    if not state.completed:
        return replace(queued, became="failed", why=" ".join(state.message.split())[:300], hours=state.hours)
    rows = [row for row in table_rows(home, model=queued.model) if row["model"] == queued.model]
    flagged = sum(bool(row["flagged"]) for row in rows)
    return replace(
        queued,
        became="flagged" if flagged else "verified",
        judged=sum(row["judged_at"] is not None and _aware(row["judged_at"]) >= began for row in rows),
        flagged=flagged,
        standing=sum(bool(row["stands"]) for row in rows),
        hours=state.hours,
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
