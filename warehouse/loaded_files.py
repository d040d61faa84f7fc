"""Which files of a home the tables have already, so that loading costs what is new."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluators.run_manifest import MANIFEST
from warehouse.sql import statement

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class FileState:
    """A file as it was before it was read: another size or time means that it must be read again."""

    name: str
    """Of the file; of a run its folder's."""
    path: Path
    size: int
    modified: int
    """Nanoseconds since 1970."""


def file_states(folder: Path, ending: str) -> list[FileState]:
    """The files of a folder with this ending, by name; none if there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            named_stats = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(ending)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [FileState(name, folder / name, stat.st_size, stat.st_mtime_ns) for name, stat in sorted(named_stats)]


def manifest_states(folder: Path, known: Container[str]) -> list[FileState]:
    """The manifests of the run folders below a folder, by name, without those of the runs that are `known`."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name not in known)
    except (FileNotFoundError, NotADirectoryError):
        return []
    states = []
    for name in names:
        path = folder / name / MANIFEST
        with suppress(OSError):
            stat = path.stat()
            states.append(FileState(name, path, stat.st_size, stat.st_mtime_ns))
    return states


def not_loaded(connection: duckdb.DuckDBPyConnection, folder: str, states: Iterable[FileState]) -> list[FileState]:
    """Of these files, those that the tables do not have as they are now."""
    asked = "select name, size, modified from loaded_files where folder = ?"
    known = {name: (size, modified) for name, size, modified in connection.execute(asked, [folder]).fetchall()}
    return [state for state in states if known.get(state.name) != (state.size, state.modified)]


def mark_loaded(connection: duckdb.DuckDBPyConnection, folder: str, states: Sequence[FileState]) -> None:
    """Note that the tables have these files. A damaged one is never noted, so that it is named every time."""
    if states:
        columns = {
            "folder": folder,
            "names": [state.name for state in states],
            "sizes": [state.size for state in states],
            "times": [state.modified for state in states],
        }
        connection.execute(statement("load_files"), columns)
