"""Keeps one server process and ends it when the process that asked for it is gone.

    python -I -S supervisor.py LOG COMMAND [ARGUMENT...]

Run by its path, with the standard library only, so that it is up in a few hundredths of a second. Standard input is a
pipe whose other end only the parent holds: end of file means that the parent ended, however it ended (kill -9
included), or that it wants the server stopped. The server runs in a session of its own, so that Ctrl-C and signals
to the parent's group do not reach it; this program ends the whole group, and on Linux also what left the group.

`CLAIMCHECK_CONFINE` in the environment: what the server may touch, as JSON for `sandbox/confine_server.py`, and the
folder that it may write, which is removed after it. A server that root starts so becomes a user of its own
(`sandbox/drop_user.py`).

Standard output: one line with the server's process id. Exit code: the server's, 127 if it could not be started,
0 after a stop that was asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""
HEARTBEAT = 1.0
"""Seconds between two looks at the parent, in case a forked copy of it still holds the pipe."""
PR_SET_CHILD_SUBREAPER = 36
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def prctl(option: int, value: int) -> None:
    """Linux only and only a comfort: the pipe is the guarantee."""
    if LIBC is not None:
        LIBC.prctl(option, value, 0, 0, 0)


def contain() -> None:
    """In the server, before it begins: it ends if this program is killed, and gets no rights from set-uid programs."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def confinement() -> tuple[dict[str, list[str]], Callable[[], None]]:
    """The rules of the environment, taken out of it, and what the server does before it begins."""
    rules = json.loads(os.environ.pop("CLAIMCHECK_CONFINE", "{}"))
    if not rules:
        return rules, contain
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sandbox"))  # noqa: PTH100, PTH118, PTH120
    from confine_server import restrict_itself  # type: ignore[import-not-found]
    from drop_user import drop_user  # type: ignore[import-not-found]

    def confined() -> None:
        drop_user(rules["write"])
        contain()  # after it: a change of the user takes back the order to end with this program
        restrict_itself(rules)

    return rules, confined


def remove(folders: list[str]) -> None:
    """Remove what the server wrote for itself."""
    if folders:
        import shutil

        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def children() -> list[int]:
    """Process ids of our own children (Linux: orphans of the server come to us as their reaper)."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123  pathlib costs start time
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def reap() -> bool:
    """Collect ended children; whether any are left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def end(group: int) -> None:
    """SIGTERM to the group and to what left it, SIGKILL after GRACE to all that is left."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        signal_group(group, number)
        told = {group}
        deadline = time.monotonic() + GRACE
        while reap() and time.monotonic() < deadline:
            for pid in set(children()) - told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.01)


def main(arguments: list[str]) -> int:
    """Start the command, wait for its end or for the parent's."""
    log, *command = arguments
    rules, begin = confinement()
    parent = os.getppid()
    stop_reading, stop_writing = os.pipe()
    os.set_blocking(stop_writing, False)
    signal.set_wakeup_fd(stop_writing, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    with open(log, "ab", buffering=0) as file:  # noqa: PTH123
        try:
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=begin,
            )
        except OSError as error:
            file.write(f"cannot start {command[0]}: {error.strerror}\n".encode())
            remove(rules.get("write", []))
            return 127
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.close()
    while True:
        ready, _, _ = select.select([0, stop_reading], [], [], HEARTBEAT)
        code = server.poll()
        if code is not None:
            end(server.pid)
            remove(rules.get("write", []))
            return code if code >= 0 else 128 - code
        signals = os.read(stop_reading, 64) if stop_reading in ready else b""
        asked = 0 in ready and not os.read(0, 64)
        if asked or os.getppid() != parent or any(number != signal.SIGCHLD for number in signals):
            end(server.pid)
            remove(rules.get("write", []))
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
