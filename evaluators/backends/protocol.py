"""What the engine needs of a protocol: how the requests of an item are put to a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evaluators.backends.client import Client, GaveUp, Reply
from evaluators.records import RequestKind, Response, ResponseStatus


@dataclass(slots=True)
class Request:
    """One thing to ask the server: an instance and a repeat of it."""

    task: str
    doc_id: int
    index: int
    repeat: int
    kind: RequestKind
    args: tuple[Any, ...]
    """As lm-eval has them: (context, generation arguments), (context, continuation) or (text,)."""
    seed: int
    """Sampling seed."""
    key: str
    """Hash of everything that determines the answer."""


class AnswerProtocol(Protocol):
    """One way of asking."""

    name: str
    """Part of every request key: another protocol is another answer."""

    async def prepare(self, client: Client) -> None:
        """Read from the server what is needed before the first request. Raises UserError."""
        ...

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Split the missing requests of one item into lists that one slot works off one after the other."""
        ...

    def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """One Response for each request of the job, each as soon as it is known. Never raises GaveUp."""
        ...


def one_by_one(requests: Sequence[Request]) -> list[list[Request]]:
    """Each request a job of its own."""
    return [[request] for request in requests]


class Answering(AsyncIterator[Response]):
    """The answers to the requests of a job, asked one after the other. An async generator would do the same, and cost
    the event loop twenty microseconds of book-keeping."""

    def __init__(self, ask: Callable[[Client, Request], Awaitable[Response]], client: Client, job: Sequence[Request]):
        self._ask, self._client = ask, client
        self._left: Iterator[Request] = iter(job)

    async def __anext__(self) -> Response:
        request = next(self._left, None)
        if request is None:
            raise StopAsyncIteration
        try:
            return await self._ask(self._client, request)
        except BaseException:
            self._left = iter(())
            raise


def answered(request: Request, reply: Reply | None, **fields: Any) -> Response:
    """The Response to `request`; `fields` are the rest of its fields, time and attempts come from `reply`."""
    if reply is not None:
        fields.setdefault("seconds", round(reply.seconds, 6))
        fields.setdefault("attempts", reply.attempts)
    return Response(
        task=request.task,
        doc_id=request.doc_id,
        index=request.index,
        repeat=request.repeat,
        kind=request.kind,
        seed=request.seed,
        **fields,
    )


def failure(request: Request, error: GaveUp) -> Response:
    """The Response of a request that got no answer."""
    return answered(request, None, status=ResponseStatus.failed, attempts=error.attempts, error=error.reason)
