"""HTTP to the model server: keep-alive, retries, restart of a dead server. One client belongs to one event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp

from evaluators.backends.plain_http.plain_posting import PlainPosting
from evaluators.backends.reply_reader import BadReply, decode, one_line
from evaluators.backends.retry import THROTTLED, Patience, RetryLimits, can_pass, pause, times_as_long
from evaluators.backends.served_model import ServedModel
from evaluators.backends.server import ModelServer
from evaluators.records import UserError

FREE = 4 * 2**20
"""Bytes an answer may have whatever was asked for."""
PER_TOKEN = 1024
"""Bytes an answer may have for each token that it may be about: text or probability."""
TOKENS = 65536
"""Tokens of an answer where nothing says how many it may have."""

KEEP = 2.0
"""Seconds that a connection is kept for the next request: servers close idle ones after five, and a request on a closed
one fails."""
CONNECT = 10.0
"""Seconds until a connection must stand."""

Read = Callable[[Any], Any]
"""A reader of decoded JSON; raises BadReply."""


class Reply(NamedTuple):
    """What the server answered."""

    status: int
    data: Any
    """Decoded JSON, or what the reader made of it."""
    attempts: int
    seconds: float
    """Wall time of the last attempt."""


@dataclass(slots=True)
class _Request:
    """What is sent and how the answer is taken; see `Client.post`."""

    method: str
    path: str
    sent: bytes = b""
    accept: Collection[int] = ()
    count: bool = False
    read: Read | None = None
    most: int = FREE
    """Bytes that the answer may have."""
    base: str | None = None
    tokens: int | None = 0


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt without an answer that can be used."""

    reason: str
    status: int | None
    wait: str | None
    """What the server said of when to ask again."""
    slow: bool = False
    """Whether no answer came in time."""
    refused: bool = False
    """Whether an answer came that asking again does not mend."""


class GaveUp(Exception):
    """A request has no answer after all attempts, or one that no further attempt can mend."""

    def __init__(self, reason: str, attempts: int, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempts = attempts
        self.status = status
        """HTTP status of the last answer; None if there was none."""


class ServerLost(Exception):
    """The server died more often than it may, or does not come back, or answers no more: the run must stop."""


class ServerStalled(ServerLost):
    """The server is there and answers none of many requests."""


class Client:
    """Posts JSON. `sent` counts requests that reached out, every attempt, tokenizing left out.

    What goes over plain HTTP is posted by `plain_http`, the rest by aiohttp. That costs three times, httpx fifteen
    times the processor time, which a fast server would wait for.
    """

    def __init__(
        self,
        server: ModelServer,
        limits: RetryLimits,
        served: ServedModel | None = None,
        *,
        patience: Patience | None = None,
        waits: bool = True,
    ) -> None:
        """To be made inside the running event loop. `served`: is told which model the answers name. `patience`: what
        is known of the server's speed. `waits`: start a server again that died, or wait until it is back; else it is
        lost at once, because others can answer."""
        self.server = server
        self.limits = limits
        self.waits = waits
        self.served = served or ServedModel()
        self.patience = patience or Patience(limits)
        self._doubted = self.patience.silent or self.patience.stalled
        """Whether it gave no answer before and has given none here."""
        self.sent = 0
        self.in_flight = 0
        self.turned_away = 0
        """Answers by which the server said that it has too many requests."""
        self.restarts = 0
        headers = {"Content-Type": "application/json"}
        if server.key:
            headers["Authorization"] = f"Bearer {server.key}"
        self._plain = PlainPosting(headers | {"Accept": "*/*"}, KEEP, CONNECT)
        self._http = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env="//127.0.0.1" not in server.url,
        )
        self._fixing = asyncio.Lock()
        self._generation = 0
        self.heard = time.monotonic()
        """When the server last gave an answer that could be used."""
        self._unanswered = 0
        """Requests given up since then that another moment, or a server that works, would have answered."""

    @property
    def silent(self) -> float:
        """Seconds since the server last gave an answer that could be used."""
        return time.monotonic() - self.heard

    async def close(self) -> None:
        """Close all connections."""
        self._plain.close()
        await self._http.close()

    async def get(self, path: str, read: Read | None = None) -> Any:
        """Decoded JSON of a GET, or what `read` makes of it. Raises GaveUp."""
        return (await self._attempts(_Request("GET", path, read=read))).data

    async def post(
        self,
        path: str,
        body: dict[str, Any],
        *,
        accept: Collection[int] = (),
        read: Read | None = None,
        count: bool = True,
        tokens: int | None = None,
        base: str | None = None,
    ) -> Reply:
        """POST `body` and return the answer.

        `accept`: HTTP statuses that the caller reads itself, besides 200. `read`: turns the decoded JSON of an answer
        200 into the reply's data; what it refuses is asked for again. `count`: False for requests that cost no
        model work. `tokens`: how many the answer may be about, which bounds its size. `base`: another URL than the
        server's, of what runs beside it. Raises GaveUp after the last attempt and for statuses that cannot pass;
        ServerLost if the server is gone for good, or has answered none of many requests.
        """
        sent = json.dumps(body).encode()
        most = FREE + PER_TOKEN * (TOKENS if tokens is None else tokens) + 16 * len(sent)
        return await self._attempts(
            _Request("POST", path, sent, accept, count, read, most, base, tokens if count else 0)
        )

    async def _attempts(self, request: _Request) -> Reply:
        """The answer of the first attempt that has one; raises as `post` says."""
        attempt = refused = 0
        started = time.monotonic()
        times = times_as_long(self.limits, request.tokens)
        while True:
            attempt += 1
            begun = time.monotonic()
            self.in_flight += request.count
            beside = max(1, self.in_flight)
            doubted = self._doubted or (self._unanswered > 0 and begun - self.heard > self.limits.stalled)
            patience = self.patience.seconds(request.tokens, len(request.sent), beside, times, doubted)
            longest = self.limits.total * times * self.patience.stretch(request.tokens, len(request.sent), times)
            try:
                seconds = min(patience, max(1.0, longest - (begun - started)))
                answer = await self._attempt(request, attempt, seconds, beside)
            finally:
                self.in_flight -= request.count
            if isinstance(answer, Reply):
                return answer
            refused += answer.refused
            self.turned_away += answer.status in THROTTLED
            now = time.monotonic()
            silent = now - (self.heard if self._unanswered else max(self.heard, started))
            waiting = answer.status in THROTTLED and silent < self.limits.throttled and not self._doubted
            done = (attempt >= self.limits.attempts and not waiting) or refused > self.limits.malformed
            done = done or (answer.slow and (self._doubted or silent > max(self.limits.stalled, 1.5 * patience)))
            rest = pause(attempt, self.limits, answer.wait)
            if done or now + rest - started > longest:
                self.patience.silent = self.patience.silent or answer.slow or answer.status in THROTTLED
                self._give_up(answer.reason)
                raise GaveUp(answer.reason, attempt, answer.status)
            await asyncio.sleep(rest)

    async def _attempt(self, request: _Request, attempt: int, seconds: float, beside: int) -> Reply | _Failure:
        """One attempt, the server mended where that is why it failed. seconds: that it may take; beside: requests under
        way, it included. Raises GaveUp for a status that cannot pass, and ServerLost."""
        generation, begun = self._generation, time.monotonic()
        status: int | None = None
        wait: str | None = None
        slow = refused = False
        try:
            self.sent += request.count
            url = (request.base or self.server.url) + request.path
            if request.method == "POST" and self._plain.takes(url):
                plain = await self._plain.post(url, request.sent, request.most, seconds)
                status, wait, content = plain.status, plain.retry_after, plain.body
            else:
                async with self._http.request(
                    request.method, url, data=request.sent or None, allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT),
                ) as answer:  # fmt: skip
                    status, wait = answer.status, answer.headers.get("Retry-After")
                    content = await _bounded(answer, request.most)
            if status == 200 or status in request.accept:
                return self._take(request, status, content, attempt, begun, beside)
            reason = f"HTTP {status}: {one_line(content)}"
            if 300 <= status < 400:
                raise GaveUp(f"HTTP {status}: redirects are not followed; give the server's own URL", attempt, status)
            if not can_pass(status):
                raise GaveUp(reason, attempt, status)
        except BadReply as error:
            reason = error.reason
            refused = not error.passing
        except TimeoutError:
            slow = True
            reason = f"no answer within {time.monotonic() - begun:.0f} s"
        except aiohttp.ClientError as error:
            reason = f"{type(error).__name__}: {one_line(str(error))}".rstrip(": ")
            await self._fix(generation)
        except (ValueError, OSError) as error:
            reason = f"no request can be made: {one_line(str(error))}"
        return _Failure(reason, status, wait, slow, refused)

    def _take(self, request: _Request, status: int, content: bytes, attempt: int, begun: float, beside: int) -> Reply:
        """The answer as it is wanted, once what it tells of model and speed is noted. Raises BadReply."""
        data = decode(content)
        if request.count:
            self.served.note(data)
        value = request.read(data) if request.read is not None and status == 200 else data
        self.heard, self._unanswered, self._doubted = time.monotonic(), 0, False
        if request.count:
            self.patience.note(data, len(request.sent), self.heard - begun, beside)
        return Reply(status, value, attempt, self.heard - begun)

    def _give_up(self, reason: str) -> None:
        """A request is given up that might have been answered. Raises ServerStalled for the last of many in a row."""
        self._unanswered += 1
        if self._unanswered >= self.limits.unanswered // (1 + self._doubted):
            self.patience.stalled = True
            raise ServerStalled(
                f"the server answered none of the last {self._unanswered} requests ({reason}); "
                f"see whether {self.server.url} is well and repeat the command, what it answered is kept"
            )

    async def _fix(self, generation: int) -> None:
        """Start the server again if it died since `generation`; one request does it, the others wait."""
        async with self._fixing:
            if generation != self._generation:
                return
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(None, self.server.alive):
                return
            if not self.waits:
                raise ServerLost(f"nothing answers at {self.server.url}")
            if self.restarts >= self.limits.restarts:
                raise ServerLost(f"the server died {self.restarts + 1} times")
            self.restarts += 1
            try:
                await loop.run_in_executor(None, self.server.restart)
            except UserError as problem:
                raise ServerLost(f"the server died and cannot be started again: {problem}") from problem
            self._generation += 1


async def _bounded(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, decompressed. Raises BadReply if it has more than `most` bytes."""
    if (answer.content_length or 0) > most:
        raise BadReply(f"the answer has {answer.content_length} bytes, more than the {most} it may have")
    pieces, size = [], 0
    while piece := await answer.content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise BadReply(f"the answer has more than the {most} bytes it may have")
    return b"".join(pieces)
