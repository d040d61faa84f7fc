"""Where a run came from that somebody else made."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from evaluators.record_base import Record


class Imported(Record):
    """Where a run came from that somebody else made: nothing of it was seen but a file."""

    format: str
    """Format of the file, e.g. `lm-eval results`."""
    path: str
    """File, folder or URL that was read."""
    sha256: str
    """SHA-256 (hex) over everything that was read of it."""
    by: str | None = None
    """Who ran it."""
    first_party: bool | None = None
    """Whether the release's own vendor ran it; None: not told."""
    harness: str
    """Program that made it, with its version where told."""
    model: str | None = None
    """Model as the file names it."""
    weights: str | None = None
    """Weights as the importer stated them; they were not seen."""
    limited: str | None = None
    """How the run was limited, e.g. `first 20 of 817 items`: it is shown, never judged."""
    scores: dict[str, str] = Field(default_factory=dict)
    """Score of the run, as `metric,filter` -> what the file calls it, where these differ."""
    doubts: tuple[str, ...] = ()
    """What in the file speaks against its own score, e.g. items that do not give it: it fully matches no claim."""
    notes: tuple[str, ...] = ()
    """What a reader of the score must know, e.g. that the file has no items."""
    imported_at: datetime
    """UTC."""
