"""Claims of a release: read from its own files (model card, `.eval_results`) into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluators.records import Release, UserError
from evaluators.weights.listing import listing
from evaluators.weights.repo_files import small_file
from flows.runtime.progress_lines import say
from warehouse.claims import read_card, read_eval_results
from warehouse.claims.ledger import save_readings
from warehouse.claims.source_reading import Reading
from warehouse.home import Home

Page = tuple[Reading, str]
"""A file as read, and its text."""
SHOWN = 5
"""Unread parts that are told; `claimcheck claims import` lists all."""


def pages_of(
    release: Release, model: str | None = None, own: Sequence[str] = ()
) -> list[tuple[str, Callable[[], Page]]]:
    """Name of each file of a release that may hold claims, and a function that reads it.

    model: the name to look for in tables, if not the release's own; own: names in the card's tables that a person says
    are the release's. A page's address has no commit, so that a later
    commit supersedes it; the commit stands in the claims.
    """
    base = release.location
    if base == "hub":
        base = f"https://huggingface.co/{release.model}/blob/main"
    commit = release.commit if release.location == "hub" else None
    named = model or release.model

    def card(text: str, url: str) -> Reading:
        return read_card(text, model=named, url=url, read_at=datetime.now(UTC), commit=commit, own=own)

    def results(text: str, url: str) -> Reading:
        return read_eval_results(text, model=named, url=url, read_at=datetime.now(UTC), commit=commit)

    def reader(name: str) -> Callable[[], Page]:
        def read() -> Page:
            text = small_file(release, name, strict=True)
            if text is None:
                raise UserError(f"{release.model} has no {name}")
            url = f"{base}/{name}"
            return (card if name == "README.md" else results)(text, url), text

        return read

    return [(name, reader(name)) for name in _names(release)]


def _names(release: Release) -> list[str]:
    if release.location == "hub":
        names = sorted(entry.name for entry in listing(release))
    else:
        folder = Path(release.location)
        names = [
            path.relative_to(folder).as_posix() for path in (folder / "README.md", *folder.glob(".eval_results/*"))
        ]
        names = [name for name in sorted(names) if (folder / name).is_file()]
    results = [name for name in names if name.startswith(".eval_results/") and name.endswith((".yaml", ".yml"))]
    return ["README.md"] * ("README.md" in names) + results


def read_pages(release: Release) -> list[Page]:
    """The pages of a release that hold claims. Raises UserError if one cannot be read."""
    readings = [read() for _, read in pages_of(release)]
    if not readings:
        say(f"{release.model} has no model card; only claims from other sources are checked")
    unread = [part for reading, _ in readings for part in reading.unread]
    for part in unread[:SHOWN]:
        say(f"  not read (line {part.line}): {part.text}: {part.reason}")
    if len(unread) > SHOWN:
        say(f"  and {len(unread) - SHOWN} more parts not read; `claimcheck claims import RELEASE` lists them")
    return readings


def keep(pages: Sequence[Page], home: Home) -> int:
    """Put the claims of the pages, and the pages, into the ledger. Returns how many numbers were new."""
    return save_readings(home, list(pages)) if pages else 0
