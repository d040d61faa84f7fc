"""Short questions to a server that is not ours: answers bounded in size and time, redirects not followed."""

from __future__ import annotations

import time
from typing import Any

import httpx

from evaluators.backends.reply_reader import decode_object

LARGEST = 16 * 2**20
"""Bytes of an answer that describes a server."""
LONGEST = 60.0
"""Seconds until the answer must be whole."""


def fetch_bounded(
    client: httpx.Client, method: str, url: str, *, json: dict[str, Any] | None = None, seconds: float = LONGEST
) -> tuple[int, bytes]:
    """(status, body) of one request. Raises httpx.HTTPError, also for an answer without an end."""
    deadline = time.monotonic() + seconds
    pieces, size = [], 0
    with client.stream(method, url, json=json, follow_redirects=False, timeout=seconds) as answer:
        for piece in answer.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise httpx.DecodingError(f"the answer has more than {LARGEST} bytes", request=answer.request)
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"the answer did not end within {seconds:g} s", request=answer.request)
        return answer.status_code, b"".join(pieces)


def fetch_object(
    client: httpx.Client, method: str, url: str, *, json: dict[str, Any] | None = None, seconds: float = LONGEST
) -> dict[str, Any] | None:
    """The JSON object of an answer 200, else None. Raises as `fetch_bounded` does."""
    status, content = fetch_bounded(client, method, url, json=json, seconds=seconds)
    return decode_object(content) if status == 200 else None
