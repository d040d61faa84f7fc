"""What a verification found, for Prefect's artifacts and for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.records import Release
from warehouse.claim_records import Verdict
from warehouse.home import Home
from warehouse.queries.table import table_rows
from warehouse.reports.formatting import interval, number
from warehouse.reports.reasons import main_reason

SHOWN = ("benchmark_text", "claimed", "outcome", "comparability", "flagged", "headline", "run_id", "claim_id")

FAILURES = ("server_failed", "weights_missing", "memory")
"""Reasons of could_not_run that a user can mend here."""


@dataclass(frozen=True)
class Summary:
    """The result of one verification."""

    release: Release
    judged: int
    """Verdicts made now."""
    failed: int
    """Verdicts made now because a server or the weights failed."""
    flagged: int
    """Standing verdicts that are flagged."""
    rows: tuple[dict[str, Any], ...]
    """Rows of claims_vs_measured for the release."""


def summarise(home: Home, release: Release, verdicts: Sequence[Verdict]) -> Summary:
    """The standing table of a release after `verdicts` were added."""
    rows = [row for row in table_rows(home, model=release.model) if row["model"] == release.model]
    failed = sum(reason.code in FAILURES for verdict in verdicts for reason in verdict.reasons)
    return Summary(release, len(verdicts), failed, sum(bool(row["flagged"]) for row in rows), tuple(rows))


def artifact_rows(summary: Summary) -> list[dict[str, Any]]:
    """Rows for a Prefect table artifact."""
    return [{name: row[name] for name in SHOWN} | {"measured": _measured(row)} for row in summary.rows]


def verdicts_markdown(summary: Summary) -> str:
    """A page for a Prefect Markdown artifact; text from cards is escaped."""
    lines = [f"# {_cell(summary.release.model)}", "", f"Commit `{summary.release.commit}`", ""]
    lines += ["| benchmark | claimed | measured | items | outcome | settings | why |", "|---|---|---|---|---|---|---|"]
    for row in summary.rows:
        items = f"{row['items']:,} of {row['of']:,}" if (row["of"] or 0) > 1 else "—"
        outcome = row["outcome"] + (" ⚑" if row["flagged"] else "")
        cells = [
            row["benchmark_text"],
            row["claimed"],
            _measured(row),
            items,
            outcome,
            row["comparability"] or "—",
            main_reason(row),
        ]
        lines.append("| " + " | ".join(_cell(str(cell)) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _measured(row: dict[str, Any]) -> str:
    if row["measured"] is None:
        return "—"
    return f"{number(row['measured'], row['unit'])} {interval(row['measured_low'], row['measured_high'], row['unit'])}"


def _cell(text: str) -> str:
    for character in "\\|`<>[]*_":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())
