"""Where a flow runs: within a run of Prefect, with its tasks and pages, or as a plain function that needs no server.

A command that nobody watches needs no server: what must survive a crash lies in the home folder in either case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from httpx import HTTPError, RequestError, TransportError
from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.context import FlowRunContext, TaskRunContext
from prefect.flows import Flow
from prefect.settings import PREFECT_API_URL
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_chain, wait_fixed

from evaluators.user_error import UserError
from flows.runtime.prefect_server import check_reachable
from flows.runtime.progress_lines import say

P = ParamSpec("P")
R = TypeVar("R")

NETWORK_WAITS: tuple[float, ...] = (5, 30, 120)
"""Seconds between tries of what talks to the hub."""


_alone: ContextVar[bool] = ContextVar("alone", default=False)
"""Whether a run of Prefect goes on without the server, which was lost on the way."""


def in_prefect_run() -> bool:
    """Whether Prefect runs what calls this, so that there is a page to write on."""
    return not _alone.get() and bool(TaskRunContext.get() or FlowRunContext.get())


def step(*, network: bool = False, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that is a task within a run of Prefect, and a plain call elsewhere.

    network: what the network may have done is tried again, after NETWORK_WAITS. options: those of `prefect.task`.
    """
    if network:
        options |= {
            "retries": len(NETWORK_WAITS), "retry_delay_seconds": list(NETWORK_WAITS), "retry_condition_fn": _may_pass,
        }  # fmt: skip

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        made = task(**options)(function)
        plain = _retried(function) if network else function

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return made(*args, **kwargs) if in_prefect_run() else plain(*args, **kwargs)

        return call

    return wrap


def run_flow(flow: Flow[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """A flow for the command line: on the server of PREFECT_API_URL if there is one, else without any.

    A server that is lost on the way costs a line: the flow goes on without its pages, and pays for nothing again.
    Raises UnreachableError if the server of PREFECT_API_URL does not answer at all.
    """
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return flow.fn(*args, **kwargs)
    check_reachable(url)
    return _outlast(partial(flow, *args, **kwargs), partial(flow.fn, *args, **kwargs), url)


def outlast_server(body: Callable[[], R]) -> R:
    """What the body of a queued run returns. A Prefect server that is lost on the way costs a line: the body goes on
    without its pages, and pays for nothing again. It may be back when the run ends and tells it so."""

    def alone() -> R:
        token = _alone.set(True)
        try:
            return body()
        finally:
            _alone.reset(token)

    return _outlast(body, alone, os.environ.get("PREFECT_API_URL") or PREFECT_API_URL.value())


def _outlast(body: Callable[[], R], alone: Callable[[], R], url: str | None) -> R:
    """The body's result; where it fails because the Prefect server at the URL is gone, that of the same without it."""
    try:
        return body()
    except UserError:
        raise
    except Exception as error:
        if not url or not lost(error, url):
            raise
    say("the server of PREFECT_API_URL is gone; what is finished is kept, and the rest runs without its pages")
    return alone()


def lost(error: BaseException | None, url: str) -> bool:
    """Whether an exception, or one that it came from, says that the Prefect server at this URL cannot be reached."""
    while error is not None:
        if isinstance(error, TransportError) and _asked(error).startswith(url):
            return True
        if "Failed to reach API" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _asked(error: RequestError) -> str:
    try:
        return str(error.request.url)
    except RuntimeError:  # raised outside a request
        return ""


def write_page(
    key: str, *, table: Iterable[dict[str, Any]] | None = None, markdown: str = "", link: str = "", about: str = ""
) -> None:
    """An artifact of the run that we are in: a table, a page or a link; nothing where we are in none.

    What was found is stored before it is shown: a server that does not take it costs a line.
    """
    if not in_prefect_run():
        return
    try:
        if table is not None:
            create_table_artifact(key=key, table=list(table), description=about)
        elif link:
            create_link_artifact(key=key, link=link, link_text=about)
        else:
            create_markdown_artifact(key=key, markdown=markdown)
    except Exception as error:
        say(f"Prefect's page {key} could not be written ({type(error).__name__}); the verdicts are stored")


def _may_pass(task: Any, run: Any, state: Any) -> bool:
    """Whether another try can help, as Prefect asks it."""
    return network_failed(state.result(raise_on_failure=False))


def network_failed(error: object) -> bool:
    """Whether this is what the network may have done, so that another try can help."""
    return isinstance(error, (ConnectionError, TimeoutError, HTTPError)) and not isinstance(error, UserError)


def _retried(function: Callable[P, R]) -> Callable[P, R]:
    """The function, tried again when the network failed."""
    return Retrying(
        retry=retry_if_exception(network_failed), wait=wait_chain(*map(wait_fixed, NETWORK_WAITS)),
        stop=stop_after_attempt(len(NETWORK_WAITS) + 1), reraise=True,
    ).wraps(function)  # fmt: skip
