"""Boxes without namespaces, for pods and hardened systems: Landlock for files, seccomp for sockets, an own reaper."""

from __future__ import annotations

import base64
import ctypes
import os
import secrets
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.sandbox.box import (
    INSIDE_HOST,
    Box,
    Invocation,
    SandboxError,
    interpreter,
    python_root,
    stage_command,
    system_paths,
)
from evaluators.sandbox.bubblewrap import FIRST_UID
from evaluators.sandbox.seccomp_filter import seccomp_filter

CREATE_RULESET, VERSION_FLAG = 444, 1
LEAST_ABI = 6
"""The first that keeps signals and abstract sockets in (Linux 6.12)."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class Landlock:
    """Shared kernel, process numbers and network stack: less than a namespace, but it needs no privilege."""

    kind = "landlock"

    def missing(self) -> str | None:
        """What it lacks here."""
        if landlock_abi() < LEAST_ABI:
            return f"Landlock ABI {landlock_abi()}; {LEAST_ABI} is needed (Linux 6.12)"
        python = interpreter()
        if os.geteuid() == 0 and any(not folder.stat().st_mode & 1 for folder in python.parents):
            return f"the interpreter {python} lies in a folder that is closed to other users than root"
        return None

    def label(self) -> str:
        """For tables."""
        return f"landlock ABI {landlock_abi()}, no network, shared kernel and processes"

    def invocation(self, box: Box, command: tuple[str, ...], *, descriptors: tuple[int, ...] = ()) -> Invocation:
        """See `Sandbox`. Paths keep their names: what is to have another place in the box cannot be shown."""
        for host, target in (*box.readable.items(), *box.writable.items()):
            if str(host) != target:
                raise SandboxError(f"landlock cannot show {host} at {target}")
        folder = Path(tempfile.mkdtemp(prefix="claimcheck-box-"))
        more: dict[str, Any] = {}
        if os.geteuid() == 0:
            uid = FIRST_UID + secrets.randbelow(1 << 30)
            for path in (folder, *box.writable):
                os.chown(path, uid, uid)
            more["uid"] = uid
        else:
            more["others"] = processes_of(os.geteuid())
        # Landlock knows no right for modes, times and attributes: only that files are another user's protects these
        code = seccomp_filter(families=(), keep_files="uid" not in more)
        readable = [str(path) for path in (*system_paths(), python_root(box.python), INSIDE_HOST, *box.readable)]
        order = stage_command(
            box,
            command,
            str(INSIDE_HOST),
            environment=box.variables(str(folder)),
            folder=str(folder) if box.folder == "/tmp" else box.folder,
            landlock={"read": readable, "device": DEVICES, "write": [str(path) for path in (folder, *box.writable)]},
            seccomp=base64.b64encode(code).decode(),
            **more,
        )
        reaper = (str(box.python), "-I", "-S", "-B", str(INSIDE_HOST / "reaper.py"))
        return Invocation((*reaper, *order), descriptors, scratch=folder)


@cache
def landlock_abi() -> int:
    """Version of Landlock in the running kernel; 0 without it. Asked of the kernel: its file may not be mounted."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return max(0, int(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)))
    except (OSError, AttributeError):
        return 0


def processes_of(uid: int) -> int:
    """Processes and threads that a user has: the kernel's limit counts them with the box's."""
    count = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and folder.stat().st_uid == uid:
                count += sum(1 for _ in (folder / "task").iterdir())
        except OSError:
            continue
    return count
