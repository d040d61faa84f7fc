"""Run the attempts of `escape_cases` in boxes of one kind, as whoever starts it, and print what came of each in JSON.

    python run_escapes.py KIND [NAME...]

Runs on the standard library alone, so that any user's Python can start it. Always started in mounts of its own.
"""

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# ruff: noqa: E402
sys.path[0] = str(Path(__file__).parents[2])

from evaluators.sandbox.box import Box, BoxLimits
from evaluators.sandbox.choose_sandbox import sandbox_of_kind
from evaluators.sandbox.execute import end_program, execute_program
from evaluators.sandbox.self_test import processes_with
from tests.sandbox.escape_cases import CASES, PREAMBLE

LIMITS = BoxLimits(seconds=3, process_memory=2 << 30, memory=1 << 30, kernel_memory=16 << 20)


def listen(kind: int, family: int, address, touched: list[str], name: str):
    """A socket of the host that notes whoever reaches it."""
    opened = socket.socket(family, kind)
    opened.bind(address)
    if kind == socket.SOCK_STREAM:
        opened.listen()

    def serve() -> None:
        while True:
            try:
                if kind == socket.SOCK_STREAM:
                    opened.accept()[0].close()
                else:
                    opened.recv(16)
            except OSError:
                return
            touched.append(name)

    threading.Thread(target=serve, daemon=True).start()
    return opened.getsockname()


def own_address() -> str:
    """An address of the host that is not the loopback's, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return "127.0.0.1"


def targets(folder: Path, marker: str, touched: list[str]) -> dict[str, object]:
    """What the attempts are after."""
    folder.chmod(0o755)
    (folder / "secret").write_text(marker)
    (folder / "secret").chmod(0o644)
    (folder / "opened").mkdir()
    (folder / "opened").chmod(0o777)
    os.environ["PROBE_SECRET"] = marker
    shared = Path("/dev/shm") / marker
    shared.write_text(marker)
    shared.chmod(0o666)
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    found = {
        "secret": str(folder / "secret"),
        "opened": str(folder / "opened"),
        "host": os.getpid(),
        "marker": marker,
        "node": os.uname().nodename,
        "address": own_address(),
        "path": str(folder / "socket"),
        "abstract": marker,
        "abstract_datagram": marker + "d",
        "posix_shm": marker,
        # without namespaces the kernel counts all of a user's processes: those of other boxes that end make room
        "processes": LIMITS.processes * (2 if sys.argv[1] == "landlock" else 1),
        "shm": ctypes.CDLL(None).shmget(0, 4096, 0o1666),
        "tcp": listen(stream, socket.AF_INET, ("127.0.0.1", 0), touched, "tcp")[1],
        "tcp_any": listen(stream, socket.AF_INET, ("0.0.0.0", 0), touched, "tcp_any")[1],
        "udp": listen(datagram, socket.AF_INET, ("127.0.0.1", 0), touched, "udp")[1],
        "tcp6": 9,
    }
    with contextlib.suppress(OSError):
        found["tcp6"] = listen(stream, socket.AF_INET6, ("::1", 0), touched, "tcp6")[1]
    listen(stream, socket.AF_UNIX, found["path"], touched, "path")
    listen(stream, socket.AF_UNIX, "\0" + marker, touched, "abstract")
    listen(datagram, socket.AF_UNIX, "\0" + marker + "d", touched, "abstract datagram")
    Path(str(found["path"])).chmod(0o777)
    signal.signal(signal.SIGURG, lambda *_: touched.append("owner"))
    return found


SIBLING = """
import socket, sys, time
word = sys.argv[1]
for folder in ("/tmp/", "/dev/shm/", ""):
    try: open(folder + word, "w").write(word)
    except OSError: pass
kept = []
for family, address in ((socket.AF_INET, ("127.0.0.1", int(sys.argv[2]))), (socket.AF_UNIX, chr(0) + word)):
    try:
        kept.append(socket.socket(family)); kept[-1].bind(address); kept[-1].listen(99)
    except OSError: pass
print("ready", flush=True)
sys.stdin.read()
time.sleep(600)
"""
"""A box beside those of the attempts. It lives until its input is closed, or its time is over."""


@contextlib.contextmanager
def sibling(sandbox, word: str, port: int):
    """Another box at the same time, ready when this is entered."""
    box = Box(limits=LIMITS, environment={"SIBLING": word})
    made = sandbox.invocation(box, (str(box.python), "-I", "-S", "-c", SIBLING, word, str(port)))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(
        made.argv, env={}, cwd="/", pass_fds=made.descriptors, start_new_session=True, **pipes
    )  # fmt: skip
    made.close()
    try:
        yield process.stdout.readline() == b"ready\n" and process
    finally:
        alive = process.poll() is None
        end_program(process, made.supervised)
        if made.scratch is not None:
            shutil.rmtree(made.scratch, ignore_errors=True)
        assert alive, "an attempt ended the box beside its own"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    sandbox = sandbox_of_kind(sys.argv[1])
    chosen = sys.argv[2:] or list(CASES)
    marker = secrets.token_hex(12)
    touched: list[str] = []
    with tempfile.TemporaryDirectory(prefix="escape-") as name:
        order = targets(Path(name), marker, touched)

        def attempt(case: str) -> dict[str, object]:
            stay = secrets.token_hex(12)
            box = Box(limits=LIMITS)
            code = PREAMBLE + CASES[case]
            command = (str(box.python), "-I", "-S", "-c", code, json.dumps(order | {"stay": stay}))
            try:
                ended = execute_program(sandbox, box, command)
            except Exception as error:
                return {"broken": repr(error)}
            alive = processes_with(stay)
            for pid in alive:
                os.kill(pid, 9)
            return {
                "out": ended.stdout.decode("utf-8", "replace")[:300] if b"ESCAPED" in ended.stdout else "",
                "error": ended.stderr.decode("utf-8", "replace")[-200:],
                "code": ended.code,
                "ended_by": ended.ended_by,
                "seconds": ended.seconds,
                "alive": alive,
                "output": len(ended.stdout) + len(ended.stderr),
            }

        order |= {"sibling": secrets.token_hex(12), "sibling_tcp": free_port()}
        with sibling(sandbox, order["sibling"], order["sibling_tcp"]) as there, ThreadPoolExecutor(3) as pool:
            assert there, "the box beside the attempts did not start"
            results = dict(zip(chosen, pool.map(attempt, chosen), strict=True))
        left = list(Path(order["opened"]).iterdir())
    (Path("/dev/shm") / marker).unlink(missing_ok=True)
    ctypes.CDLL(None).shmctl(order["shm"], 0, None)
    print(json.dumps({"uid": os.geteuid(), "results": results, "touched": touched, "left": [str(p) for p in left]}))


if __name__ == "__main__":
    main()
