"""The network side of a run: one thread with an event loop that keeps every slot of its servers busy.

A slot takes its next request as soon as the server has answered; the answer is written to the journal meanwhile, and a
slot never runs more than one job ahead of the journal. So at most the jobs in flight and one more per slot can be lost
to a kill; a job is one generation, or all choices of an item. Answers are handed over together, since each transaction
and each change of threads has its price. What a server among several leaves unanswered, the others are asked.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluators.backends.client import GaveUp, ServerLost
from evaluators.backends.protocol import Request, failure
from evaluators.backends.reply_reader import one_line
from evaluators.harness.dealing.deal import Deal, Dealt
from evaluators.harness.dealing.lane import Lane
from evaluators.records import Response, ResponseStatus, UserError

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
    """To be set (in the sender's loop) once the journal has it; one for all that are handed over together."""


class Sender(threading.Thread):
    """Works off jobs from `feed`, as many at a time as the servers' lanes allow, and puts answers into `outbox`."""

    def __init__(self, open_lanes: Callable[[], Sequence[Lane]], feed: Iterator[Sequence[Request]]) -> None:
        """open_lanes: makes the lane of every server, inside the sender's loop."""
        super().__init__(name="requests", daemon=True)
        self.outbox: queue.SimpleQueue[list[Answer] | BaseException | None] = queue.SimpleQueue()
        """Answers; an exception that ends the run; None when nothing more will come."""
        self._ready: list[Answer] = []
        """Answers to be handed over."""
        self._written: asyncio.Future[None]
        """Set once they are on disk."""
        self._jobs = 0
        """Jobs that they end."""
        self._closing: asyncio.TimerHandle | None = None
        """When they will be at the latest."""
        self._open_lanes = open_lanes
        self._lanes: Sequence[Lane] = ()
        self._tasks: dict[asyncio.Task[None], int] = {}
        """What goes on for which lane: its workers, its watch, its return."""
        self._feed = feed
        self._deal = Deal(feed, 0)
        self._changed = asyncio.Event()
        """Set, and replaced, when an idle slot may find something to do."""
        self._ending = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._whole: asyncio.Task[None] | None = None

    @property
    def sent(self) -> int:
        """Requests that reached out, to all servers."""
        return sum(lane.client.sent for lane in self._lanes)

    @property
    def in_flight(self) -> int:
        """Requests under way at all servers."""
        return sum(lane.client.in_flight for lane in self._lanes)

    @property
    def allowed(self) -> int:
        """Jobs that may be under way at all servers."""
        return sum(lane.concurrency.allowed for lane in self._lanes)

    def end(self) -> None:
        """Send nothing new; requests under way are finished."""
        self._ending.set()
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._wake)

    def abandon(self) -> None:
        """Drop requests under way too."""
        self._ending.set()
        if self._loop is not None and self._whole is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._whole.cancel)

    def acknowledge(self, answers: Sequence[Answer]) -> None:
        """Tell the workers that these answers are on disk."""

        def settle() -> None:
            for written in {answer.written for answer in answers}:
                if not written.done():
                    written.set_result(None)

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
        self._lanes = self._open_lanes()
        self._deal = Deal(self._feed, len(self._lanes))
        try:
            for number, lane in enumerate(self._lanes):
                self._add_workers(number)
                if lane.returned is not None:
                    self._begin(number, lane.watch())
            while self._goes_on():
                ended, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    await self._settle(task)
        finally:
            await self._drop(list(self._tasks))
            self._hand_over()
            for lane in self._lanes:
                await lane.client.close()

    def _begin(self, number: int, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks[task] = number
        return task

    async def _drop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
            self._tasks.pop(task, None)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _goes_on(self) -> bool:
        """Whether anything is worked on, or waits for a server that may come back."""
        if any(worker in self._tasks for lane in self._lanes for worker in lane.workers.values()):
            return True
        unfinished = self._deal.waiting or not self._ending.is_set()
        return bool(self._tasks) and not self._deal.serving and unfinished

    async def _settle(self, task: asyncio.Task[None]) -> None:
        """A task has ended: a worker that found nothing to do, a server that was lost, or that is back."""
        number = self._tasks.pop(task, None)
        if number is None:
            return  # dropped meanwhile
        lane = self._lanes[number]
        back = number not in self._deal.serving
        try:
            task.result()
        except (ServerLost, UserError) as error:
            if lane.returned is None or (isinstance(error, UserError) and not back):
                raise
            lane.lose(error)
            if not back:
                await self._lose(number)
            elif not self._tasks and not self._deal.serving:
                text = f"all {len(self._lanes)} servers are lost; start them again and repeat the command"
                raise ServerLost(text) from error
            return
        if back:
            self._deal.serving.add(number)
            self._begin(number, lane.watch())
            self._add_workers(number)

    async def _lose(self, number: int) -> None:
        """Give the requests of a server to the others, and wait for it beside them."""
        lane = self._lanes[number]
        self._deal.serving.discard(number)
        await self._drop([task for task, whose in self._tasks.items() if whose == number])
        lane.workers.clear()
        self._begin(number, lane.come_back(lambda: not self._deal.serving))
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _hand_over(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        if self._ready:
            self.outbox.put(self._ready)
            self._ready, self._jobs = [], 0

    def _add_workers(self, number: int) -> None:
        lane = self._lanes[number]
        for slot in range(lane.concurrency.allowed):
            if slot not in lane.workers:
                lane.workers[slot] = self._begin(number, self._work(lane, number, slot))

    async def _work(self, lane: Lane, number: int, slot: int) -> None:
        before: asyncio.Future[None] | None = None
        while slot < lane.concurrency.allowed:
            job = self._deal.next(number, lane.concurrency.allowed, fresh=not self._ending.is_set())
            if job is None:
                self._hand_over()
                if not self._deal.may_come(number):
                    return
                await self._changed.wait()
                continue
            before = await self._carry_out(job, lane, number, slot, before)
            if lane.concurrency.allowed > len(lane.workers):
                self._add_workers(number)
            allowed = sum(self._lanes[serving].concurrency.allowed for serving in self._deal.serving)
            if self._jobs >= allowed or len(self._ready) >= BATCH:
                self._hand_over()

    async def _carry_out(
        self, job: Dealt, lane: Lane, number: int, slot: int, before: asyncio.Future[None] | None
    ) -> asyncio.Future[None] | None:
        """Answer a job. before: set once the slot's job before is on disk. Returns the same for this one."""
        waiting = {(request.index, request.repeat): request for request in job.requests}
        last, work = before, 0
        failed: list[Request] = []
        answers = lane.protocol.answer(lane.client, job.requests, slot)
        try:
            while responses := await self._next(answers, waiting):
                for response in responses:
                    key = response.index, response.repeat
                    if response.status is ResponseStatus.failed and self._deal.others(job, number):
                        failed.append(waiting.pop(key))
                        continue
                    work += response.generated_tokens or 1
                    if before is not None and not before.done():
                        self._hand_over()
                        await asyncio.shield(before)  # others wait for it too
                    last = self._keep(waiting.pop(key), response)
        finally:
            self._deal.end(job, left=waiting.values(), failed=failed)
            if len(self._lanes) > 1:
                self._wake()
        self._jobs += 1
        lane.concurrency.finished(work)
        if lane.client.turned_away:
            lane.concurrency.turned_away()
        return last

    def _keep(self, request: Request, response: Response) -> asyncio.Future[None]:
        """Add an answer to those that are handed over next. Returns what is set once they are on disk."""
        loop = asyncio.get_running_loop()
        if not self._ready:
            self._written = loop.create_future()
        self._ready.append(Answer(request, response, self._written))
        if self._closing is None:
            self._closing = loop.call_later(LINGER, self._hand_over)
        return self._written

    async def _next(
        self, answers: AsyncIterator[Response], waiting: Mapping[tuple[int, int], Request]
    ) -> Sequence[Response]:
        """The next answer of a job, none after the last. Where the protocol breaks on what the server sent, the
        requests that wait for one have failed."""
        try:
            return (await anext(answers),)
        except StopAsyncIteration:
            return ()
        except (ServerLost, UserError):
            raise
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {one_line(str(error))}"
            return [failure(request, GaveUp(reason, 1)) for request in waiting.values()]
