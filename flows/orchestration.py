"""Prefect for the command line: its settings, and a server of its own that cannot outlive us.

Prefect would start a temporary server by itself, but that one survives a kill -9 of the flow and holds our output open.
So where no PREFECT_API_URL is set we start the same server through the watch that our model servers use.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
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
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}
START_TIMEOUT = 120.0
"""Seconds: the first start makes Prefect's database."""


@contextmanager
def local_api(home: Path, port: int | None = None) -> Iterator[None]:
    """Prefect ready for a flow in this process; nothing is started if PREFECT_API_URL is set. port: None is a free one.

    Enter before prefect is imported. The server starts while the caller goes on; `ready` waits for it.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    port = port or free_port()
    url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    server = ServerProcess(command, home / "logs" / "prefect.log", {"PREFECT_API_URL": url})
    server.start()
    os.environ["PREFECT_API_URL"] = url
    try:
        yield
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()


def ready() -> None:
    """Wait until Prefect's server answers. Raises Problem if it does not."""
    import httpx

    url = os.environ["PREFECT_API_URL"]
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            if httpx.get(f"{url}/health", timeout=10, trust_env=not url.startswith(f"http://{LOOPBACK}")).is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise Problem(f"Prefect's server at {url} does not answer; see logs/prefect.log in the home folder")
        time.sleep(0.1)
