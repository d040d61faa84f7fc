"""Prefect for the command line: its settings, and a server of its own that cannot outlive us.

Prefect would start a temporary server by itself, but that one survives a kill -9 of the flow and holds our output open.
So where no PREFECT_API_URL is set we start the same server through the watch that our model servers use.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluators.records import Problem
from evaluators.servers import LOOPBACK, ServerProcess, free_port

DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # deploy/automations.py takes a silent run for lost
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}
START_TIMEOUT = 120.0
"""Seconds: the first start makes Prefect's database."""


@contextmanager
def local_api(home: Path, port: int | None = None) -> Iterator[Callable[[], None]]:
    """Prefect for a flow in this process; nothing is started if PREFECT_API_URL is set. port: None is a free
    one.

    Enter before prefect is imported. The server starts while the caller goes on; the function that is handed out waits
    for it, and raises Problem if it does not come up.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if os.environ.get("PREFECT_API_URL"):
        yield lambda: None
        return
    port = port or free_port()
    url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    server = ServerProcess(command, home / "logs" / "prefect.log", {"PREFECT_API_URL": url})
    server.start()
    os.environ["PREFECT_API_URL"] = url
    try:
        yield lambda: _wait(server, url)
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.stop()


def _wait(server: ServerProcess, url: str) -> None:
    import httpx

    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            if httpx.get(f"{url}/health", timeout=10, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        if not server.running():
            said = [line.strip() for line in server.output().splitlines() if line.strip()] or ["it said nothing"]
            raise Problem(f"Prefect's server ended: {said[-1]}; see {server.log}")
        if time.monotonic() > deadline:
            raise Problem(f"Prefect's server does not answer within {START_TIMEOUT:.0f} s; see {server.log}")
        time.sleep(0.1)
