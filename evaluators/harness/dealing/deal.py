"""Who gets the next job of the fixed order.

Whichever server is free takes the next one, so jobs are interleaved over the servers in proportion to their speed and
the finished prefix is never further behind than what is under way. A job that a server could not answer goes to another
before any new one is begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evaluators.backends.protocol import Request


@dataclass(slots=True, eq=False)
class Dealt:
    """Requests that one slot works off, and the servers that gave them no answer."""

    requests: tuple[Request, ...]
    failed_on: frozenset[int] = frozenset()


class Deal:
    """The jobs of a run. Servers are numbered from 0."""

    def __init__(self, feed: Iterator[Sequence[Request]], servers: int) -> None:
        self.serving = set(range(servers))
        """Servers that take jobs now."""
        self._feed = feed
        self._returned: list[Dealt] = []
        """To be begun by another server, in the order in which they came back."""
        self._under_way: dict[Dealt, int] = {}
        """By job: the server that works on it."""
        self._failures = False
        """Whether a server ever had no answer: until then nobody owes one, and no job need be looked at."""

    def next(self, server: int, most: int, *, fresh: bool = True) -> Dealt | None:
        """The next job of a server, None if there is none now. fresh: whether a new one may be begun. A server that
        failed `most` jobs which others have not answered yet gets no new one: it would fail faster than they answer."""
        for job in self._returned:
            if server not in job.failed_on or self.serving <= job.failed_on:
                self._returned.remove(job)
                return self._begin(job, server)
        if not fresh or self._owed(server) >= most:
            return None
        requests = next(self._feed, None)
        return None if requests is None else self._begin(Dealt(tuple(requests)), server)

    def may_come(self, server: int) -> bool:
        """Whether a server that found no job may still get one: another's that fails or dies."""
        return bool(self._returned) or any(by != server for by in self._under_way.values())

    @property
    def waiting(self) -> bool:
        """Whether a job waits for another server."""
        return bool(self._returned)

    def others(self, job: Dealt, server: int) -> bool:
        """Whether another server may answer what this one could not."""
        return bool(self.serving - job.failed_on - {server})

    def end(self, job: Dealt, *, left: Iterable[Request] = (), failed: Iterable[Request] = ()) -> None:
        """A server is done with a job. left: requests that it did not come to; failed: those that it has no answer
        for. Both go to others."""
        server = self._under_way.pop(job)
        for requests, failed_on in ((tuple(left), job.failed_on), (tuple(failed), job.failed_on | {server})):
            if requests:
                self._returned.append(Dealt(requests, failed_on))
                self._failures = self._failures or bool(failed_on)

    def _begin(self, job: Dealt, server: int) -> Dealt:
        self._under_way[job] = server
        return job

    def _owed(self, server: int) -> int:
        if not self._failures:
            return 0
        elsewhere = [job for job, by in self._under_way.items() if by != server]
        return sum(server in job.failed_on for job in (*self._returned, *elsewhere))
