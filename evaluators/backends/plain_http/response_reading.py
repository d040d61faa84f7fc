"""The bytes of one HTTP/1.1 answer become status, `Retry-After` and body.

Nearly all answers have the usual form: a status, a length, that many bytes. Those are read here. Everything else that
HTTP allows (chunks, answers without a length, interim ones, old versions) and everything that it does not is left to
h11, a dozen times as dear.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

import aiohttp
import h11

from evaluators.backends.reply_reader import BadReply, one_line

LARGEST_HEAD = 2**16
"""Bytes that the head of an answer may have."""
_LINES = rb"(?:\r\n(?!transfer-encoding:|content-encoding:|content-length:|connection:)[a-z0-9_-]+:[ -~]*)*"
USUAL_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ -~]*)?" + _LINES + rb"\r\ncontent-length: *([0-9]{1,15}) *" + _LINES, re.I
)
"""The head of a usual answer, without the empty line after it: exactly one length, nothing said of an encoding or of
the end of the connection."""
LASTING = re.compile(rb"\r\nconnection: *keep-alive *(?=\r\n|\Z)", re.I)
"""What some servers say of every connection, and what all HTTP/1.1 means anyway."""
BODILESS = (b"204", b"304")
RETRY_AFTER = re.compile(rb"\r\nretry-after:[ \t]*([ -~]*?)[ \t]*(?:\r\n|\Z)", re.I)
ENCODINGS = {b"gzip": 47, b"x-gzip": 47, b"deflate": 47}
"""Encodings that are understood although none is asked for, with the window bits by which zlib tells them apart."""


class PlainAnswer(NamedTuple):
    """What a server answered."""

    status: int
    retry_after: str | None
    body: bytes
    lasting: bool
    """Whether the connection can carry another request."""


class ResponseReading:
    """Takes the bytes of one answer as they come."""

    def __init__(self, most: int) -> None:
        """most: bytes that the body may have, decompressed."""
        self._most = most
        self._head: tuple[int, str | None] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._wanted = 0
        self._unusual: _UnusualReading | None = None

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return bool(self._parts or self._head or self._unusual)

    def feed(self, data: bytes) -> PlainAnswer | None:
        """More bytes, b"" at their end. Returns the answer once it is whole. Raises BadReply if it is too large, and
        aiohttp.ClientPayloadError if it is no answer."""
        if self._unusual is not None:
            return self._unusual.feed(data)
        if not data:
            raise aiohttp.ClientPayloadError("the connection ended within the answer")
        if self._head is None:
            if self._parts:
                data = b"".join((*self._parts, data))
                self._parts.clear()
            end = data.find(b"\r\n\r\n")
            if (len(data) if end < 0 else end) > LARGEST_HEAD:
                raise aiohttp.ClientPayloadError(f"the answer's head has more than {LARGEST_HEAD} bytes")
            if end < 0 and b"\n\n" not in data:
                self._parts.append(data)
                return None
            head = data[: max(end, 0)]
            usual = USUAL_HEAD.fullmatch(LASTING.sub(b"", head))
            if usual is None or usual[1] in BODILESS:
                self._unusual = _UnusualReading(self._most)
                return self._unusual.feed(data)
            retry = RETRY_AFTER.search(head)
            self._head = int(usual[1]), None if retry is None else retry[1].decode()
            self._wanted = int(usual[2])
            if self._wanted > self._most:
                raise too_large(self._wanted, self._most)
            data = data[end + 4 :]
        self._parts.append(data)
        self._size += len(data)
        if self._size < self._wanted:
            return None
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        return PlainAnswer(*self._head, body[: self._wanted], self._size == self._wanted)


class _UnusualReading:
    """The same by h11."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._machine.send(h11.Request(method="POST", target="/", headers=[("Host", "x"), ("Content-Length", "0")]))
        self._machine.send(h11.EndOfMessage())
        self._head: h11.Response | None = None
        self._inflate: zlib._Decompress | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> PlainAnswer | None:
        try:
            self._machine.receive_data(data)
            while True:
                event = self._machine.next_event()
                if isinstance(event, h11.Response):
                    self._begin(event)
                elif isinstance(event, h11.Data):
                    self._add(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    return self._whole(ended=not data)
                elif not isinstance(event, h11.InformationalResponse):
                    return None
        except h11.RemoteProtocolError as error:
            raise aiohttp.ClientPayloadError(f"the answer is no HTTP: {one_line(str(error))}") from None
        except zlib.error as error:
            raise aiohttp.ClientPayloadError(f"the answer cannot be decompressed: {one_line(str(error))}") from None

    def _begin(self, head: h11.Response) -> None:
        self._head = head
        encoding = self._field(b"content-encoding").strip().lower()
        if encoding and encoding != b"identity":
            if encoding not in ENCODINGS:
                raise aiohttp.ClientPayloadError(f"the answer has the encoding {one_line(encoding)}, not asked for")
            self._inflate = zlib.decompressobj(ENCODINGS[encoding])
        elif (length := int(self._field(b"content-length") or 0)) > self._most:
            raise too_large(length, self._most)

    def _add(self, data: bytes) -> None:
        if self._inflate is not None:
            data = self._inflate.decompress(data, self._most + 1 - self._size)
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._most:
            raise BadReply(f"the answer has more than the {self._most} bytes it may have")

    def _whole(self, ended: bool) -> PlainAnswer:
        assert self._head is not None
        if self._inflate is not None and not self._inflate.eof and self._size:
            raise aiohttp.ClientPayloadError("the answer ends within its compressed data")
        retry = self._field(b"retry-after").decode("latin-1") or None
        lasting = not ended and self._machine.their_state is h11.DONE and not self._machine.trailing_data[0]
        return PlainAnswer(self._head.status_code, retry, b"".join(self._parts), lasting)

    def _field(self, name: bytes) -> bytes:
        assert self._head is not None
        return next((value for key, value in self._head.headers if key == name), b"")


def too_large(size: int, most: int) -> BadReply:
    """What is said of an answer that states too great a length."""
    return BadReply(f"the answer has {size} bytes, more than the {most} it may have")
