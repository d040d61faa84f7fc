"""Write files so that they are either whole or absent, also after a power cut, and read none that is no plain file."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import uuid
from pathlib import Path
from typing import BinaryIO

from evaluators.user_error import CannotWrite

PIECE = 2**20


def write_atomic(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Write a file and its folder's entry to the disk. Raises CannotWrite if that is not possible.

    synced: wait until the disk has them; without it the file is whole or absent for every process, but not after a
    power cut (thousands of files at once, which wait together, or what can be made again).
    """
    temporary = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
        if synced:
            replace_synced(temporary, path)
        else:
            temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CannotWrite.to(path, error) from error


def replace_synced(temporary: Path, path: Path) -> None:
    """Give a finished file its name once the disk has its content."""
    sync_path(temporary)
    temporary.replace(path)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Wait until the disk has a file, or a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading. Raises OSError for anything but a plain file: a pipe would be waited for for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no plain file", str(path))


def read_plain(path: Path) -> bytes:
    """The content of a file. Raises OSError as `open_plain`."""
    with open_plain(path) as file:
        return file.read()


def sha256_of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's content. Raises OSError as `open_plain`."""
    total = hashlib.sha256()
    with open_plain(path) as file:
        while piece := file.read(PIECE):
            total.update(piece)
    return total.hexdigest()
