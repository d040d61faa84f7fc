"""The page of a release and the page of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warehouse.number_text import PAIR_UNITS
from warehouse.reports.outcome_words import outcome_words
from warehouse.reports.site import sentences
from warehouse.reports.site.addresses import release_path
from warehouse.reports.site.axis import Axis, axis_of
from warehouse.reports.site.claim_evidence import ClaimEvidence, Row
from warehouse.reports.site.claim_review import claim_review
from warehouse.reports.site.claim_view import ClaimView, claim_details, claim_view
from warehouse.reports.site.figure import figure_values
from warehouse.reports.site.page import Site
from warehouse.reports.site.safe_text import safe_text

PAGE = 30
"""Claims on one page of a release, so that it stays below 100 kB."""
GROUPS = {
    "Scores": ("fraction", "elo", "points", *PAIR_UNITS),
    "Speed": ("tok/s", "s", "ratio"),
    "Facts in the files": ("parameters", "tokens", "bytes", "text", "licence"),
}
"""Heading -> units below it."""


def release_views(claims: Sequence[ClaimEvidence]) -> list[ClaimView]:
    """The claims of a release, those of one unit on one axis."""
    axes = axes_of([(claim.row, (*other_values(claim), *protocol_values(claim))) for claim in claims])
    return [
        claim_view(claim.row, axes.get(claim.row["unit"]), other_values(claim), protocol_values(claim))
        for claim in claims
    ]


def axes_of(claims: Sequence[tuple[Row, Sequence[float]]]) -> dict[str | None, Axis | None]:
    """The axis of each unit."""
    values: dict[str | None, list[float | None]] = {}
    for row, others in claims:
        values.setdefault(row["unit"], []).extend(figure_values(row, others))
    return {unit: axis_of(known, unit or "") for unit, known in values.items()}


def other_values(claim: ClaimEvidence) -> tuple[float, ...]:
    """What others state or measured about the same release and benchmark, for the hollow marks."""
    ran = [other["score"] for other in claim.row["others"] or () if other["score"] is not None]
    return tuple(dict.fromkeys([*ran, *(other["value"] for other in claim.others)]))[:8]


def protocol_values(claim: ClaimEvidence) -> tuple[float, ...]:
    """Scores under each of the plausible settings that were run."""
    results = (claim.verdict or {}).get("by_protocol") or ()
    return tuple(result["score"] for result in results if result["score"] is not None and result["plausible"])


def release_page(
    site: Site,
    model: str,
    claims: Sequence[ClaimEvidence],
    views: Sequence[ClaimView],
    *,
    number: int,
    png: str,
    own: bool,
) -> str:
    """One page of a release. number: from 0; png: path of the picture for previews, the release's `own` or not."""
    rows = [claim.row for claim in claims]
    path = release_path(model)
    name = path.rpartition("/")[2]
    shown = views[number * PAGE : (number + 1) * PAGE]
    counts = sentences.counts(rows)
    flagged = sum(view.flagged for view in views)
    pages = -(-len(views) // PAGE)
    described = sentences.result_sentence(rows)
    compared = vendor_settings(rows)
    return site.page(
        "release.html", page_path(model, number), picture=png,
        heading=safe_text(model, 120), model=safe_text(model, 120), description=described, claims=len(rows),
        counts=counts, flagged_count=flagged, facts=_facts(claims), groups=list(_groups(shown)),
        stated=sentences.stated_settings(compared),
        pages=[(None if at == number else page_path(name, at, bare=True), at + 1) for at in range(pages)],
        own=own, badge=f"{name}.badge.svg", data=name,
        citation=citation(site, safe_text(model, 120), described, page_path(model, 0)),
    )  # fmt: skip


def vendor_settings(rows: Sequence[Row]) -> list[Row]:
    """The lines of the settings diffs of the vendor's claims."""
    return [line for row in rows if row["claimant"] == "vendor" for line in row["settings_compared"] or ()]


def page_path(model: str, number: int, *, bare: bool = False) -> str:
    """Path of a page of a release; bare: `model` is the page's name already."""
    stem = model if bare else release_path(model)
    return f"{stem}.html" if number == 0 else f"{stem}.page-{number + 1}.html"


def claim_page(site: Site, claim: ClaimEvidence, view: ClaimView, *, at: str, png: str, own: bool) -> str:
    """The page of one claim. at: path of the page of its release; png as for `release_page`."""
    path = f"claims/{view.id}.html"
    history = [
        {
            "date": f"{past['judged_at']:%Y-%m-%d}",
            "words": outcome_words(past["outcome"]),
            "measured": sentences.measured({**claim.row, "measured": past["score"]}),
        }
        for past in reversed(claim.history)
    ]
    return site.page(
        "claim.html", path, picture=png,
        heading=f"{safe_text(claim.row['model'], 80)}: {view.title} {view.said}", description=view.sentence,
        review=claim_review(claim.row, site.base_url), release=at, model=safe_text(claim.row["model"], 120), view=view,
        more=claim_details(claim), history=history[:60], own=own, citation=citation(site, view.sentence, "", path),
    )  # fmt: skip


def citation(site: Site, title: str, text: str, path: str) -> str:
    """A line for a list of references."""
    what = f"{title.rstrip('.')}. {text}".strip()
    address = f" {site.base_url}{path}" if site.base_url else ""
    return f"{what} claimcheck, {site.snapshot:%d %B %Y}.{address}"


def _groups(views: Sequence[ClaimView]) -> list[tuple[str, list[ClaimView]]]:
    named = {unit: heading for heading, units in GROUPS.items() for unit in units}
    groups: dict[str, list[ClaimView]] = {heading: [] for heading in (*GROUPS, "Other claims")}
    for view in views:
        groups[named.get(view.row["unit"], "Other claims")].append(view)
    return [(heading, members) for heading, members in groups.items() if members]


def _facts(claims: Sequence[ClaimEvidence]) -> list[tuple[str, Any]]:
    """Commit, licence, dates, as far as they are known."""
    run = next((claim.run for claim in claims if claim.run), None)
    licence = next((claim for claim in claims if claim.row["benchmark"] == "license"), None)
    facts: list[tuple[str, Any]] = []
    if run:
        facts.append(("commit", safe_text(run["release"]["commit"][:12], 20)))
    if licence:
        by_files = [reason for reason in licence.row["reasons"] or [] if reason.startswith("the files say")]
        text = by_files[0].removeprefix("the files say ").partition(" (")[0] if by_files else licence.row["claimed"]
        facts.append(("licence", safe_text(text, 60)))
    judged = [claim.row["judged_at"] for claim in claims if claim.row["judged_at"]]
    read = [claim.row["read_at"] for claim in claims if claim.row["read_at"]]
    if judged or read:
        facts.append(("last checked" if judged else "claims read", f"{max(judged or read):%Y-%m-%d}"))
    return facts
