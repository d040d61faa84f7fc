"""The network side of a run: one thread with an event loop that keeps every slot of the server busy.

A slot takes its next request as soon as the server has answered; the answer is written to the journal meanwhile, and a
slot never runs more than one job ahead of the journal. So at most the jobs in flight and one more per slot can be lost
to a kill; a job is one generation, or all choices of an item. Answers are handed over together, since each transaction
and each change of threads has its price.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluators.backends.client import Client, GaveUp, ServerLost
from evaluators.backends.protocol import AnswerProtocol, Request, failure
from evaluators.backends.reply_reader import one_line
from evaluators.harness.concurrency import Concurrency
from evaluators.records import Response, UserError

BATCH = 256
"""Answers that are not kept waiting for more."""
LINGER = 0.02
"""Seconds that an answer waits for others to share its transaction, while no slot waits for it."""


@dataclass(slots=True)
class Answer:
    """An answer on its way to the journal."""

    request: Request
    response: Response
    written: asyncio.Future[None]
    """To be set (in the sender's loop) once the journal has it."""


class Sender(threading.Thread):
    """Works off jobs from `feed`, as many at a time as `concurrency` allows, and puts answers into `outbox`."""

    def __init__(
        self,
        make_client: Callable[[], Client],
        protocol: AnswerProtocol,
        concurrency: Concurrency,
        feed: Iterator[Sequence[Request]],
    ) -> None:
        super().__init__(name="requests", daemon=True)
        self.outbox: queue.SimpleQueue[list[Answer] | BaseException | None] = queue.SimpleQueue()
        """Answers; an exception that ends the run; None when nothing more will come."""
        self._ready: list[Answer] = []
        """Answers to be handed over."""
        self._jobs = 0
        """Jobs that they end."""
        self._closing: asyncio.TimerHandle | None = None
        """When they will be at the latest."""
        self._make_client = make_client
        self._protocol = protocol
        self._concurrency = concurrency
        self._workers: dict[int, asyncio.Task[None]] = {}
        """By slot."""
        self._feed = feed
        self._ending = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._whole: asyncio.Task[None] | None = None
        self.client: Client | None = None

    def end(self) -> None:
        """Send nothing new; requests under way are finished."""
        self._ending.set()

    def abandon(self) -> None:
        """Drop requests under way too."""
        self._ending.set()
        if self._loop is not None and self._whole is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._whole.cancel)

    def acknowledge(self, answers: Sequence[Answer]) -> None:
        """Tell the workers that these answers are on disk."""

        def settle() -> None:
            for answer in answers:
                if not answer.written.done():
                    answer.written.set_result(None)

        if answers and self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(settle)

    def run(self) -> None:
        """Body of the thread."""
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self.outbox.put(error)
        self.outbox.put(None)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._whole = asyncio.current_task()
        client = self.client = self._make_client()
        try:
            self._add_workers(client)
            try:
                while working := {worker for worker in self._workers.values() if not worker.done()}:
                    ended, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                    for worker in ended:
                        worker.result()
            finally:
                workers = list(self._workers.values())
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        finally:
            self._hand_over()
            await client.close()

    def _hand_over(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        if self._ready:
            self.outbox.put(self._ready)
            self._ready, self._jobs = [], 0

    def _add_workers(self, client: Client) -> None:
        for slot in range(self._concurrency.allowed):
            if slot not in self._workers:
                self._workers[slot] = asyncio.create_task(self._work(client, slot))

    async def _work(self, client: Client, slot: int) -> None:
        loop = asyncio.get_running_loop()
        before: asyncio.Future[None] | None = None
        while not self._ending.is_set() and slot < self._concurrency.allowed:
            job = next(self._feed, None)
            if job is None:
                self._hand_over()
                return
            waiting = {(request.index, request.repeat): request for request in job}
            last, work = before, 0
            async for response in self._answers(client, job, slot):
                work += response.generated_tokens or 1
                if before is not None and not before.done():
                    self._hand_over()
                    await before
                last = loop.create_future()
                self._ready.append(Answer(waiting.pop((response.index, response.repeat)), response, last))
                if self._closing is None:
                    self._closing = loop.call_later(LINGER, self._hand_over)
            before = last
            self._jobs += 1
            self._concurrency.finished(work)
            if client.turned_away:
                self._concurrency.turned_away()
            if self._concurrency.allowed > len(self._workers):
                self._add_workers(client)
            if self._jobs >= self._concurrency.allowed or len(self._ready) >= BATCH:
                self._hand_over()

    async def _answers(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """One answer for each request, also where the protocol breaks on what the server sent: then they failed."""
        lacking = {(request.index, request.repeat): request for request in job}
        try:
            async for response in self._protocol.answer(client, job, slot):
                lacking.pop((response.index, response.repeat), None)
                yield response
        except (ServerLost, UserError):
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {one_line(str(error))}"
            for request in lacking.values():
                yield failure(request, GaveUp(reason, 1))
