"""Changes of verdicts as an Atom feed whose entries keep their ids."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment

from warehouse.reports.outcome_words import outcome_words
from warehouse.reports.site.safe_text import safe_text

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "claimcheck.feed")
"""Entries are named from it and the verdict's id, so that an id is the same from every machine and at every address."""


def feed(pages: Environment, changes: Sequence[dict[str, Any]], base_url: str | None, name: str) -> str:
    """The feed as XML, newest first. base_url: where the site lies, with its last slash; None: links are relative."""
    entries = [
        {
            "id": uuid.uuid5(NAMESPACE, change["verdict_id"]).urn,
            "claim_id": change["claim_id"],
            "title": title_of(change),
            "updated": f"{change['judged_at']:%Y-%m-%dT%H:%M:%SZ}",
            "summary": safe_text(change["headline"], 500),
        }
        for change in changes
    ]
    updated = entries[0]["updated"] if entries else "1970-01-01T00:00:00Z"
    return pages.get_template("feed.xml").render(
        id=uuid.uuid5(NAMESPACE, name).urn, updated=updated, entries=entries, base=base_url or ""
    )


def title_of(change: dict[str, Any]) -> str:
    """What changed, in one line."""
    before = f" (was: {outcome_words(change['before']).words})" if change["before"] else ""
    what = f"{safe_text(change['model'], 80)}, {safe_text(change['benchmark_text'], 80)}"
    return f"{what}: {outcome_words(change['outcome']).words}{before}"
