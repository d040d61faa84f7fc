"""How long and how often the engine tries before it gives a request, a server or a run up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Limits of a run."""

    timeout: float = 1800.0
    """Seconds one attempt of a request may take."""
    attempts: int = 5
    """Attempts a request gets."""
    backoff: float = 0.5
    """Seconds before the second attempt; doubles with each further one."""
    longest: float = 30.0
    """Longest pause between attempts in seconds."""
    restarts: int = 8
    """Times a dead server is started again in one run."""
    allowed_failed: float = 0.02
    """Share of items that may end without a score before the run is invalid."""
