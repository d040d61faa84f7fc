"""Progress and words on the page of a Prefect run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

if TYPE_CHECKING:
    from evaluators.harness import Progress

SECONDS_BETWEEN_UPDATES = 10.0
FLUSH_SECONDS = 5.0
"""Most seconds that the end of a command waits for what was said to reach the server."""


def say_on_page(text: str) -> None:
    """One line in the log of the run that we are in; nothing where we are in none."""
    if "prefect" in sys.modules:
        from prefect.exceptions import MissingContextError
        from prefect.logging import get_run_logger

        with suppress(MissingContextError):
            get_run_logger().info("%s", text)


def flush_page() -> None:
    """Send what was said before the server goes away."""
    if "prefect" in sys.modules:
        from prefect.logging.handlers import APILogWorker

        with suppress(Exception):  # a page without its last lines is no reason to fail
            APILogWorker.drain_all(timeout=FLUSH_SECONDS)


@contextmanager
def progress_on_page(title: str) -> Iterator[Callable[[Progress], None]]:
    """A function to be told of progress, which it shows as a progress artifact of the run that we are in.

    From a thread of its own, because whoever tells of progress may not wait for a server; what the server refuses
    stops no run.
    """
    from flows.runtime.prefect_run import in_prefect_run

    if not in_prefect_run():
        yield lambda now: None
        return
    from prefect.artifacts import create_progress_artifact, update_progress_artifact

    def make() -> UUID:
        return cast(UUID, create_progress_artifact(progress=0.0, description=title))

    def update(share: float) -> None:
        update_progress_artifact(artifact_id=made.result(), progress=share)

    with ThreadPoolExecutor(1) as pool:
        # a context can be entered once at a time: each call gets a copy of its own
        made: Future[UUID] = pool.submit(copy_context().run, make)
        pending: Future[Any] = made
        last = time.monotonic()

        def tell(now: Progress) -> None:
            nonlocal last, pending
            if pending.done() and time.monotonic() - last >= SECONDS_BETWEEN_UPDATES:
                last = time.monotonic()
                pending = pool.submit(copy_context().run, update, 100 * now.done / max(now.total, 1))

        yield tell
        pool.submit(copy_context().run, update, 100.0)
