"""HTTP to the model server: keep-alive, retries, restart of a dead server. One client belongs to one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import httpx

from evaluators.harness.patience import Patience
from evaluators.harness.retry import can_pass, pause
from evaluators.records import Problem
from evaluators.servers import ModelServer


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
    """Posts JSON. `sent` counts requests that reached out, every attempt, tokenizing left out."""

    def __init__(
        self, server: ModelServer, slots: int, patience: Patience, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.server = server
        self.patience = patience
        self.sent = 0
        self.in_flight = 0
        self.restarts = 0
        headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
        timeout = httpx.Timeout(patience.timeout, connect=min(10.0, patience.timeout), pool=None)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=slots * 2 + 4)
        self._http = httpx.AsyncClient(
            base_url=server.url, headers=headers, timeout=timeout, limits=limits, transport=transport
        )
        self._mending = asyncio.Lock()
        self._generation = 0

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

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
        while True:
            attempt += 1
            generation = self._generation
            answer: httpx.Response | None = None
            begun = time.monotonic()
            self.in_flight += count
            try:
                self.sent += count
                answer = await self._http.request(method, path, json=body)
                if answer.status_code == 200 or answer.status_code in accept:
                    data = answer.json()
                    if needs is None or answer.status_code != 200 or (isinstance(data, dict) and data.get(needs)):
                        return Reply(answer.status_code, data, attempt, time.monotonic() - begun)
                    reason = f"answer without {needs}: {_short(answer.text)}"
                else:
                    reason = f"HTTP {answer.status_code}: {_short(answer.text)}"
                if not can_pass(answer.status_code) and answer.status_code != 200:
                    raise GaveUp(reason, attempt, answer.status_code)
            except httpx.TransportError as error:
                reason = f"{type(error).__name__}: {_short(str(error))}".rstrip(": ")
                if not isinstance(error, httpx.TimeoutException):
                    await self._mend(generation)
            except (ValueError, httpx.DecodingError) as error:
                reason = f"answer is not JSON: {_short(str(error))}"
            finally:
                self.in_flight -= count
            if attempt >= self.patience.attempts:
                raise GaveUp(reason, attempt, answer.status_code if answer is not None else None)
            await asyncio.sleep(pause(attempt, self.patience, answer))

    async def _mend(self, generation: int) -> None:
        """Start the server again if it died since `generation`; one request does it, the others wait."""
        async with self._mending:
            if generation != self._generation:
                return
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(None, self.server.alive):
                return
            if self.restarts >= self.patience.restarts:
                raise ServerLost(f"the server died {self.restarts + 1} times")
            self.restarts += 1
            try:
                await loop.run_in_executor(None, self.server.restart)
            except Problem as problem:
                raise ServerLost(f"the server died and cannot be started again: {problem}") from problem
            self._generation += 1


def _short(text: str, length: int = 300) -> str:
    return " ".join(text.split())[:length]
