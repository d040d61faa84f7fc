"""The pages over all releases: the board, speeds, what could not be run, the columns, the glossary."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from heapq import nlargest
from pathlib import Path
from typing import Any

import yaml

from warehouse.reports.outcome_words import CLAIMANT, COLUMNS, OUTCOMES, board_column, outcome_words
from warehouse.reports.reasons import main_reason
from warehouse.reports.site import sentences
from warehouse.reports.site.addresses import release_path
from warehouse.reports.site.axis import axis_of
from warehouse.reports.site.claim_evidence import Row
from warehouse.reports.site.claim_view import claim_view
from warehouse.reports.site.figure import figure_of, figure_values
from warehouse.reports.site.page import Site
from warehouse.reports.site.release_pages import axes_of, vendor_settings
from warehouse.reports.site.safe_text import safe_text

COLUMN_COLOURS = ("good", "good", "bad", "doubt", "quiet", "quiet")
FLAGGED = 24
"""Flagged claims with their pictures on the board, newest first."""
CHANGES = 10
"""Changes of verdicts on the board."""
WEEK = timedelta(days=7)


@dataclass
class Counts:
    """What the pages over all releases need of each release's rows, gathered while the releases are written."""

    releases: list[dict[str, Any]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    """Claims by claimant."""
    judged: Counter[str] = field(default_factory=Counter)
    """Claims with a measurement by claimant."""
    stated: tuple[int, int] = (0, 0)
    """Settings that vendors stated, of those that are needed."""
    flagged_claims: int = 0
    newest_flagged: list[Row] = field(default_factory=list)
    """Rows of the flagged claims that the board shows; all of them would fill the memory."""
    speeds: list[Row] = field(default_factory=list)
    not_run: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What could not be run: the reason's name, and the words of its entry."""

    def add(self, model: str, rows: Sequence[Row]) -> None:
        """Count the rows of one release."""
        columns = Counter(board_column(row["outcome"], row["comparability"]) for row in rows)
        name, href = safe_text(model, 120), f"{release_path(model)}.html"
        self.releases.append(
            {"model": name, "href": href, "claims": len(rows), "counts": [columns[column] for column in COLUMNS]}
        )
        self.outcomes.update(row["outcome"] for row in rows)
        self.said.update(row["claimant"] for row in rows)
        self.judged.update(row["claimant"] for row in rows if row["run_id"] is not None)
        stated = sentences.stated_settings(vendor_settings(rows))
        self.stated = (self.stated[0] + stated[0], self.stated[1] + stated[1])
        flagged = [row for row in rows if row["flagged"]]
        self.flagged_claims += len(flagged)
        self.newest_flagged = nlargest(FLAGGED, self.newest_flagged + flagged, key=lambda row: row["judged_at"])
        self.speeds += [row for row in rows if row["unit"] == "tok/s"]
        self.not_run += [_not_run(row) for row in rows if row["outcome"] == "could_not_run"]


def board_page(site: Site, totals: Counts, changes: Sequence[Row], *, png: str | None) -> str:
    """The first page. changes: as `read_changes` gives them."""
    since = site.now - WEEK
    recent = [change for change in changes if change["judged_at"] >= since]
    axes = axes_of([(row, ()) for row in totals.newest_flagged])
    coverage = [(CLAIMANT.get(name, name), count, totals.judged[name]) for name, count in totals.said.most_common()]
    counts = sentences.ordered(totals.outcomes)
    return site.page(
        "index.html", "index.html", picture=png,
        heading="Claims against measurements", description=sentences.count_sentence(counts, totals.flagged_claims),
        claims=totals.outcomes.total(), counts=counts, flagged_count=totals.flagged_claims, releases=totals.releases,
        columns=COLUMNS, column_colours=COLUMN_COLOURS, checked=totals.judged.total(), stated=totals.stated,
        since=f"{since:%Y-%m-%d}", changes=[_change(change) for change in recent[:CHANGES]],
        more_changes=max(len(recent) - CHANGES, 0), coverage=coverage,
        flagged=[(claim_view(row, axes[row["unit"]]), _model(row)) for row in totals.newest_flagged],
    )  # fmt: skip


def _model(row: Row) -> tuple[str, str]:
    return safe_text(row["model"], 120), f"{release_path(row['model'])}.html"


def _change(change: Row) -> dict[str, Any]:
    return {
        "date": f"{change['judged_at']:%Y-%m-%d}",
        "id": change["claim_id"],
        "model": safe_text(change["model"], 80),
        "title": safe_text(f"{change['benchmark_text']} {change['said']}", 100),
        "words": outcome_words(change["outcome"]),
        "before": outcome_words(change["before"]).words if change["before"] else "",
    }


def speed_page(site: Site, rows: Sequence[Row], rooflines: Mapping[str, float], *, png: str | None) -> str:
    """Claims in tokens a second by the hardware that they name, all on one axis.

    rooflines: claim id -> tokens a second that the memory of the claimed hardware allows at most.
    """
    axis = axis_of([value for row in rows for value in figure_values(row)], "tok/s")
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (-(row["claimed_value"] or 0.0), row["claim_id"])):
        settings = json.loads(row["claimed_settings"])
        view = claim_view(row, axis)
        limit = rooflines.get(row["claim_id"])
        if view.figure and axis and limit is not None and axis.low <= limit <= axis.high:
            view = replace(view, figure=replace(view.figure, limit=axis.place(limit)))
        name = safe_text(settings.get("hardware"), 60) or "hardware not stated"
        groups[name].append((view, _model(row), conditions(settings)))
    ordered = sorted(groups.items(), key=lambda item: (item[0] == "hardware not stated", -len(item[1]), item[0]))
    return site.page(
        "speed.html", "speed.html", picture=png, heading="Speed, claimed and measured",
        description=f"{len(rows):,} claims about speed by hardware", groups=ordered,
    )  # fmt: skip


def conditions(settings: Mapping[str, Any]) -> str:
    """What a claim about speed says about how it was measured, in short."""
    parts = [settings.get(name) for name in ("quantization", "backend")]
    parts += [
        f"prompt of {settings['prompt_tokens']:,} tokens" if settings.get("prompt_tokens") else None,
        f"{settings['depth']:,} tokens in the context" if settings.get("depth") else None,
        f"{settings['concurrency']:,} streams" if (settings.get("concurrency") or 1) > 1 else None,
        settings.get("speculative") if settings.get("speculative") not in (None, "none") else None,
    ]
    return safe_text(" · ".join(str(part) for part in parts if part), 120)


def _not_run(row: Row) -> tuple[str, dict[str, Any]]:
    name, href = _model(row)
    code = (row["reason_codes"] or ["no reason given"])[0].replace("_", " ")
    entry = {"model": name, "href": href, "id": row["claim_id"], "title": sentences.title(row)}
    return code, entry | {"said": safe_text(row["claimed"], 60), "why": safe_text(main_reason(row), 400)}


def could_not_run_page(site: Site, entries: Sequence[tuple[str, dict[str, Any]]], *, png: str | None) -> str:
    """What could not be run, by reason, with what would be needed. entries: as `Counts.not_run` gathers them."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for code, entry in entries:
        groups[code].append(entry)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return site.page(
        "could-not-run.html", "could-not-run.html", picture=png, heading="Could not be run",
        description="Claims that could not be run here, and what would be needed", groups=ordered,
        total=len(entries),
    )  # fmt: skip


def columns_page(site: Site, columns: Sequence[tuple[str, str, str | None]], *, png: str | None) -> str:
    """The columns of the data files. columns: (name, DuckDB type, comment)."""
    return site.page(
        "columns.html", "columns.html", picture=png, heading="Columns of the data files",
        description="What each column of claims_vs_measured holds", columns=columns,
    )  # fmt: skip


def glossary_page(site: Site, *, png: str | None) -> str:
    """How to read the pictures and the words."""
    row: Row = {
        "claimed": "91.5", "claimed_value": 0.915, "claimed_low": 0.9145, "claimed_high": 0.9155, "margin": 0.02,
        "margin_is_relative": False, "measured": 0.794, "measured_low": 0.771, "measured_high": 0.815,
        "unit": "fraction", "outcome": "below_claim", "comparability": "matched",
    }  # fmt: skip
    return site.page(
        "glossary.html", "glossary.html", picture=png, heading="How to read this",
        description="The pictures, the outcomes and twelve words", words=list(glossary().items()),
        outcomes=list(OUTCOMES.values()), example=figure_of(row, axis_of(figure_values(row), "fraction")),
    )  # fmt: skip


@cache
def glossary() -> dict[str, str]:
    """Word -> meaning."""
    text = (Path(__file__).parent / "glossary.yaml").read_text(encoding="utf-8")
    return {str(word): str(meaning) for word, meaning in yaml.safe_load(text).items()}
