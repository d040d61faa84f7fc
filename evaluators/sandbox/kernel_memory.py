"""What the kernel keeps for a box beside its processes' memory: names and attributes of files, sockets and what lies in
them; and what a box without a file system of its own keeps on the disk."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

NAME = 1024
"""Bytes that one of a tmpfs's inodes stands for; attributes of files are counted by as many (BOGO_INODE_SIZE)."""
SOCKET = 212_992
"""Bytes that a socket of its first size may hold (net.core.wmem_default)."""
MEMORY_FOLDERS = ("/tmp", "/dev/shm")
QUEUES = ("tcp", "udp")
BLOCK = 512


def kernel_memory(pids: Sequence[int]) -> int:
    """Bytes kept for the processes of one box, at most: sockets count as full. 0 for what cannot be seen."""
    for pid in pids:
        with contextlib.suppress(OSError):
            return _names(pid) + (_own_sockets(pid) if _apart(pid, "net") else _open_sockets(pids))
    return 0


def disk_use(folder: Path, pids: Sequence[int]) -> int:
    """Bytes on the disk below a folder, and in files of its file system that have no name any more but are open.

    Raises PermissionError where a process hides what it has open.
    """
    total, device = 0, folder.stat().st_dev
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):
                total += os.lstat(Path(parent) / name).st_blocks * BLOCK
    nameless: dict[int, int] = {}
    for descriptor in _descriptors(pids):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            about = descriptor.stat()
            if stat.S_ISREG(about.st_mode) and not about.st_nlink and about.st_dev == device:
                nameless[about.st_ino] = about.st_blocks * BLOCK
    return total + sum(nameless.values())


def _names(pid: int) -> int:
    """Of the box's file systems in memory; those of the host are not its own."""
    total = 0
    for folder in MEMORY_FOLDERS:
        inner = Path(f"/proc/{pid}/root{folder}")
        with contextlib.suppress(FileNotFoundError):
            if inner.stat().st_dev != Path(folder).stat().st_dev:
                about = os.statvfs(inner)
                total += (about.f_files - about.f_ffree) * NAME
    return total


def _own_sockets(pid: int) -> int:
    """Of a network of the box's own."""
    net = Path(f"/proc/{pid}/net")
    total = SOCKET * max(0, (net / "unix").read_bytes().count(b"\n") - 1)
    for line in (net / "netlink").read_text().splitlines()[1:]:
        total += SOCKET if line.split()[2] != "0" else 0  # 0: the kernel's end
    for version in ("", "6"):
        with contextlib.suppress(FileNotFoundError):
            # which kinds there are is told at once, their tables are those of the whole machine
            told = (net / f"sockstat{version}").read_text()
            for kind in QUEUES:
                if f"{kind.upper()}{version}: inuse 0" not in told:
                    total += _in_queues(net / f"{kind}{version}")
    return total


def _in_queues(table: Path) -> int:
    """Bytes that wait in the sockets of a table, to be sent or to be read."""
    rows = table.read_text().splitlines()[1:]
    return sum(int(part, 16) for row in rows for part in row.split()[4].split(":"))


def _open_sockets(pids: Sequence[int]) -> int:
    """Of processes that share the host's network, by their descriptors."""
    sockets = set()
    for descriptor in _descriptors(pids):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            target = descriptor.readlink()
            if target.name.startswith("socket:"):
                sockets.add(target)
    return SOCKET * len(sockets)


def _descriptors(pids: Sequence[int]) -> Iterator[Path]:
    """What these have open. Raises PermissionError for a process that hides it; one that is ending has nothing."""
    for pid in pids:
        try:
            yield from list(Path(f"/proc/{pid}/fd").iterdir())
        except PermissionError:
            if int(Path(f"/proc/{pid}/statm").read_text().split()[0]):
                raise
        except (FileNotFoundError, ProcessLookupError):
            continue


def _apart(pid: int, kind: str) -> bool:
    """Whether a process has a namespace of its own."""
    return Path(f"/proc/{pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink()
