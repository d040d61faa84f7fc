"""HTTP to the model server: keep-alive, retries, restart of a dead server. One client belongs to one event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import aiohttp

from evaluators.backends.retry import RetryLimits, can_pass, pause
from evaluators.backends.server import ModelServer
from evaluators.records import UserError


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    data: Any
    """Decoded JSON."""
    attempts: int
    seconds: float
    """Wall time of the last attempt."""


class GaveUp(Exception):
    """A request has no answer after all attempts, or one that no further attempt can mend."""

    def __init__(self, reason: str, attempts: int, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempts = attempts
        self.status = status
        """HTTP status of the last answer; None if there was none."""


class ServerLost(Exception):
    """The server died more often than it may, or does not come back: the run must stop."""


class Client:
    """Posts JSON. `sent` counts requests that reached out, every attempt, tokenizing left out.

    aiohttp and not httpx: a request costs a fifth of the processor time, which a fast server would wait for.
    """

    def __init__(self, server: ModelServer, limits: RetryLimits) -> None:
        """To be made inside the running event loop."""
        self.server = server
        self.limits = limits
        self.sent = 0
        self.in_flight = 0
        self.restarts = 0
        headers = {"Content-Type": "application/json"}
        if server.key:
            headers["Authorization"] = f"Bearer {server.key}"
        self._http = aiohttp.ClientSession(
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=limits.timeout, sock_connect=10.0),
            # Servers close idle connections after five seconds, and a request on a closed one fails.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=2.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env="//127.0.0.1" not in server.url,
        )
        self._fixing = asyncio.Lock()
        self._generation = 0

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    async def get(self, path: str) -> Any:
        """Decoded JSON of a GET. Raises GaveUp."""
        return (await self._attempts("GET", path, None, (), False, None)).data

    async def post(
        self,
        path: str,
        body: dict[str, Any],
        *,
        accept: Collection[int] = (),
        needs: str | None = None,
        count: bool = True,
    ) -> Reply:
        """POST `body` and return the decoded answer.

        `accept`: HTTP statuses that the caller reads itself, besides 200. `needs`: key without which an answer 200 is
        taken as broken and asked for again. `count`: False for requests that cost no
        model work. Raises GaveUp after the last attempt and for statuses that cannot pass; ServerLost if the server is
        gone for good.
        """
        return await self._attempts("POST", path, body, accept, count, needs)

    async def _attempts(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        accept: Collection[int],
        count: bool,
        needs: str | None,
    ) -> Reply:
        attempt = 0
        sent = None if body is None else json.dumps(body).encode()
        while True:
            attempt += 1
            generation = self._generation
            status: int | None = None
            wait: str | None = None
            begun = time.monotonic()
            self.in_flight += count
            try:
                self.sent += count
                async with self._http.request(method, self.server.url + path, data=sent) as answer:
                    status, wait, content = answer.status, answer.headers.get("Retry-After"), await answer.read()
                if status == 200 or status in accept:
                    data = json.loads(content)
                    if needs is None or status != 200 or (isinstance(data, dict) and data.get(needs)):
                        return Reply(status, data, attempt, time.monotonic() - begun)
                    reason = f"answer without {needs}: {_short(content)}"
                else:
                    reason = f"HTTP {status}: {_short(content)}"
                if not can_pass(status) and status != 200:
                    raise GaveUp(reason, attempt, status)
            except TimeoutError:
                reason = f"no answer within {self.limits.timeout:g} s"
            except aiohttp.ClientError as error:
                reason = f"{type(error).__name__}: {_short(str(error))}".rstrip(": ")
                await self._fix(generation)
            except ValueError as error:
                reason = f"answer is not JSON: {_short(str(error))}"
            finally:
                self.in_flight -= count
            if attempt >= self.limits.attempts:
                raise GaveUp(reason, attempt, status)
            await asyncio.sleep(pause(attempt, self.limits, wait))

    async def _fix(self, generation: int) -> None:
        """Start the server again if it died since `generation`; one request does it, the others wait."""
        async with self._fixing:
            if generation != self._generation:
                return
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(None, self.server.alive):
                return
            if self.restarts >= self.limits.restarts:
                raise ServerLost(f"the server died {self.restarts + 1} times")
            self.restarts += 1
            try:
                await loop.run_in_executor(None, self.server.restart)
            except UserError as problem:
                raise ServerLost(f"the server died and cannot be started again: {problem}") from problem
            self._generation += 1


def _short(said: str | bytes, length: int = 300) -> str:
    text = said if isinstance(said, str) else said.decode(errors="replace")
    return " ".join(text.split())[:length]
