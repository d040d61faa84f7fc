"""Posts to servers over plain HTTP connections that are kept for the next request."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

import aiohttp

from evaluators.backends.plain_http.plain_connection import PlainConnection
from evaluators.backends.plain_http.response_reading import PlainAnswer
from evaluators.backends.reply_reader import one_line

ORDINARY = re.compile(r"http://[a-z0-9.:\[\]-]+/(?!.*/\.)[!-\"$-~]*", re.I)
"""A URL that means the same to everybody: no name or password, nothing to be escaped or resolved."""
STAGGER = 0.25
"""Seconds that one address of a server gets before the next is tried too (RFC 8305)."""


@dataclass(slots=True)
class _Route:
    """Where requests with one URL go."""

    host: str
    port: int
    head: bytes
    """Of each request, up to the value of its length."""
    idle: list[PlainConnection] = field(default_factory=list)
    """Connections without a request, the last used last."""


class PlainPosting:
    """Belongs to one event loop."""

    def __init__(self, headers: Mapping[str, str], keep: float, connect: float) -> None:
        """headers: of every request. keep: seconds that a connection waits for the next one. connect: seconds until a
        connection must stand."""
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._keep, self._connect_within = keep, connect
        self._loop = asyncio.get_running_loop()
        self._routes: dict[str, _Route | None] = {}
        self._idle: dict[tuple[str, int], list[PlainConnection]] = {}
        self._proxied: bool | None = None

    def takes(self, url: str) -> bool:
        """Whether requests to this URL can go this way: without TLS, a proxy or a name and password of its own."""
        if url not in self._routes:
            self._routes[url] = self._route(url)
        return self._routes[url] is not None

    async def post(self, url: str, body: bytes, most: int, seconds: float) -> PlainAnswer:
        """The answer to a POST. most: bytes that it may have; seconds: that it may take, connecting included.

        Raises BadReply if it is too large, TimeoutError, or aiohttp.ClientError if the connection or the answer is
        broken."""
        route = self._routes[url]
        assert route is not None
        due = self._loop.time() + seconds
        connection = self._kept(route) or await self._connect(route, seconds)
        try:
            answer = await connection.send(b"%b%d\r\n\r\n%b" % (route.head, len(body), body), most, due)
        except BaseException:
            connection.close()
            raise
        if connection.lasting:
            route.idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close the connections that carry no request; those that do are closed by who gives their requests up."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()

    def _kept(self, route: _Route) -> PlainConnection | None:
        """A connection of before that still stands. The server may be about to close one that idled for long."""
        while route.idle:
            connection = route.idle.pop()
            if connection.usable and self._loop.time() - connection.idle_since < self._keep:
                return connection
            connection.close()
        return None

    async def _connect(self, route: _Route, seconds: float) -> PlainConnection:
        try:
            async with asyncio.timeout(min(seconds, self._connect_within)):
                _, connection = await self._loop.create_connection(
                    lambda: PlainConnection(self._loop), route.host, route.port, happy_eyeballs_delay=STAGGER
                )
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            said = one_line(str(error))
            raise aiohttp.ClientConnectionError(f"cannot connect to {route.host}:{route.port} ({said})") from error
        return connection

    def _route(self, url: str) -> _Route | None:
        try:
            target = urlsplit(url)
            host, port = target.hostname, target.port or 80
        except ValueError:
            return None
        if not ORDINARY.fullmatch(url) or not host or (host != "127.0.0.1" and self._goes_round()):
            return None
        path = url[len("http://") + len(target.netloc) :]
        head = f"POST {path} HTTP/1.1\r\nHost: {target.netloc}\r\n{self._headers}Content-Length: "
        return _Route(host, port, head.encode("ascii"), self._idle.setdefault((host, port), []))

    def _goes_round(self) -> bool:
        """Whether this machine has proxies, or passwords for servers, which aiohttp knows how to use."""
        if self._proxied is None:
            secrets = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
            self._proxied = bool(getproxies()) or secrets.is_file()
        return self._proxied
