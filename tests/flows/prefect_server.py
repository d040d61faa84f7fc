"""A Prefect server, workers and a receiver of webhooks for tests: real processes that cannot outlive the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psutil

from evaluators.backends.process import ServerProcess, free_port
from flows.runtime.prefect_server import DEFAULTS

ROOT = Path(__file__).parents[2]
BUSY = 20
"""How often a busy server is asked."""


@dataclass
class Prefect:
    """A running server, and the programs that talk to it."""

    url: str
    environment: dict[str, str]
    logs: Path
    server: ServerProcess
    """The server's own process."""

    @property
    def pid(self) -> int:
        """Process id of the server, and of its group."""
        assert self.server.pid is not None
        return self.server.pid

    def kill_server(self, pause: float = 0.0) -> None:
        """Kill the server and all its processes, wait, and start it again where it was."""
        os.killpg(self.pid, signal.SIGKILL)
        time.sleep(pause)
        self.start_again()

    def start_again(self) -> None:
        """Start a server that was killed where it was."""
        wait(lambda: not self.server.running(), 30, lambda: "the server does not die")
        self.server.start()
        wait(lambda: _healthy(self.url), 120, self.server.output)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call of its REST interface. Like Prefect's own client it asks again while SQLite is busy (503), and where
        asking changes nothing, up to twice when a busy machine's server takes too long."""
        reads = method == "GET" or path.rstrip("/").endswith("filter")
        for asked in range(BUSY):
            try:
                answer = httpx.request(method, f"{self.url}{path}", json=body, timeout=60, trust_env=False)
            except httpx.ReadTimeout:
                if not reads or asked > 1:
                    raise
                continue
            if answer.status_code != 503:
                break
            time.sleep(0.5)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def tool(self, *command: str, **extra: str) -> str:
        """Run a program to its end and return what it printed. extra: environment variables."""
        path, environment = self.logs / "tool.log", self.environment | extra
        with path.open("w") as log:  # a pipe would wait for whatever might outlive the program
            done = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
        assert done.returncode == 0, path.read_text()
        return path.read_text()

    def prefect(self, *arguments: str) -> str:
        """Run Prefect's own program."""
        return self.tool(sys.executable, "-m", "prefect", "--no-prompt", *arguments)

    def worker(self, pool: str) -> subprocess.Popen[bytes]:
        """Start a process worker that runs one flow at a time."""
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--limit", "1"]
        with (self.logs / "worker.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment by `flow/name`."""
        found: dict[str, Any] = self.api("GET", f"/deployments/name/{name}")
        return found

    def queue(self, name: str, **parameters: Any) -> str:
        """Queue one run of a deployment; returns its id."""
        made = self.api(
            "POST",
            f"/deployments/{self.deployment(name)['id']}/create_flow_run",
            {"parameters": parameters, "state": {"type": "SCHEDULED"}},
        )
        return str(made["id"])

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Runs of a deployment that were due."""
        asked = {"flow_runs": {"deployment_id": {"any_": [self.deployment(name)["id"]]}}}
        found: list[dict[str, Any]] = self.api("POST", "/flow_runs/filter", asked)
        return found

    def state(self, run: str) -> dict[str, Any]:
        """State of one run."""
        found: dict[str, Any] = self.api("GET", f"/flow_runs/{run}")["state"]
        return found


@contextmanager
def prefect_server(home: Path, logs: Path, extra: dict[str, str]) -> Iterator[Prefect]:
    """A Prefect server on loopback with its database under `home`."""
    logs.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    stated = DEFAULTS | {"PREFECT_HOME": str(home), "PREFECT_API_URL": url, "PREFECT_WORKER_QUERY_SECONDS": "1"} | extra
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = ServerProcess(command, logs / "server.log", stated)
    server.start()
    try:
        prefect = Prefect(url, {**os.environ, **stated}, logs, server)
        wait(lambda: _healthy(url), 120, server.output)
        yield prefect
    finally:
        server.stop()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def wait(done: Callable[[], bool], seconds: float, said: Callable[[], str]) -> None:
    """Ask until it is so; fails with what `said` returns after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)


def model_servers(worker: int) -> int:
    """Model servers among the descendants of a process."""
    found = 0
    try:
        for child in psutil.Process(worker).children(recursive=True):
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            found += any("embedded.py" in word or "llama-server" in word for word in words) and not any(
                word.endswith("supervisor.py") for word in words
            )
    except psutil.NoSuchProcess:
        pass
    return found


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """What a power cut does to a worker: it and everything that it started are gone at once."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.kill()
    for child in family:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive


@dataclass
class Receiver:
    """What was posted, by path."""

    url: str
    posted: list[tuple[str, dict[str, Any]]]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A server on loopback that keeps JSON bodies posted to it."""
    posted: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Receiver(f"http://127.0.0.1:{server.server_address[1]}", posted)
    finally:
        server.shutdown()
        server.server_close()
