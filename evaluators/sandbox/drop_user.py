"""Let a server that was started by root go on as a user who owns nothing.

What root started could write to raw disks below /dev, which stays open for GPUs, and read other processes' variables.
The new user keeps one capability, CAP_DAC_READ_SEARCH (https://man7.org/linux/man-pages/man7/capabilities.7.html):
weights often lie in a home that is closed to others, and Landlock says which of them may be read. Standard library
only: `backends/supervisor.py` loads this file by its path, and runs it in the server before it begins.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import stat
from collections.abc import Iterable
from glob import glob

FIRST_USER = 1 << 30
"""Above every account; each server gets one of its own."""
READ_SEARCH = 2
SET_KEEPCAPS, CAP_AMBIENT, AMBIENT_RAISE = 8, 47, 2
VERSION_3 = 0x20080522
GPUS = ("/dev/dri/renderD*", "/dev/kfd", "/dev/nvidia*", "/dev/mali*")


def device_groups(patterns: Iterable[str] = GPUS) -> list[int] | None:
    """Groups that a user needs to drive the GPUs of this machine; None where only root may."""
    groups = set()
    for path in (path for pattern in patterns for path in glob(pattern)):  # noqa: PTH207  pathlib costs start time
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISCHR(status.st_mode) or status.st_mode & 0o006 == 0o006:
            continue
        if status.st_gid == 0 or status.st_mode & 0o060 != 0o060:
            return None
        groups.add(status.st_gid)
    return sorted(groups)


def may_drop() -> bool:
    """Whether `drop_user` can do anything here: we are root, users above every account exist, GPUs are for others too.

    Asked of a user namespace (a container without root of its own), which may know a few users only.
    """
    if os.geteuid() != 0 or device_groups() is None:
        return False
    try:
        with open("/proc/self/uid_map") as users, open("/proc/self/gid_map") as groups:  # noqa: PTH123
            return all(
                any(int(first) + int(count) >= 2 * FIRST_USER for first, _, count in map(str.split, told))
                for told in (users, groups)
            )
    except (OSError, ValueError):
        return False


def drop_user(folders: Iterable[str]) -> None:
    """Become a user of its own for good, who owns `folders`. Does nothing where `may_drop` is false, or where the
    machine refuses: root without capabilities, as in many containers."""
    groups = device_groups()
    if groups is None or not may_drop():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    user = FIRST_USER + secrets.randbelow(FIRST_USER - 1)
    try:
        os.setgroups(groups)
        os.setresgid(user, user, user)
        for folder in folders:
            os.chown(folder, user, user)
        libc.prctl(SET_KEEPCAPS, 1, 0, 0, 0)
        os.setresuid(user, user, user)
    except OSError:
        return
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    wanted = 1 << READ_SEARCH
    held = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)
    """Effective, permitted and inheritable, twice: capabilities below 32, and the rest."""
    if libc.capset(header, held) == 0:
        libc.prctl(CAP_AMBIENT, AMBIENT_RAISE, READ_SEARCH, 0, 0)
