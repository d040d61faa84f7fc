"""What a verification found, for Prefect's artifacts and for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.records import Release
from flows.runtime.plain_text import printable
from warehouse.claim_records import Outcome, Verdict
from warehouse.home import Home
from warehouse.queries.table import table_rows
from warehouse.reports.formatting import flag_of, interval, number, why

SHOWN = ("benchmark_text", "claimed", "outcome", "comparability", "flagged", "headline", "run_id", "claim_id")

FAILURES = ("server_failed", "weights_missing", "memory", "unexpected")
"""Reasons of could_not_run that a user can mend here."""


@dataclass(frozen=True)
class Summary:
    """The result of one verification."""

    release: Release
    judged: int
    """Verdicts made now."""
    failed: int
    """Verdicts made now because a server or the weights failed, or every request did."""
    flagged: int
    """Current verdicts that are flagged."""
    standing: int
    """Of them, those that stand among all tested claims (false discovery rate at most 5 %)."""
    rows: tuple[dict[str, Any], ...]
    """Rows of claims_vs_measured for the release."""
    damaged: tuple[str, ...] = ()
    """One line for each file of the home folder that is not what was written."""


def summarise(home: Home, release: Release, verdicts: Sequence[Verdict], damaged: tuple[str, ...] = ()) -> Summary:
    """The standing table of a release after `verdicts` were added. `damaged`: files that could not be loaded."""
    rows = [row for row in table_rows(home, model=release.model) if row["model"] == release.model]
    failed = sum(_failed(verdict) for verdict in verdicts)
    return Summary(
        release,
        len(verdicts),
        failed,
        sum(bool(row["flagged"]) for row in rows),
        sum(bool(row["stands"]) for row in rows),
        tuple(rows),
        damaged,
    )


def _failed(verdict: Verdict) -> bool:
    nothing = verdict.outcome is Outcome.invalid_run and verdict.score is None
    return nothing or any(reason.code in FAILURES for reason in verdict.reasons)


def artifact_rows(summary: Summary) -> list[dict[str, Any]]:
    """Rows for a Prefect table artifact."""
    return [
        {name: printable(row[name]) if isinstance(row[name], str) else row[name] for name in SHOWN}
        | {"measured": _measured(row)}
        for row in summary.rows
    ]


def verdicts_markdown(summary: Summary) -> str:
    """A page for a Prefect Markdown artifact; text from cards is escaped."""
    lines = [f"# {markdown_text(summary.release.model)}", "", f"Commit `{summary.release.commit}`", ""]
    lines += ["| benchmark | claimed | measured | items | outcome | settings | why |", "|---|---|---|---|---|---|---|"]
    for row in summary.rows:
        items = f"{row['items']:,} of {row['of']:,}" if (row["of"] or 0) > 1 else "—"
        how = f" ({row['protocol']})" if row["protocol"] else ""
        outcome = row["outcome"] + how + flag_of(row)
        cells = [
            row["benchmark_text"],
            row["claimed"],
            _measured(row),
            items,
            outcome,
            row["comparability"] or "—",
            why(row),
        ]
        lines.append("| " + " | ".join(markdown_text(str(cell)) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _measured(row: dict[str, Any]) -> str:
    if row["measured"] is None:
        return "—"
    return f"{number(row['measured'], row['unit'])} {interval(row['measured_low'], row['measured_high'], row['unit'])}"


def markdown_text(text: str) -> str:
    """A stranger's text as one line of Markdown that means nothing but itself."""
    for character in "\\|`<>[]*_":
        text = text.replace(character, "\\" + character)
    return " ".join(printable(text).split())
