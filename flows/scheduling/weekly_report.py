"""What a week brought: found, verified, flagged, skipped and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows.options import RunOptions
from flows.scheduling.queue import HOURS, WEEKS, QueueEntry, ScanResult, all_due, consider, scan_watched, within
from flows.scheduling.watch import watch_list
from warehouse.home import Home
from warehouse.reports.markdown_text import as_markdown_text
from warehouse.store import has_database, reading_once


@dataclass(frozen=True)
class Line:
    """What became of one release."""

    model: str
    became: str
    """`verified`, `flagged`, `skipped`, `failed`; `to verify` in a dry run, `queued` where each is a run of its own."""
    due: str
    """Why it was due."""
    claims: int
    """Claims about it."""
    judged: int
    """Verdicts made."""
    flagged: int
    """Current verdicts that are flagged."""
    standing: int
    """Of them, those that stand among all tested claims (false discovery rate at most 5 %)."""
    hours_expected: float | None
    """Estimate in hours of the device."""
    hours: float | None
    """Hours it took."""
    why: str
    """Why it was skipped or failed; else where the estimate comes from."""


@dataclass(frozen=True)
class WeeklyReport:
    """One week."""

    scan: ScanResult
    """What watching found."""
    lines: tuple[Line, ...]
    """Releases that were due, worthiest first."""
    left: dict[str, str]
    """Models with open claims that cannot be verified -> why."""
    budget: float
    """Hours of the device that there were."""

    @property
    def expected(self) -> float:
        """Hours that the releases not left out are expected to take."""
        return sum(line.hours_expected or 0.0 for line in self.lines if line.became != "skipped")


def line(
    entry: QueueEntry,
    became: str,
    *,
    why: str = "",
    judged: int = 0,
    flagged: int = 0,
    standing: int = 0,
    hours: float | None = None,
) -> Line:
    """The line of an entry."""
    cost = entry.estimate
    basis = f"estimate from {cost.basis}" if cost else ""
    return Line(
        model=entry.due_release.model,
        became=became,
        due=entry.due_release.why,
        claims=entry.claims,
        judged=judged,
        flagged=flagged,
        standing=standing,
        hours_expected=cost.hours if cost else None,
        hours=hours,
        why=why or entry.left_out or basis,
    )


def headline(report: WeeklyReport) -> str:
    """One line: how many were found, verified, flagged, failed and skipped."""
    count = dict.fromkeys(("to verify", "queued", "verified", "flagged", "failed", "skipped"), 0)
    for entry in report.lines:
        count[entry.became] += 1
    parts = [f"{len(report.scan.found)} found", *(f"{n} {name}" for name, n in count.items() if n)]
    return ", ".join(parts)


def report_rows(report: WeeklyReport) -> list[dict[str, Any]]:
    """One row a release, for JSON."""
    return [asdict(entry) for entry in report.lines]


def artifact_table(report: WeeklyReport) -> list[dict[str, Any]]:
    """The same rows for Prefect's pages, which render cells as Markdown."""
    return [
        {name: as_markdown_text(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
        for row in report_rows(report)
    ]


def record(report: WeeklyReport) -> dict[str, Any]:
    """The weekly report for JSON."""
    seen = report.scan
    return {
        "found": [model.model_dump(mode="json") for model in seen.found],
        "excluded": [model.model_dump(mode="json") for model in seen.excluded],
        "not_scanned": seen.failed,
        "releases": report_rows(report),
        "left": report.left,
        "budget_hours": report.budget,
        "expected_hours": report.expected,
    }


def weekly_markdown(report: WeeklyReport) -> str:
    """A page for a Prefect Markdown artifact; names are escaped."""
    lines = [f"# {headline(report)}", "", f"Budget {report.budget:g} h, expected {report.expected:.1f} h.", ""]
    lines += ["| release | due | became | claims | judged | flagged | standing | expected | took | why |"]
    lines += ["|---|---|---|---:|---:|---:|---:|---:|---:|---|"]
    for entry in report.lines:
        cells = [entry.model, entry.due, entry.became, entry.claims, entry.judged, entry.flagged, entry.standing]
        cells += [_hours(entry.hours_expected), _hours(entry.hours), entry.why]
        lines.append("| " + " | ".join(as_markdown_text(str(cell)) for cell in cells) + " |")
    seen = report.scan
    lines += _section("Not scanned", seen.failed)
    lines += _section("Found", {model.model: model.kind for model in seen.found})
    lines += _section("Excluded", {model.model: str(model.reason) for model in seen.excluded})
    lines += _section("Cannot be verified", report.left)
    return "\n".join(lines) + "\n"


def grouped(reasons: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """(reason, models), the reason of most models first."""
    models_of: dict[str, list[str]] = {}
    for model, reason in reasons.items():
        models_of.setdefault(reason, []).append(model)
    return sorted(models_of.items(), key=lambda group: (-len(group[1]), group[0]))


def _section(title: str, reasons: Mapping[str, str]) -> Iterable[str]:
    if not reasons:
        return []
    entries = [
        f"- {as_markdown_text(reason)}: {as_markdown_text(', '.join(models))}" for reason, models in grouped(reasons)
    ]
    return ["", f"## {title}", "", *entries]


def _hours(hours: float | None) -> str:
    return "" if hours is None else f"{hours:.2f} h"


def propose_week(
    home: Home, options: RunOptions, *, hours: float = HOURS, weeks: float = WEEKS, releases: Sequence[str] = ()
) -> WeeklyReport:
    """What `weekly` would do now, with the same arguments. Writes nothing under the home folder."""
    with _readable(home) as readable:
        seen = scan_watched(readable, watch_list(home), store=False)
        with reading_once(readable):
            agenda, left = all_due(readable, options, seen.found, weeks=weeks, asked=releases)
            remaining, lines = hours, []
            for due in agenda:
                entry = within(consider(due, options, readable, store=False), remaining)
                if entry.left_out is None and entry.estimate:
                    remaining -= entry.estimate.hours
                lines.append(line(entry, "to verify" if entry.left_out is None else "skipped"))
    return WeeklyReport(seen, tuple(lines), left, hours)


@contextmanager
def _readable(home: Home) -> Iterator[Home]:
    """The home itself, or an empty one elsewhere if it has no database yet: reading would make one."""
    if has_database(home):
        yield home
        return
    with TemporaryDirectory() as folder:
        yield Home(Path(folder))
