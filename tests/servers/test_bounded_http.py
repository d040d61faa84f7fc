"""Servers that drip: what is asked beside the run ends in its time too."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from evaluators.backends import fingerprint
from evaluators.backends.bounded_http import fetch_bounded
from evaluators.backends.remote import RemoteServer
from evaluators.records import UserError
from tests.harness.scripted_server import ScriptedServer, generated


@contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[str]:
    """The URL of a server that says `first` and then `drop` again and again, faster than any pause is noticed."""
    listening, ended = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            connection.sendall(first)
            while not ended.wait(0.02):
                connection.sendall(drop)
        except OSError:
            pass

    def listen() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.close()


DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_an_answer_without_an_end_ends(kind: str) -> None:
    with dripping(*DRIPS[kind]) as url, httpx.Client() as http:
        began = time.monotonic()
        with pytest.raises(httpx.HTTPError):
            fetch_bounded(http, "GET", url, seconds=0.3)
        assert time.monotonic() - began < 5


def test_an_answer_of_any_size_is_read_so_far_only_and_the_reason_is_told() -> None:
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with (
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", piece) as url,
        pytest.raises(UserError, match=r"/v1/models: the answer has more than \d+ bytes; check"),
    ):
        RemoteServer(url, None, 1.0).ask("GET", "/v1/models")


def test_a_server_that_stalls_is_probed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen probes of two minutes each would keep the run for an hour."""
    monkeypatch.setattr(fingerprint, "TIMEOUT", 0.3)
    with dripping(*DRIPS["headers"]) as url, ScriptedServer({}) as server:
        server.url = url
        assert fingerprint.ask_probes(server, "fake", ["x"] * 16, False) == [(None, None)]


@pytest.mark.parametrize("number", [10**400, float("nan"), "1", [], 0.5])
def test_a_probe_without_a_log_probability_is_no_answer(number: object) -> None:
    reply = generated("4", logprobs={"token_logprobs": [None, number]})
    with ScriptedServer({"/v1/completions": lambda _: reply}) as server:
        assert fingerprint.ask_probes(server, "fake", ["x"], False) == [(None, None)]
