"""Start a command, wait for it, and kill all that it left: for boxes without process numbers of their own.

Run as `python -I -S -B reaper.py COMMAND...`. It adopts what the command's processes leave behind (they cannot get
away by a double fork), and ends them when the command ends, when it is told to (SIGTERM), or when its parent is gone.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 36, 1


def processes_below() -> list[int]:
    """Living children of this process."""
    children = []
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/children") as listed:
            children += [int(word) for word in listed.read().split()]
    return children


def descendants() -> list[int]:
    """All processes below this one, the nearest first."""
    below: list[int] = []
    waiting = processes_below()
    while waiting:
        pid = waiting.pop(0)
        below.append(pid)
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as listed:
            waiting += [int(word) for word in listed.read().split()]
    return below


def kill_all() -> None:
    """Until nothing is left: what starts while we kill becomes our child and meets the next round."""
    while True:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in descendants():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot adopt processes")
    starter = os.getppid()
    # a parent that is killed takes the box with it: the signal comes to us, and we end the rest
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    ended: list[int] = []

    def stop(number: int, frame: object) -> None:
        kill_all()
        os._exit(143)

    signal.signal(signal.SIGTERM, stop)
    if os.getppid() != starter:
        os._exit(143)
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.execv(sys.argv[1], sys.argv[1:])
    while not ended:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            ended.append(os.waitstatus_to_exitcode(status))
    kill_all()
    code = ended[0]
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
