"""Which failures can pass, and how long to wait for that."""

from __future__ import annotations

import random

from evaluators.harness.patience import Patience

PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP answers that another attempt may mend. 400, 401, 403, 404, 413 and 422 cannot be mended by asking again."""


def can_pass(status: int) -> bool:
    """Whether a further attempt after this HTTP status makes sense."""
    return status in PASSING_STATUS


def pause(attempt: int, patience: Patience, asked: str | None = None) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): `Retry-After` if `asked`, else doubling, with jitter."""
    try:
        if asked is not None:
            return min(float(asked), patience.longest)
    except ValueError:
        pass
    return min(patience.backoff * 2 ** (attempt - 1), patience.longest) * (0.5 + random.random())
