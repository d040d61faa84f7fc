"""One server of a run: how it is asked, how much is under way there, and whether it is still there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from evaluators.backends.client import Client, ServerLost, ServerStalled
from evaluators.backends.protocol import AnswerProtocol
from evaluators.backends.remote import COMEBACK
from evaluators.backends.reply_reader import one_line
from evaluators.harness.concurrency import Concurrency
from evaluators.user_error import UserError

WATCH = 15.0
"""Seconds without an answer after which a server among several is asked whether it is well."""
MISSES = 3
"""Times in a row that it must not say so to be given up: a machine that lost its power refuses no connection."""
POLL = 1.0
"""Seconds between two looks whether a lost server is back."""

T = TypeVar("T")


class Lane:
    """State of one server within a run. Belongs to the sender's event loop."""

    def __init__(
        self,
        client: Client,
        protocol: AnswerProtocol,
        concurrency: Concurrency,
        returned: Callable[[], bool] | None = None,
        patience: float = COMEBACK,
    ) -> None:
        """returned: whether a lost server is back and serves what it did (blocking; raises UserError if it never will
        be); None for the only server of a run, whose client waits for it. patience: seconds that a run without any
        server waits for this one."""
        self.client, self.protocol, self.concurrency = client, protocol, concurrency
        self.returned, self.patience = returned, patience
        self.workers: dict[int, asyncio.Task[None]] = {}
        """By slot."""
        self.losses: list[str] = []
        """Why it was given up, each time."""
        self.stalled: float | None = None
        """When it had last answered before it was given up because it answered none of many requests."""
        self.gone = False
        """Given up so once more, and nothing was answered in between: that it says to be well means nothing."""

    async def watch(self) -> None:
        """Raises ServerLost when the server no longer says that it is well."""
        misses = 0
        while True:
            await asyncio.sleep(WATCH)
            if self.client.silent < WATCH:
                misses = 0
                continue
            misses = 0 if await in_thread(self.client.server.alive) else misses + 1
            if misses >= MISSES:
                raise ServerLost(f"nothing was heard of {self.client.server.url} for {self.client.silent:.0f} s")

    def lose(self, error: ServerLost | UserError) -> None:
        """Note why the server is given up."""
        self.losses.append(one_line(str(error)))
        if isinstance(error, ServerStalled):
            self.gone = self.stalled == self.client.heard
            self.stalled = self.client.heard

    async def come_back(self, alone: Callable[[], bool]) -> None:
        """Return when the lost server is back. Raises ServerLost after `patience` seconds in which no other server
        worked (`alone`) or if it only says to be well, UserError if it never will be back."""
        assert self.returned is not None
        since = time.monotonic()
        if self.gone:
            raise ServerLost(self.losses[-1])
        while not await in_thread(self.returned):
            if not alone():
                since = time.monotonic()
            elif time.monotonic() - since > self.patience:
                raise ServerLost(self.losses[-1])
            await asyncio.sleep(min(POLL, self.patience))


async def in_thread(work: Callable[[], T]) -> T:
    """The result of blocking work, elsewhere."""
    return await asyncio.get_running_loop().run_in_executor(None, work)
