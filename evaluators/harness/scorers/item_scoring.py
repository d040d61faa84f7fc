"""One way to have an item scored: here while that is quick, in threads for programs, in processes once it is slow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pickle import PicklingError
from typing import Protocol

from evaluators.harness.requests import Item
from evaluators.harness.scoring import Scored
from evaluators.records import Response

Score = Callable[[Item, Sequence[Response]], Scored]
ENOUGH = 16
"""Items scored here before the time they took is judged."""
SLOW = 0.003
"""Seconds of processor an item from which on scoring may hold up the sender, which works in the same process: one
request costs a fraction of a millisecond. lm-eval's comparison of formulas takes 5 to 50 ms."""
WORTH = 20.0
"""Seconds of scoring that must be left: a process loads lm-eval and the data of the task first, which takes several."""


class Scorers(Protocol):
    """Threads or processes that score items."""

    def submit(self, item: Item, answers: Sequence[Response]) -> Future[Scored]:
        """Have an item scored. The future raises what `score` raises, or that the scorers are gone."""
        ...

    def close(self) -> None:
        """Let them end; what waits to be scored is not."""
        ...


@dataclass(frozen=True)
class ThreadScorers:
    """Threads of an executor, for scoring that waits for programs."""

    executor: Executor
    score: Score

    def submit(self, item: Item, answers: Sequence[Response]) -> Future[Scored]:
        """As `Scorers.submit`."""
        return self.executor.submit(self.score, item, answers)

    def close(self) -> None:
        """The executor belongs to whoever made it."""


class ItemScoring:
    """Scores the items of one run.

    score: in this thread. scorers: who scores from the beginning, if not this thread. more: starts processes, once the
    items have proved slow; None where no other process can score them.
    """

    def __init__(self, score: Score, scorers: Scorers | None = None, more: Callable[[], Scorers] | None = None) -> None:
        self._score, self._scorers, self._more = score, scorers, more
        self._scored, self._seconds = 0, 0.0

    @property
    def elsewhere(self) -> bool:
        """Whether items are scored by others."""
        return self._scorers is not None

    def here(self, item: Item, answers: Sequence[Response]) -> Scored:
        """The item's score, worked out in this thread."""
        began = time.thread_time()
        scored = self._score(item, answers)
        self._seconds += time.thread_time() - began
        self._scored += 1
        return scored

    def submit(self, item: Item, answers: Sequence[Response]) -> Future[Scored]:
        """Have an item scored by others."""
        assert self._scorers is not None
        try:
            return self._scorers.submit(item, answers)
        except RuntimeError as error:  # they are gone
            gone: Future[Scored] = Future()
            gone.set_exception(error)
            return gone

    def result(self, future: Future[Scored], item: Item, answers: Sequence[Response]) -> Scored:
        """What a future brought; what others cannot score, or whatever died with them, is scored here."""
        try:
            return future.result()
        except (RuntimeError, PicklingError, TypeError, AttributeError, EOFError, OSError):
            return self._score(item, answers)

    def consider(self, left: int) -> None:
        """Start processes if scoring `left` more items here would take long."""
        if self._scorers is not None or self._more is None or self._scored < ENOUGH:
            return
        mean = self._seconds / self._scored
        if mean >= SLOW and mean * left >= WORTH:
            self._scorers, self._more = self._more(), None

    def close(self) -> None:
        """Let the scorers end."""
        if self._scorers is not None:
            self._scorers.close()
