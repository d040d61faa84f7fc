"""What a caller may show while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """State of a run at one moment."""

    done: int
    """Items finished, in whatever order."""
    total: int
    """Items of the run."""
    rate: float
    """Items per second in this attempt, reused ones left out."""
    seconds_left: float | None
    """Seconds to go at this rate; None until something has finished."""
    in_flight: int
    """Requests under way."""
    reused: int
    """Responses taken from the journal or from earlier runs."""
    failed: int
    """Items that ended without a score."""
