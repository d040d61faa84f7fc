"""How many jobs are kept under way: as many as the server has slots; where it does not say, more while that pays."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST = 256
"""Jobs under way at most on a server that does not say how many it takes."""
GAIN = 1.1
"""Growth of throughput that twice as many jobs must bring to be kept: a full server brings none, noise some percent."""
WINDOWS = 2
"""Jobs that each one under way should finish before throughput is judged."""
LEAST = 32
"""Jobs that throughput is judged by at least."""


def in_flight(slots: int) -> int:
    """Requests to keep at a server of `slots` slots: so many wait there that none of them idles until we have heard
    that it is free. Slots that began together end together, so for a few slots it is one for each."""
    slots = max(1, slots)
    return slots + max(min(slots, 4), slots // 8)


class Concurrency:
    """Jobs that may be under way now. Fixed, unless `most` is above `start`: then it doubles while throughput grows."""

    def __init__(self, start: int, most: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.allowed = max(1, start)
        self.most = max(self.allowed, most or 0)
        self._clock = clock
        self._before: tuple[int, float] | None = None
        """Jobs allowed in the window before, and their throughput."""
        self._done = 0
        """Jobs finished since the number was changed."""
        self._work = 0.0
        self._begun: float | None = None
        """When the window that is measured began; before that the jobs of the old number end."""

    @property
    def settled(self) -> bool:
        """Whether the number stays as it is."""
        return self.allowed >= self.most

    def finished(self, work: float) -> None:
        """A job has been answered. work: tokens, or another measure that is the same for all jobs."""
        if self.settled and self._before is None:
            return
        self._done += 1
        if self._begun is None:
            if self._done >= self.allowed:
                self._begun, self._done, self._work = self._clock(), 0, 0.0
            return
        self._work += work
        if self._done < max(LEAST, WINDOWS * self.allowed):
            return
        throughput = self._work / max(self._clock() - self._begun, 1e-9)
        if self._before is not None and throughput < GAIN * self._before[1]:
            self._settle(self._before[0])
        elif self.settled:
            self._settle(self.allowed)
        else:
            self._before = (self.allowed, throughput)
            self.allowed = min(2 * self.allowed, self.most)
            self._begun, self._done = None, 0

    def turned_away(self) -> None:
        """The server said that it has too many requests: back to what it took before."""
        if not self.settled:
            self._settle(self._before[0] if self._before else self.allowed)

    def _settle(self, allowed: int) -> None:
        self.allowed = self.most = allowed
        self._before = None
