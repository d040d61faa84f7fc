"""However a process ends that opened a server, the server ends too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from evaluators.backends import ServerOptions
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer
from evaluators.backends.process import ServerProcess
from evaluators.records import Artifact

ROOT = Path(__file__).parents[2]
OWNER = """
import os, sys, threading, time
from pathlib import Path
from evaluators.records import Artifact
from evaluators.backends import ServerOptions
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer

artifact, folder, way = sys.argv[1:]
server = LlamaCppServer(Artifact.model_validate_json(artifact), ServerOptions(threads=1), Path(folder))
starter = threading.Thread(target=server.start)  # as in a Prefect task: the thread ends before the server
starter.start()
starter.join()
if way == "fork" and os.fork() == 0:
    time.sleep(60)  # a copy of us that holds every pipe
    os._exit(0)
try:
    assert server.alive()
    print(server.process.pid, flush=True)
    if way == "raise":
        raise ValueError("something else went wrong")
    time.sleep(60)
finally:
    if way != "no cleanup":
        server.stop()
"""
STUBBORN = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    """Whether a process has ended (somebody may still have to collect it)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(*pids: int) -> None:
    """Fails if a process is still there after 20 seconds."""
    deadline = time.monotonic() + 20
    while left := [pid for pid in pids if not gone(pid)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.02)


@contextmanager
def owner(tiny: Artifact, folder: Path, way: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has opened a server, in a session of its own like a shell's job, and the server's process id."""
    command = [sys.executable, "-c", OWNER, tiny.model_dump_json(), str(folder), way]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        assert process.stdout
        yield process, int(process.stdout.readline())  # printed when the server answered its health check
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_after_a_signal(tiny: Artifact, tmp_path: Path, number: signal.Signals) -> None:
    with owner(tiny, tmp_path, "wait") as (process, server):
        process.send_signal(number)
        wait_until_gone(process.pid, server)


def test_after_ctrl_c_in_a_terminal_and_no_cleanup(tiny: Artifact, tmp_path: Path) -> None:
    with owner(tiny, tmp_path, "no cleanup") as (process, server):
        os.killpg(process.pid, signal.SIGINT)
        wait_until_gone(process.pid, server)


def test_after_kill_9_of_the_whole_job(tiny: Artifact, tmp_path: Path) -> None:
    with owner(tiny, tmp_path, "wait") as (process, server):
        os.killpg(process.pid, signal.SIGKILL)
        wait_until_gone(process.pid, server)


def test_after_an_exception(tiny: Artifact, tmp_path: Path) -> None:
    with owner(tiny, tmp_path, "raise") as (process, server):
        wait_until_gone(process.pid, server)


def test_even_if_a_forked_copy_of_the_owner_lives_on(tiny: Artifact, tmp_path: Path) -> None:
    with owner(tiny, tmp_path, "fork") as (process, server):
        copies = psutil.Process(process.pid).children()
        process.kill()
        wait_until_gone(process.pid, server)
        for copy in copies:
            if copy.is_running():
                copy.kill()


def test_even_if_the_watch_is_killed(tiny: Artifact, tmp_path: Path) -> None:
    with LlamaCppServer(tiny, ServerOptions(threads=1), tmp_path) as server:
        assert server.process.pid
        watch = psutil.Process(server.process.pid).parent()
        assert watch and "supervisor.py" in " ".join(watch.cmdline())
        pid = server.process.pid
        watch.kill()
        wait_until_gone(watch.pid, pid)
        assert not server.alive()
        server.restart()
        assert server.alive()


@pytest.mark.skipif(sys.platform != "linux", reason="finding processes that left the group needs Linux")
def test_with_everything_it_started(tmp_path: Path) -> None:
    process = ServerProcess([sys.executable, "-S", "-c", STUBBORN], tmp_path / "log")
    process.start()
    assert process.pid
    deadline = time.monotonic() + 20
    while len(family := psutil.Process(process.pid).children()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    pids = [process.pid, *(child.pid for child in family)]
    process.stop()
    assert all(gone(pid) for pid in pids)
