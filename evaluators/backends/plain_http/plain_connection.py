"""One connection: it sends a request and waits for the answer, or for the time to end that the answer may take."""

from __future__ import annotations

import asyncio
import socket

import aiohttp

from evaluators.backends.plain_http.response_reading import PlainAnswer, ResponseReading
from evaluators.backends.reply_reader import BadReply


class PlainConnection(asyncio.Protocol):
    """Belongs to one event loop, and to one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._reading: ResponseReading | None = None
        self._waiting: asyncio.Future[PlainAnswer] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        """Rings when the answer is due or earlier, and then is set anew: nearly no answer needs one of its own."""
        self._due = 0.0
        self.lasting = True
        """Whether it may carry another request, as far as the last answer tells."""
        self.idle_since = 0.0
        """Loop time of the last answer's end."""

    @property
    def usable(self) -> bool:
        """Whether it can carry another request now."""
        return self.lasting and self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, most: int, due: float) -> asyncio.Future[PlainAnswer]:
        """Send a request. most: bytes that the answer's body may have; due: loop time by which it must be whole.

        The future gives the answer or raises BadReply if it is too large, TimeoutError, or aiohttp.ClientError. Who
        stops waiting for it must close the connection."""
        assert self._transport is not None and self._waiting is None
        self._reading = ResponseReading(most)
        waiting = self._waiting = self._loop.create_future()
        self._due = due
        if self._alarm is None or self._alarm.when() > due:
            self._set_alarm()
        self._transport.write(request)
        return waiting

    def close(self) -> None:
        """End it; what it waited for is given up."""
        self.lasting = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if (own := transport.get_extra_info("socket")) is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: of the answer, or such as nobody asked for, after which no answer can be told from them."""
        if self._waiting is None:
            self.close()
        else:
            self._read(data)

    def eof_received(self) -> None:
        """The server sends no more, which is how some answers end."""
        self.lasting = False
        if self._waiting is not None and self._reading is not None and self._reading.begun:
            self._read(b"")

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self.close()
        if error is not None:
            self._fail(aiohttp.ClientOSError(*error.args))
        else:
            self._fail(aiohttp.ServerDisconnectedError())

    def _read(self, data: bytes) -> None:
        assert self._reading is not None
        try:
            answer = self._reading.feed(data)
        except (BadReply, aiohttp.ClientError) as error:
            self._fail(error)
            return
        if answer is not None:
            assert self._transport is not None
            self.lasting = self.lasting and answer.lasting and not self._transport.get_write_buffer_size()
            self.idle_since = self._loop.time()
            waiting, self._waiting, self._reading = self._waiting, None, None
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    def _fail(self, error: Exception) -> None:
        self.lasting = False
        waiting, self._waiting, self._reading = self._waiting, None, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._waiting is None:
            return
        if self._loop.time() < self._due:
            self._set_alarm()
        else:
            self._fail(TimeoutError())
