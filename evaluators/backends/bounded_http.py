"""Short questions to a server that is not ours: answers bounded in size and time, redirects not followed."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Thread
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
    asked = client.build_request(method, url, json=json, timeout=seconds)
    ended: SimpleQueue[tuple[int, bytes] | BaseException] = SimpleQueue()

    def fetch() -> None:
        try:
            ended.put(_fetch(client, asked, seconds))
        except BaseException as error:
            ended.put(error)

    # httpx bounds each piece that arrives and not all of them: headers that drip would keep the caller for ever.
    Thread(target=fetch, daemon=True).start()
    try:
        answer = ended.get(timeout=seconds)
    except Empty:
        raise httpx.ReadTimeout(f"the answer did not end within {seconds:g} s", request=asked) from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _fetch(client: httpx.Client, asked: httpx.Request, seconds: float) -> tuple[int, bytes]:
    deadline = time.monotonic() + seconds
    pieces, size = [], 0
    answer = client.send(asked, stream=True, follow_redirects=False)
    try:
        for piece in answer.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise httpx.DecodingError(f"the answer has more than {LARGEST} bytes", request=asked)
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"the answer did not end within {seconds:g} s", request=asked)
        return answer.status_code, b"".join(pieces)
    finally:
        answer.close()


def fetch_object(
    client: httpx.Client, method: str, url: str, *, json: dict[str, Any] | None = None, seconds: float = LONGEST
) -> dict[str, Any] | None:
    """The JSON object of an answer 200, else None. Raises as `fetch_bounded` does."""
    status, content = fetch_bounded(client, method, url, json=json, seconds=seconds)
    return decode_object(content) if status == 200 else None
