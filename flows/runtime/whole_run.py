"""When a whole verification will end: its runs, what each is expected to take, and what the finished ones took."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.number_text import duration

if TYPE_CHECKING:
    from evaluators.harness import Progress


@dataclass(frozen=True)
class ExpectedRun:
    """One run of a verification."""

    title: str
    items: int
    """Items until its claims are decided, if they are true; 0 for speeds."""
    seconds: float
    first: bool
    """Whether it is run in any case, or only if those before it do not confirm."""


@dataclass
class WholeRun:
    """The runs that are left, and how much faster or slower than expected those before were."""

    left: list[ExpectedRun]
    done: int = 0
    """Runs of the plan that are over, those that were not needed included."""
    started: int = 0
    now: ExpectedRun | None = None
    """The run that goes on."""
    since: float = 0.0
    moved: bool = False
    """Whether it told of progress: one that found everything settled says nothing about the others."""
    took: float = 0.0
    guessed: float = 0.0
    """Seconds that the finished runs took, and were expected to take."""

    @contextmanager
    def running(self, number: int) -> Iterator[None]:
        """While run number `place` (from 0) of the plan goes on; those before it that were not needed are over."""
        total = self.done + (self.now is not None) + len(self.left)
        if not 0 <= number < total:
            yield
            return
        self.left = self.left[number - (total - len(self.left)) :]
        self.now, self.since, self.moved = self.left.pop(0), time.monotonic(), False
        self.done, self.started = number, self.started + 1
        try:
            yield
        finally:
            if self.moved:
                self.took += time.monotonic() - self.since
                self.guessed += self.now.seconds
            self.now, self.done = None, number + 1

    def seconds_left(self, progress: Progress | None = None) -> float | None:
        """Seconds until the end, stopping early expected; None where nothing can be said."""
        if self.now is None:
            return None
        self.moved |= progress is not None
        spent = time.monotonic() - self.since
        own = _own(self.now, progress, spent)
        guessed = self.guessed + self.now.seconds
        scale = min(max((self.took + spent + own) / guessed, 0.1), 10.0) if guessed else 1.0
        return own + scale * sum(run.seconds for run in self.left if run.first)

    def line(self, progress: Progress | None = None) -> str:
        """Where the whole stands, in a few words."""
        runs = self.started + sum(run.first for run in self.left)
        left = self.seconds_left(progress)
        end = "" if left is None else f", about {duration(left)} left of all"
        return f"run {self.started} of {runs}{end}" if self.now else ""


def _own(run: ExpectedRun, progress: Progress | None, spent: float) -> float:
    """Seconds until the run itself ends: at its rate to the items that are expected, and, past those, to as many more
    as a claim that is false may need: half of what is left."""
    if progress is None or not progress.rate or not run.items:
        return max(run.seconds - spent, 0.0)
    expected = min(run.items, progress.total)
    items = expected - progress.done if progress.done < expected else (progress.total - progress.done) / 2
    return items / progress.rate


_WHOLE: ContextVar[WholeRun | None] = ContextVar("whole_run", default=None)


def whole_run() -> WholeRun | None:
    """The verification that goes on here; None outside of one."""
    return _WHOLE.get()


@contextmanager
def whole_run_of(runs: Sequence[ExpectedRun]) -> Iterator[WholeRun]:
    """While a verification of these runs goes on, in their order."""
    whole = WholeRun(list(runs))
    token = _WHOLE.set(whole)
    try:
        yield whole
    finally:
        _WHOLE.reset(token)
