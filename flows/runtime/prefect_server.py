"""Prefect's settings, and a server of our own for `serve` that cannot outlive us.

Prefect would start a temporary server by itself, but that one survives a kill -9 of the flow and holds our output open.
So where no PREFECT_API_URL is set we start the same server through the watch that our model servers use.
"""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path

from evaluators.backends import LOOPBACK, ServerProcess, free_port
from evaluators.user_error import UnreachableError, UserError
from flows.runtime.progress_page import flush_page

DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # deploy/automations.py takes a silent run for lost
    "PREFECT_CLIENT_MAX_RETRIES": "3",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    # what we say goes to the pages of the runs; on the terminal it is shown by `say`
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "INFO",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "INFO",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
DATABASES = ("PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL")
"""Where the user's other projects keep their runs; a server of our own has its own."""
RESTARTS = 3
EARLIER = timedelta(days=3650)
"""A lost run is due so long before it was made: before all that wait, and in the order in which they were made."""
START_TIMEOUT = 120.0
"""Seconds: the first start makes Prefect's database."""


def set_defaults() -> None:
    """Settings of Prefect for our runs, where the user has none of his own. Call before prefect is imported."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def local_api(home: Path, port: int | None = None) -> Iterator[Callable[[], None]]:
    """Prefect for a flow in this process; nothing is started if PREFECT_API_URL is set. port: None is a free
    one.

    Enter before prefect is imported. The server starts while the caller goes on; the function that is handed out waits
    for it, and raises UserError if it does not come up, UnreachableError if the one of PREFECT_API_URL does not answer.
    A server of our own keeps everything below the home folder, apart for each version of Prefect: another version,
    there or in the user's other projects, changes its database so that this one could not open it.
    """
    set_defaults()
    if given := os.environ.get("PREFECT_API_URL"):
        yield partial(check_reachable, given)
        return
    own = home.absolute() / "prefect" / version("prefect")
    before = {name: os.environ.pop(name, None) for name in ("PREFECT_HOME", "PREFECT_PROFILE", *DATABASES)}
    own.mkdir(parents=True, exist_ok=True)  # Prefect makes only the last folder of the path
    os.environ["PREFECT_HOME"] = str(own)
    port = port or free_port()
    url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    stated = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
    server = ServerProcess(command, home / "logs" / "prefect.log", stated | {"PREFECT_API_URL": url})
    server.start()
    os.environ["PREFECT_API_URL"] = url
    try:
        yield lambda: _wait(server, url)
    finally:
        flush_page()
        os.environ.pop("PREFECT_API_URL", None)
        os.environ.pop("PREFECT_HOME", None)
        os.environ.update({name: value for name, value in before.items() if value is not None})
        server.stop()


def check_reachable(url: str) -> None:
    """Raise UnreachableError if no server answers there, or one of another Prefect that does not understand us."""
    import httpx

    ours = version("prefect")
    try:
        answer = httpx.get(f"{url.rstrip('/')}/admin/version", timeout=10, headers=_authorization())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise UnreachableError(
            f"no Prefect server answers at PREFECT_API_URL={url} ({why}); start it, or unset PREFECT_API_URL"
        ) from error
    theirs = str(answer.json()) if answer.is_success and "json" in answer.headers.get("content-type", "") else ""
    if theirs and theirs.partition(".")[0] != ours.partition(".")[0]:
        raise UnreachableError(
            f"the server at PREFECT_API_URL={url} is Prefect {theirs}, this is {ours}; unset PREFECT_API_URL"
        )


def _authorization() -> dict[str, str]:
    """Headers with what the environment holds for the user's server."""
    if basic := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": "Basic " + base64.b64encode(basic.encode()).decode()}
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _wait(server: ServerProcess, url: str) -> None:
    import httpx

    deadline = time.monotonic() + START_TIMEOUT
    starts = 0
    while True:
        try:
            if httpx.get(f"{url}/health", timeout=10, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        if not server.running() and starts < RESTARTS:  # two that make one new database at once: one of them ends
            starts += 1
            server.start()
        if not server.running():
            said = [line.strip() for line in server.output().splitlines() if line.strip()] or ["it said nothing"]
            raise UserError(f"Prefect's server ended: {said[-1]}; see {server.log}")
        if time.monotonic() > deadline:
            raise UserError(f"Prefect's server does not answer within {START_TIMEOUT:.0f} s; see {server.log}")
        time.sleep(0.1)


def resume_abandoned(deployments: Sequence[str]) -> list[str]:
    """Schedule again, before all that waits, what a Prefect server of our own still holds for running. Returns their
    names.

    deployments: their full names, `verify/manual`. Only for a server that nobody else uses: there, what is running
    when we start was left behind by a crash. Elsewhere the automation of `deploy/automations.py` does it.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterName,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.states import Scheduled

    left = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    names = [name.partition("/")[2] for name in deployments]
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=left))),
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=names)),
        )
        for run in runs:
            first = run.created and run.created - EARLIER  # before all that wait
            client.set_flow_run_state(run.id, Scheduled(name="AwaitingRetry", scheduled_time=first), force=True)
    return [run.name for run in runs]
