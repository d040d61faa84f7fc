"""Posts by plain HTTP: every form of an answer is read as aiohttp reads it, whatever pieces it comes in, and no answer
is ever taken for that of another request."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from evaluators.backends.plain_http.plain_posting import PlainPosting
from evaluators.backends.plain_http.response_reading import PlainAnswer, ResponseReading
from evaluators.backends.reply_reader import BadReply

MOST = 10_000
BODY = b'{"choices": []}'
SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sized(body: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *lines, b"", body))


SOUND: dict[str, tuple[bytes, bool]] = {
    "usual": (SIZED + b"\r\n" + BODY, True),
    "as llama-server has it": (SIZED + b"Keep-Alive: timeout=5, max=100\r\nServer: llama.cpp\r\n\r\n" + BODY, True),
    "lower case": (SIZED.lower().replace(b"http", b"HTTP") + b"connection: keep-alive\r\n\r\n" + BODY, True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length:15\r\n\r\n" + BODY, True),
    "an error to wait for": (b"HTTP/1.1 503 no\r\nRetry-After: 7\r\nContent-Length: 15\r\n\r\n" + BODY, True),
    "the same in chunks": (CHUNKED.replace(b"\r\n", b"\r\nretry-after: 7 \r\n", 1) + b"0\r\n\r\n", True),
    "closed": (SIZED + b"Connection: close\r\n\r\n" + BODY, False),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
    "without content": (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    "a word of an old server": (SIZED + b"X-Name: caf\xe9\r\n\r\n" + BODY, True),
    "chunks": (CHUNKED + b"5\r\n{\"cho\r\nA;x=1\r\nices\": []}\r\n0\r\nX-Sum: 1\r\n\r\n", True),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\n" + BODY, False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\n" + BODY, False),
    "after an interim answer": (b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED + b"\r\n" + BODY, True),
    "gzip": (sized(gzip.compress(BODY), b"Content-Encoding: gzip"), True),
    "deflate": (sized(zlib.compress(BODY), b"Content-Encoding: deflate"), True),
    "not compressed": (sized(BODY, b"Content-Encoding: identity"), True),
}  # fmt: skip
"""Bytes of an answer, and whether the connection may carry another request."""

BROKEN = {
    "no HTTP": b"hello\r\n\r\n" + BODY,
    "two lengths": SIZED + b"Content-Length: 14\r\n\r\n" + BODY,
    "a length that is no number": SIZED.replace(b"15", b"x") + b"\r\n" + BODY,
    "a length below zero": SIZED.replace(b"15", b"-15") + b"\r\n" + BODY,
    "cut in its head": SIZED,
    "cut in its body": SIZED + b"\r\n" + BODY[:-1],
    "cut in its chunks": CHUNKED + b"5\r\n{\"cho\r\n",
    "chunks without a size": CHUNKED + b"hello\r\n",
    "a damaged archive": sized(b"\x1f\x8b" + bytes(30), b"Content-Encoding: gzip"),
    "half an archive": sized(gzip.compress(BODY)[:-12], b"Content-Encoding: gzip"),
    "an encoding that nobody asked for": sized(BODY, b"Content-Encoding: zebra"),
    "a head without end": SIZED + b"X: y\r\n" * 20_000 + b"\r\n" + BODY,
    "nothing": b"",
}  # fmt: skip

LARGE = {
    "as it says": SIZED.replace(b"15", b"10001") + b"\r\n",
    "chunk by chunk": CHUNKED + b"3E8\r\n" + bytes(1000) + b"\r\n" + (b"3E8\r\n" + bytes(1000) + b"\r\n") * 11,
    "compressed": sized(gzip.compress(bytes(10**7)), b"Content-Encoding: gzip"),
}


def read(data: bytes, piece: int) -> PlainAnswer:
    reading = ResponseReading(MOST)
    for start in range(0, len(data), piece):
        if (answer := reading.feed(data[start : start + piece])) is not None:
            assert start + piece >= len(data)
            return answer
    if not reading.begun:
        raise aiohttp.ServerDisconnectedError
    answer = reading.feed(b"")
    assert answer is not None
    return answer


async def serving(answers: list[bytes], work: Callable[[str, list[int]], Awaitable[Any]], ends: bool = False) -> Any:
    """What `work` makes of a server that gives these answers, and of the number of the connection of each request.
    ends: it ends a connection after each answer."""
    given, connections, requests = iter(answers), [0], list[int]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections[0] += 1
        number = connections[0]
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                assert b"content-length: 2" in head.lower() and await reader.readexactly(2) == b"{}"
                requests.append(number)
                writer.write(next(given))
                await writer.drain()
                if ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        return await work(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x", requests)


def posting() -> PlainPosting:
    return PlainPosting({}, keep=60, connect=10)


@pytest.mark.parametrize("kind", SOUND)
def test_an_answer_of_every_form_is_read_as_aiohttp_reads_it(kind: str) -> None:
    data, lasting = SOUND[kind]

    async def ask(url: str, _: list[int]) -> tuple[Any, ...]:
        async with aiohttp.ClientSession() as http, http.post(url, data=b"{}") as answer:
            theirs = answer.status, answer.headers.get("Retry-After"), await answer.read()
        ours = posting()
        assert ours.takes(url)
        answer = await ours.post(url, b"{}", MOST, 10)
        assert (answer.status, answer.retry_after, answer.body) == theirs
        ours.close()
        return theirs

    theirs = asyncio.run(serving([data, data], ask, ends=not lasting))
    for piece in (1, 2, 7, len(data)):
        answer = read(data, piece)
        assert (answer.status, answer.retry_after, answer.body) == theirs
        assert answer.lasting is lasting


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_whole_answer_is_a_broken_connection(kind: str) -> None:
    async def ask(url: str, _: list[int]) -> None:
        ours = posting()
        assert ours.takes(url)
        with pytest.raises(aiohttp.ClientError):
            await ours.post(url, b"{}", MOST, 10)

    asyncio.run(serving([BROKEN[kind]], ask, ends=True))
    for piece in (1, 1000):
        with pytest.raises(aiohttp.ClientError):
            read(BROKEN[kind], piece)


@pytest.mark.parametrize("kind", LARGE)
def test_an_answer_that_is_too_large_is_refused(kind: str) -> None:
    with pytest.raises(BadReply, match="it may have"):
        read(LARGE[kind], 1000)


def test_connections_are_kept_unless_something_may_still_come() -> None:
    usual, unasked = SOUND["usual"][0], SOUND["an error to wait for"][0]

    async def ask(url: str, connections: list[int]) -> None:
        ours = posting()
        assert ours.takes(url)
        for _ in range(5):
            assert (await ours.post(url, b"{}", MOST, 10)).body == BODY
        assert connections == [1, 1, 2, 3, 3]
        ours.close()

    asyncio.run(serving([usual, usual + unasked, SOUND["closed"][0], usual, usual], ask))


def test_a_connection_that_the_server_ended_or_that_idled_for_long_is_not_used_again() -> None:
    async def ask(url: str, connections: list[int]) -> None:
        for keep in (60, 0):
            ours = PlainPosting({}, keep=keep, connect=10)
            assert ours.takes(url)
            await ours.post(url, b"{}", MOST, 10)
            if keep:  # the end of the connection arrives
                reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
                writer.write(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
                await reader.read()
                writer.close()
            await ours.post(url, b"{}", MOST, 10)
            ours.close()
        assert len(set(connections)) == len(connections) == 5

    asyncio.run(serving([SOUND["usual"][0]] * 5, ask, ends=True))


def test_an_answer_that_does_not_end_in_time_or_is_not_waited_for_takes_its_connection_with_it() -> None:
    async def ask(url: str, connections: list[int]) -> None:
        ours = posting()
        assert ours.takes(url)
        await ours.post(url, b"{}", MOST, 60)
        with pytest.raises(TimeoutError):
            await ours.post(url, b"{}", MOST, 0.01)
        waiting = asyncio.create_task(ours.post(url, b"{}", MOST, 60))
        while len(connections) < 3:
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await ours.post(url, b"{}", MOST, 60)).body == BODY
        assert connections == [1, 1, 2, 3]
        ours.close()

    usual = SOUND["usual"][0]
    asyncio.run(serving([usual, usual[:-1], usual[:-1], usual], ask))


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    async def ask() -> None:
        ours = posting()
        assert ours.takes("http://127.0.0.1:1/v1/x")
        with pytest.raises(aiohttp.ClientError, match=r"cannot connect to 127\.0\.0\.1:1"):
            await ours.post("http://127.0.0.1:1/v1/x", b"{}", MOST, 10)

    asyncio.run(ask())


def test_what_needs_more_than_plain_http_is_left_to_aiohttp(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    urls = [
        "http://127.0.0.1:8000/v1/x", "http://[::1]:8000/v1/x?a=1", "http://server/x",
        "https://server/x", "http://name:secret@server/x", "http://server/\u00e9", "http://server/a/../x",
        "http://server:99999999/x", "http:///x", "http://server/x#y", "http://server/a b",
    ]  # fmt: skip

    async def taken() -> list[str]:
        ours = posting()
        return [url for url in urls if ours.takes(url)]

    assert asyncio.run(taken()) == urls[:3]
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    assert asyncio.run(taken()) == urls[:1]
