"""What stands where the database belongs and is no plain file: a pipe would be waited for for ever, a folder cannot be
replaced."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from evaluators.user_error import DamagedFile
from warehouse.home import Home

FOLDERS = (".tmp", "under-way")
"""Ends of the names of folders that belong beside the database: what DuckDB writes out while it works, and notes."""


def odd_files(home: Home) -> list[DamagedFile]:
    """One error for each such thing."""
    paths = [home.database]
    with suppress(FileNotFoundError, NotADirectoryError):
        paths += sorted(home.private.iterdir())
    odd = [DamagedFile(f"{path} is no plain file", path) for path in paths if _is_odd(path)]
    return odd + _no_folders([home.private])


def odd_folders(home: Home) -> list[DamagedFile]:
    """One error for each thing that stands where a folder of the home belongs."""
    return _no_folders(
        [home.claims, home.sources, home.criteria, home.runs, home.verdicts, home.predictions, home.root / "hub_scans"]
    )


def _no_folders(paths: Iterable[Path]) -> list[DamagedFile]:
    return [DamagedFile(f"{path} is no folder", path) for path in paths if path.exists() and not path.is_dir()]


def _is_odd(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # not there, or a link that leads nowhere
    return not (stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and path.name.endswith(FOLDERS)))
