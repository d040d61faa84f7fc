"""Run one Python program as the metric `code_eval` does, and say on a descriptor of its own how it ended.

Standard input: by `marshal` a mapping of "program", "seconds", "sites" (folders of packages), "modules" (to be loaded
first), "plain" (it imports nothing that could start processes), "depth", "share", "secret", "result". On `result` goes
`started`, then one of `passed PROOF`, `failed WHY`, `timed out`. PROOF is `share` xor 16 bytes that lie unread in the
pipe `secret`: neither half is a proof, and the whole exists only after the program has come to its end, so an exit
code, a line printed or bytes found and sent to every descriptor pass nothing. A program that knows this file and
rewrites the process it runs in can still pass itself; grading candidate and test in one process leaves that open.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import io
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TimeoutException(Exception):
    """The program's time is over."""


class WriteOnlyStringIO(io.StringIO):
    """Takes what is written; raises when read."""

    def read(self, *args: Any, **kwargs: Any) -> Any:
        raise OSError

    readline = readlines = read

    def readable(self, *args: Any, **kwargs: Any) -> bool:
        return False


def disable_functions(plain: bool) -> None:
    """What `code_eval` takes away, so that a program that needs it fails here as there. The box does the guarding.

    `plain`: leave out the modules that the program does not import, which takes as long as all the rest.
    """
    import builtins

    for name in ("exit", "quit", "help"):
        setattr(builtins, name, None)
    for name in (
        *("kill", "system", "putenv", "remove", "removedirs", "rmdir", "fchdir", "setuid", "fork", "forkpty"),
        *("killpg", "rename", "renames", "truncate", "replace", "unlink", "fchmod", "fchown", "chmod", "chown"),
        *("chroot", "lchflags", "lchmod", "lchown", "getcwd", "chdir"),
    ):
        setattr(os, name, None)
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None  # type: ignore[assignment]
    if not plain:
        import faulthandler
        import shutil
        import subprocess

        faulthandler.disable()
        for name in ("rmtree", "move", "chown"):
            setattr(shutil, name, None)
        subprocess.Popen = None  # type: ignore[assignment,misc]


def run_at_depth(frames: int, program: str) -> None:
    """Run it below so many frames: recursion then ends where it ends under `code_eval`."""
    if frames > 0:
        run_at_depth(frames - 1, program)
    else:
        exec(program, {})


def main() -> None:
    order = marshal.loads(sys.stdin.buffer.read())
    read, write, leave, result, secret = os.read, os.write, os._exit, order["result"], order["secret"]
    set_timer, real = signal.setitimer, signal.ITIMER_REAL
    from_bytes, share = int.from_bytes, int(order["share"], 16)
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.extend(order["sites"])
    sys.argv[:] = [""]
    program, seconds, depth = order["program"], order["seconds"], order["depth"]
    modules, plain = order["modules"], order["plain"]
    del order

    def out_of_time(number: int, frame: Any) -> None:
        raise TimeoutException("Timed out!")

    for name in modules:
        try:
            __import__(name)
        except Exception:
            continue
    disable_functions(plain)
    write(result, b"started\n")
    sys.stdin = sys.stdout = sys.stderr = WriteOnlyStringIO()
    try:
        set_timer(real, seconds)
        signal.signal(signal.SIGALRM, out_of_time)
        run_at_depth(depth, program)
        # no names of modules or builtins and no context managers here: the program may have changed them
        set_timer(real, 0)
        write(result, b"\npassed %032x\n" % (from_bytes(read(secret, 16), "big") ^ share))
    except TimeoutException:
        write(result, b"\ntimed out\n")
    except BaseException as error:
        set_timer(real, 0)
        try:
            why = repr(error)[:200].encode("ascii", "replace")
        except BaseException:
            why = b"?"
        write(result, b"\nfailed " + why.replace(b"\n", b" ") + b"\n")
    leave(0)
