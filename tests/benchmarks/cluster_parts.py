"""The parts of a cluster on one machine: PostgreSQL, a server that speaks S3, a model server that writes down each
request, and releases that ask it for nothing alike. Real processes that cannot outlive the script."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from evaluators.backends.process import free_port
from tests.flows.answering_server import AnsweringServer
from tests.flows.conftest import copy_of_demo
from tests.flows.prefect_server import wait

RIGHT = 0.75
"""Share of the sums that the model server gets right."""
PROBED = 16
"""Tokens asked for where a server is recognised, anew for each start."""
BUCKET = "claimcheck"


class CountedServer(AnsweringServer):
    """Right in `RIGHT` of the sums after `latency` seconds; each request for an item is a line of `log`: when it came
    and the digest of its body."""

    def __init__(self, log: Path, latency: float) -> None:
        self.log, self.latency = log, latency
        super().__init__({"completion": RIGHT, "chat": RIGHT, "thinking": RIGHT})

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The reply to one POST."""
        if path.startswith("/v1/") and body.get("max_tokens") != PROBED:
            key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
            with self.log.open("a") as file:
                file.write(f"{time.time():.3f} {key}\n")
        time.sleep(self.latency)
        self.bodies.clear()
        return super().answer(path, body)


def serve(log: Path, latency: float) -> None:
    """Print the port and serve until killed."""
    with CountedServer(log, latency) as server:
        print(server.http.server_address[1], flush=True)
        signal.pause()


@contextmanager
def model_server(log: Path, latency: float) -> Iterator[str]:
    """The URL of a counted server in a process of its own."""
    log.touch()
    command = [sys.executable, "-m", "tests.benchmarks.cluster_parts", str(log), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of its own on loopback; hands out what Prefect takes as its database."""
    tools = _postgres_tools()
    port = free_port()
    folder.mkdir()
    if os.geteuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]
    else:
        as_user = []
    data = folder / "data"
    made = [*as_user, str(tools / "initdb"), "-D", str(data), "-U", "prefect", "--auth", "trust", "-E", "UTF8"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/")
    command = [str(tools / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
    with (folder.parent / "postgres.log").open("ab") as log:
        server = subprocess.Popen([*as_user, *command, "-c", "max_connections=300"], stdout=log, stderr=log, cwd="/")
    try:
        ready = [str(tools / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
        wait(lambda: subprocess.run(ready, check=False).returncode == 0, 60, lambda: "PostgreSQL does not start")
        create = [str(tools / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "prefect"]
        subprocess.run(create, check=True)
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/prefect"
    finally:
        server.send_signal(signal.SIGINT)  # ends the connections, and then itself
        server.wait(60)


def _postgres_tools() -> Path:
    """Debian keeps what serves out of PATH."""
    found = shutil.which("postgres") or next(iter(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres"))), None)
    assert found, "PostgreSQL is not installed"
    return Path(found).resolve().parent


@contextmanager
def object_store(logs: Path) -> Iterator[dict[str, str]]:
    """A server that speaks S3, with an empty bucket; hands out the environment that reaches it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (logs / "s3.log").open("ab") as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait(lambda: _answers(url), 60, lambda: "the server for S3 does not start")
        httpx.put(f"{url}/{BUCKET}", trust_env=False).raise_for_status()
        yield {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1", "CLAIMCHECK_RUNS": f"s3://{BUCKET}/shared",
        }  # fmt: skip
    finally:
        server.kill()
        server.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def small_release(folder: Path, number: int) -> Path:
    """A release whose card makes one claim. Its temperature is its own, so that no two releases send equal requests;
    one claim in four is far too high, one in four too low."""
    release = copy_of_demo(folder, f"small-{number:02}-1.5M", keep=r"0-shot, strict")
    for weights in (*release.glob("*.gguf"), *release.glob("*.safetensors")):
        weights.unlink()
    card = release / "README.md"
    claimed = (75.0, 75.4, 90.1, 60.2)[number % 4]
    text, rows = re.subn(r"(\| Demo Sums \(0-shot, strict\) \| )[\d.]+", rf"\g<1>{claimed}", card.read_text())
    text, lines = re.subn("prompts, temperature 0\\.", f"prompts, temperature {0.1 + number / 100:.2f}.", text)
    assert rows == lines == 1
    card.write_text(text)
    return release


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]))
