"""What a verification found, for Prefect's artifacts and for the command line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evaluators.records import Release
from evaluators.run_manifest import read_manifest
from evaluators.user_error import DamagedFile
from warehouse.claim_records import Outcome, Verdict
from warehouse.home import Home
from warehouse.number_text import flag_of, interval, number
from warehouse.queries.table import table_rows
from warehouse.reports.markdown_text import as_markdown_text
from warehouse.reports.outcome_words import COMPARABILITY, outcome_words
from warehouse.reports.reasons import main_reason

FAILURES = ("server_failed", "weights_missing", "memory", "dataset_missing", "unexpected")
"""Reasons of could_not_run that a user can fix here."""


@dataclass(frozen=True)
class Summary:
    """The result of one verification."""

    release: Release
    judged: int
    """Verdicts made now."""
    failed: int
    """Verdicts made now because a server, the weights or the data failed, or every request did."""
    flagged: int
    """Current verdicts that are flagged."""
    standing: int
    """Of them, those that stand among all tested claims (false discovery rate at most 5 %)."""
    rows: tuple[dict[str, Any], ...]
    """Rows of claims_vs_measured for the release."""
    damaged: tuple[str, ...] = ()
    """One line for each file of the home folder that is not what was written."""
    lost: tuple[str, ...] = ()
    """One line for each run that found its answers damaged when it went on, and asked for them again."""


def summarise(
    home: Home, release: Release, verdicts: Sequence[Verdict], damaged: tuple[str, ...] = (), *, began: datetime
) -> Summary:
    """The standing table of a release after `verdicts` were added. `damaged`: files that could not be loaded; `began`:
    when the verification did, UTC."""
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
        _lost(home, verdicts, began),
    )


def _lost(home: Home, verdicts: Sequence[Verdict], began: datetime) -> tuple[str, ...]:
    """What the runs of now lost of their journals."""
    run_ids = [verdict.run_id for verdict in verdicts]
    run_ids += [part.run_id for verdict in verdicts for part in verdict.by_protocol]
    lost = []
    for run_id in dict.fromkeys(run_id for run_id in run_ids if run_id):
        with suppress(DamagedFile):  # named where it was loaded
            run = read_manifest(home.runs / run_id)
            if run is not None and run.finished is not None and run.finished >= began and "journal" in run.checks:
                lost.append(run.checks["journal"])
    return tuple(lost)


def _failed(verdict: Verdict) -> bool:
    nothing = verdict.outcome is Outcome.invalid_run and verdict.score is None
    return nothing or any(reason.code in FAILURES for reason in verdict.reasons)


def artifact_key(model: str) -> str:
    """Key of a release's artifacts, one a release, so that its verifications are versions of one another and of no
    other's: lower-case letters, digits and dashes, as Prefect wants them."""
    words = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:80]
    return f"claims-{words}-{hashlib.sha256(model.encode('utf-8', 'replace')).hexdigest()[:6]}"


def artifact_rows(summary: Summary) -> list[dict[str, Any]]:
    """Rows for a Prefect table artifact, whose cells Prefect's pages render as Markdown: every text is escaped."""
    rows = []
    for row in summary.rows:
        cells = {
            "benchmark": row["benchmark_text"],
            "claimed": row["claimed"],
            "measured": _measured(row),
            "outcome": outcome_words(row["outcome"]).words + flag_of(row),
            "settings": COMPARABILITY.get(row["comparability"] or "", "—"),
            "why": main_reason(row),
            "run": row["run_id"] or "—",
            "claim": row["claim_id"],
        }
        rows.append({name: as_markdown_text(text) for name, text in cells.items()})
    return rows


def verdicts_markdown(summary: Summary) -> str:
    """A page for a Prefect Markdown artifact; text from cards is escaped."""
    lines = [f"# {as_markdown_text(summary.release.model)}", "", f"Commit `{summary.release.commit}`", ""]
    lines += ["| benchmark | claimed | measured | items | outcome | settings | why |", "|---|---|---|---|---|---|---|"]
    for row in summary.rows:
        items = f"{row['items']:,} of {row['of']:,}" if (row["of"] or 0) > 1 else "—"
        how = f" ({row['protocol']})" if row["protocol"] else ""
        outcome = outcome_words(row["outcome"]).words + how + flag_of(row)
        cells = [
            row["benchmark_text"],
            row["claimed"],
            _measured(row),
            items,
            outcome,
            COMPARABILITY.get(row["comparability"] or "", "—"),
            main_reason(row),
        ]
        lines.append("| " + " | ".join(as_markdown_text(str(cell)) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _measured(row: dict[str, Any]) -> str:
    if row["measured"] is None:
        return "—"
    return f"{number(row['measured'], row['unit'])} {interval(row['measured_low'], row['measured_high'], row['unit'])}"
