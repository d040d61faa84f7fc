"""Whether the home folder's disk has room for a run."""

from __future__ import annotations

import shutil
from pathlib import Path

from evaluators.user_error import CannotWrite, UserError

SPACE = 100 * 1000**2
"""Bytes that a run needs beside the weights, at least."""


class NoRoom(CannotWrite):
    """The disk is too full for a run: found before anything was begun."""

    exit_code = 2


def check_room(home: Path) -> None:
    """Raise NoRoom if the disk of the home folder, which need not exist, has less than SPACE left."""
    folder = home.absolute()
    try:
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise UserError(f"{str(home)[:200]} cannot be a folder ({error.strerror}); set CLAIMCHECK_HOME") from error
    if free < SPACE:
        left = f"{free / 1000**2:.0f} MB"
        raise NoRoom(f"{folder} has {left} left, too little for a run; free some space or set CLAIMCHECK_HOME")
