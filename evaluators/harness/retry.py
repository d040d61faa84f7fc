"""Which failures can pass, and how long to wait for that."""

from __future__ import annotations

import random

import httpx

from evaluators.harness.patience import Patience

PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP answers that another attempt may mend. 400, 401, 403, 404, 413 and 422 cannot be mended by asking again."""


def can_pass(status: int) -> bool:
    """Whether a further attempt after this HTTP status makes sense."""
    return status in PASSING_STATUS


def pause(attempt: int, patience: Patience, reply: httpx.Response | None = None) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): `Retry-After` if given, else doubling, with jitter."""
    if reply is not None:
        try:
            return min(float(reply.headers["retry-after"]), patience.longest)
        except (KeyError, ValueError):
            pass
    return min(patience.backoff * 2 ** (attempt - 1), patience.longest) * (0.5 + random.random())
