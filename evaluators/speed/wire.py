"""HTTP requests sent together, their answers stamped as the bytes arrive and decoded afterwards.

At thousands of tokens a second a general HTTP client spends longer on a token than the server does, and its stamps say
more about it than about the server. So nothing but `recv` happens while the clock runs.
"""

from __future__ import annotations

import json
import selectors
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h11

BUFFER = 1 << 20
SILENCE = 1800.0
"""Seconds without a byte after which a request has failed."""
CONNECT = 10.0
LARGEST = 256 * 2**20
"""Bytes of all answers together that a sound server never reaches."""
LONGEST = 4 * 3600.0
"""Seconds after which answers that go on and on have failed."""


class WireError(Exception):
    """The connection failed or the answer is not HTTP."""


@dataclass
class StreamReading:
    """What came back for one request."""

    sent: float = 0.0
    """When the request was sent, seconds of a monotonic clock."""
    raw: list[tuple[float, bytes]] = field(default_factory=list)
    """Bytes as they came, headers included, with their times."""


@dataclass(frozen=True)
class Decoded:
    """An answer."""

    status: int
    pieces: list[tuple[float, bytes]]
    """The body as it came, with times."""


def post_all(url: str, path: str, key: str | None, bodies: Sequence[dict[str, Any]]) -> list[tuple[float, Decoded]]:
    """POST all bodies at the same time, each on a connection of its own that stands before the clock starts.

    Returns for each (time sent, answer). Raises WireError if a connection fails, is silent for SILENCE seconds, or
    carries no HTTP.
    """
    parts = urlsplit(url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    requests = [_request(parts.netloc, parts.path.rstrip("/") + path, key, body) for body in bodies]
    with ExitStack() as opened, selectors.DefaultSelector() as selector:
        try:
            sockets = [opened.enter_context(_connect(host, port, tls)) for _ in bodies]
            readings = [StreamReading() for _ in bodies]
            for connection, (_, data), reading in zip(sockets, requests, readings, strict=True):
                reading.sent = time.perf_counter()
                connection.sendall(data)
                selector.register(connection, selectors.EVENT_READ, reading)
            _receive(selector)
        except OSError as error:
            raise WireError(f"{type(error).__name__}: {error}".rstrip(": ")) from None
    return [
        (reading.sent, _decode(machine, reading.raw)) for (machine, _), reading in zip(requests, readings, strict=True)
    ]


def _receive(selector: selectors.BaseSelector) -> None:
    clock = time.perf_counter
    size, end = 0, clock() + LONGEST
    while selector.get_map():
        if size > LARGEST or clock() > end:
            raise WireError(f"the answers do not end: {size:,} bytes so far")
        ready = selector.select(SILENCE)
        if not ready:
            raise TimeoutError(f"no byte for {SILENCE:g} s")
        for chosen, _ in ready:
            connection = chosen.fileobj
            assert isinstance(connection, socket.socket)
            data = connection.recv(BUFFER)
            if data:
                chosen.data.raw.append((clock(), data))
                size += len(data)
            # TLS may hold decoded bytes that no select reports
            while data and isinstance(connection, ssl.SSLSocket) and connection.pending():
                data = connection.recv(BUFFER)
                chosen.data.raw.append((clock(), data))
                size += len(data)
            if not data:
                selector.unregister(connection)


def _connect(host: str, port: int, tls: bool) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=CONNECT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        connection = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    connection.settimeout(SILENCE)
    return connection


def _request(netloc: str, path: str, key: str | None, body: dict[str, Any]) -> tuple[h11.Connection, bytes]:
    content = json.dumps(body).encode()
    headers = [
        ("Host", netloc.rpartition("@")[2]),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
        ("Accept-Encoding", "identity"),
        # so that the end of the answer is the end of the connection
        ("Connection", "close"),
    ]
    if key:
        headers.append(("Authorization", f"Bearer {key}"))
    machine = h11.Connection(h11.CLIENT)
    data = b"".join(
        machine.send(event) or b""
        for event in (
            h11.Request(method="POST", target=path, headers=headers),
            h11.Data(data=content),
            h11.EndOfMessage(),
        )
    )
    return machine, data


def _decode(machine: h11.Connection, raw: Sequence[tuple[float, bytes]]) -> Decoded:
    status, pieces, complete = 0, [], False
    try:
        for at, data in [*raw, (raw[-1][0] if raw else 0.0, b"")]:
            if complete:
                break
            machine.receive_data(data)
            body = b""
            while True:
                event = machine.next_event()
                if isinstance(event, h11.Response):
                    status = event.status_code
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    complete = True
                    break
                elif not isinstance(event, h11.InformationalResponse):
                    break
            if body:
                pieces.append((at, body))
    except h11.ProtocolError as error:
        raise WireError(f"the connection ended within the answer ({error})") from None
    if not complete:
        raise WireError("the connection ended without an answer")
    return Decoded(status, pieces)
