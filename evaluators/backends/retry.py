"""How long and how often the engine tries before it gives a request, a server or a run up."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryLimits:
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


PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP answers that another attempt may mend. 400, 401, 403, 404, 413 and 422 cannot be mended by asking again."""


def can_pass(status: int) -> bool:
    """Whether a further attempt after this HTTP status makes sense."""
    return status in PASSING_STATUS


def pause(attempt: int, limits: RetryLimits, asked: str | None = None) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): `Retry-After` if `asked`, else doubling, with jitter."""
    try:
        if asked is not None:
            return min(float(asked), limits.longest)
    except ValueError:
        pass
    return min(limits.backoff * 2 ** (attempt - 1), limits.longest) * (0.5 + random.random())
