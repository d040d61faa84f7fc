"""Start a command in a box, read what it writes up to a cap, and leave nothing of it behind."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evaluators.sandbox.box import Box, BoxLimits, Invocation, Sandbox
from evaluators.sandbox.kernel_memory import disk_use, kernel_memory

WATCH = 0.05
"""Seconds between two looks at the memory of a box."""
UNWATCHED = 0.2
"""Seconds before the first look: most programs are over by then."""
LOOKING = 0.25
"""Share of the time that may go into looking; a box with many processes or files is looked at less often."""
LAST_WAIT = 5.0
"""Seconds that the end of a killed box may take before its starter is killed as well."""
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class BoxResult:
    """How a box ended. Texts are bytes: what a program writes is data and need not be UTF-8."""

    code: int | None = None
    """Exit code of the command; None if it was killed by us. Never proof that a program did what it should."""
    stdout: bytes = b""
    stderr: bytes = b""
    extra: bytes = b""
    """What came on the caller's own descriptor."""
    seconds: float = 0.0
    """Wall time from the start of the box."""
    ended_by: str | None = None
    """`time`, `output` or `memory` where a limit ended it; None where it ended itself."""


@dataclass
class _Reader:
    limit: int
    content: bytearray = field(default_factory=bytearray)


def execute_program(
    sandbox: Sandbox,
    box: Box,
    command: tuple[str, ...],
    *,
    stdin: bytes = b"",
    descriptors: tuple[int, ...] = (),
    extra: int | None = None,
    deadline: Callable[[bytes], float] | None = None,
) -> BoxResult:
    """Run `command` in a box and return when everything in it is gone.

    `descriptors`: kept open in the box; closed here once it has started. `extra`: the read end of a pipe whose write
    end is among them; it is read to its end with the output. `deadline`: asked with what came on `extra` so far, gives
    the wall time in seconds from the start at which to end the box; None: `box.limits.seconds`.
    Raises SandboxError if the box cannot be made, OSError if its program cannot be started.
    """
    invocation = sandbox.invocation(box, command, descriptors=descriptors)
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            invocation.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=invocation.descriptors,
            start_new_session=True,
        )
    finally:
        invocation.close()
    try:
        return _follow(process, invocation, box, stdin, extra, deadline, started)
    finally:
        end_program(process, invocation.supervised)
        if invocation.information is not None:
            wait_for_all(invocation.information)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        if invocation.scratch is not None:
            shutil.rmtree(invocation.scratch, ignore_errors=True)


def _follow(
    process: subprocess.Popen[bytes],
    invocation: Invocation,
    box: Box,
    stdin: bytes,
    extra: int | None,
    deadline: Callable[[bytes], float] | None,
    started: float,
) -> BoxResult:
    """Feed and read the process until it ends or passes a limit."""
    assert process.stdin and process.stdout and process.stderr
    limits = box.limits
    readers = {process.stdout.fileno(): _Reader(limits.output), process.stderr.fileno(): _Reader(limits.output)}
    if extra is not None:
        readers[extra] = _Reader(limits.output)
    result = BoxResult()
    with selectors.DefaultSelector() as selector:
        for descriptor in readers:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        left = memoryview(stdin)
        source = process.stdin.fileno()
        os.set_blocking(source, False)
        selector.register(source, selectors.EVENT_WRITE)
        looked = started + UNWATCHED
        while result.ended_by is None and (len(selector.get_map()) or process.poll() is None):
            now = time.monotonic()
            told = bytes(readers[extra].content) if extra is not None else b""
            end_at = started + (deadline(told) if deadline else limits.seconds)
            if now >= end_at:
                result.ended_by = "time"
            elif now >= looked:
                if holds_too_much(process.pid, limits, invocation.scratch):
                    result.ended_by = "memory"
                looked = time.monotonic() + max(WATCH, (time.monotonic() - now) / LOOKING)
            if not len(selector.get_map()):
                # its pipes are closed, but it runs on
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, min(WATCH, end_at - now)))
                continue
            for key, _ in selector.select(max(0.0, min(end_at, looked) - now)):
                if key.fd == source:
                    left = _feed(selector, process, left)
                elif not _read(selector, key.fd, readers[key.fd]):
                    result.ended_by = "output"
            if process.poll() is not None and result.ended_by is None:
                _drain(selector, readers)
                break
    ended = end_program(process, invocation.supervised) if result.ended_by else process.wait()
    result.code = None if result.ended_by else ended
    result.seconds = time.monotonic() - started
    result.stdout = bytes(readers[process.stdout.fileno()].content)
    result.stderr = bytes(readers[process.stderr.fileno()].content)
    result.extra = bytes(readers[extra].content) if extra is not None else b""
    return result


def _feed(selector: selectors.BaseSelector, process: subprocess.Popen[bytes], left: memoryview) -> memoryview:
    assert process.stdin
    try:
        left = left[os.write(process.stdin.fileno(), left[:65536]) :] if left else left
    except BlockingIOError:
        return left
    except OSError:
        left = left[:0]
    if not left:
        selector.unregister(process.stdin.fileno())
        with contextlib.suppress(OSError):
            process.stdin.close()
    return left


def _read(selector: selectors.BaseSelector, descriptor: int, reader: _Reader) -> bool:
    """Read what is there; False where the cap is passed."""
    try:
        piece = os.read(descriptor, 65536)
    except BlockingIOError:
        return True
    except OSError:
        piece = b""
    if not piece:
        selector.unregister(descriptor)
        return True
    reader.content += piece[: reader.limit - len(reader.content)]
    return len(reader.content) < reader.limit


def _drain(selector: selectors.BaseSelector, readers: dict[int, _Reader]) -> None:
    """Read what an ended process left in its pipes."""
    for descriptor, reader in readers.items():
        while descriptor in selector.get_map():
            try:
                piece = os.read(descriptor, 65536)
            except OSError:
                break
            if not piece or len(reader.content) >= reader.limit:
                break
            reader.content += piece[: reader.limit - len(reader.content)]


def end_program(process: subprocess.Popen[bytes], supervised: bool) -> int:
    """Kill a box and everything in it, wait for it, and return the exit code of its starter.

    `supervised`: only the starter's child is killed, which is the box's first process: the kernel (or `reaper.py`) then
    kills all others of the box, and the starter ends after them. Only if it does not is it killed itself.
    """
    if supervised and process.poll() is None:
        first = children_of(process.pid)
        for child in first:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        if not first:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LAST_WAIT)
    if process.poll() is None or not supervised:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def wait_for_all(information: int) -> None:
    """Wait until a bubblewrap's box is empty: its starter ends with the command, and others in it just after that.

    The kernel kills the others with the box's first process, which bubblewrap named on this pipe.
    """
    with open(information, "rb") as pipe:
        told = pipe.read()
    try:
        handle = os.pidfd_open(int(json.loads(told)["child-pid"]))
    except (ValueError, KeyError, OSError):
        return
    try:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        select.select([handle], [], [], LAST_WAIT)
    finally:
        os.close(handle)


def children_of(pid: int) -> list[int]:
    """Processes that `pid` started and that live."""
    children = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            children += [int(word) for word in (thread / "children").read_text().split()]
    return children


def holds_too_much(pid: int, limits: BoxLimits, scratch: Path | None) -> bool:
    """Whether the box whose starter is `pid` has more in memory, in the kernel or in its folder of the host (`scratch`)
    than it may. One that hides what it has open does."""
    pids = processes_of_box(pid)
    if resident_memory(pids) > limits.memory:
        return True
    try:
        return kernel_memory(pids) > limits.kernel_memory or (
            scratch is not None and disk_use(scratch, pids) > limits.temporary
        )
    except PermissionError:
        return scratch is not None
    except OSError:
        return False  # it is over


def processes_of_box(pid: int) -> list[int]:
    """Processes below a box's starter, the nearest first."""
    below, waiting = [], children_of(pid)
    while waiting:
        child = waiting.pop(0)
        below.append(child)
        waiting += children_of(child)
    return below


def resident_memory(pids: Sequence[int]) -> int:
    """Bytes in memory of these processes; pages that two share count twice."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return total
