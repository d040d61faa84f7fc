"""How long and how often the engine tries before it gives a request, a server or a run up."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryLimits:
    """Limits of a run."""

    timeout: float = 1800.0
    """Seconds one attempt of a request may take, and longer in proportion for an answer of more tokens than `usual`."""
    usual: int = 7200
    """Tokens of an answer that are well within `timeout`: 4 a second, as a large model on a small machine thinks."""
    attempts: int = 5
    """Attempts a request gets."""
    malformed: int = 1
    """Further attempts after an answer that cannot be read: a sound server answers the same again."""
    total: float = 3600.0
    """Seconds all attempts of a request may take together, pauses included; longer in proportion like `timeout`."""
    throttled: float = 300.0
    """Seconds that a request may be turned away for too many requests (429, 503) while no other is answered."""
    backoff: float = 0.5
    """Seconds before the second attempt; doubles with each further one."""
    longest: float = 30.0
    """Longest pause between attempts in seconds."""
    restarts: int = 8
    """Times a dead server is started again in one run."""
    allowed_failed: float = 0.02
    """Share of items that may end without a score before the run is invalid."""
    hopeless: int = 12
    """Items, besides as many as may be under way, after which a run ends of which not one was answered: a server that
    failed all that it got in its first moment may still be starting."""
    allowed_distorted: float = 0.02
    """Share of prompts that the server may have cut, and of log-probabilities below the smallest number."""


def times_as_long(limits: RetryLimits, tokens: int | None) -> float:
    """How many times as long as a usual one a request may take whose answer has so many tokens at most."""
    return max(1.0, (tokens or 0) / limits.usual)


PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP answers that another attempt may mend. 400, 401, 403, 404, 413 and 422 cannot be mended by asking again."""
THROTTLED = frozenset({429, 503, 529})
"""HTTP answers of a server that wants fewer requests."""


def can_pass(status: int) -> bool:
    """Whether a further attempt after this HTTP status makes sense."""
    return status in PASSING_STATUS


def pause(attempt: int, limits: RetryLimits, asked: str | None = None) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): `Retry-After` if `asked`, else doubling, with jitter."""
    try:
        if asked is not None and (seconds := float(asked)) >= 0:
            return min(seconds, limits.longest)
    except ValueError:
        pass
    return min(limits.backoff * 2.0 ** min(attempt - 1, 30), limits.longest) * (0.5 + random.random())
