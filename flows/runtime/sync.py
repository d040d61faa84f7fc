"""Files of a home folder between machines: finished runs, bars, claims and verdicts, to or from any fsspec URL.

Everything that is copied is immutable once it is there, so copying twice changes nothing. The manifest of a run is
copied last: whoever sees it sees the whole run.
"""

from __future__ import annotations

import posixpath
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.records import Run, RunStatus, UserError

SMALL_BEFORE = (("sources", ".gz"), ("claims", ".jsonl"), ("criteria", ".json"), ("hub_scans", ".json"))
SMALL_AFTER = (("verdicts", ".json"),)
MANIFEST = "run.json"


@dataclass(frozen=True)
class SyncResult:
    """What one copying brought."""

    files: int
    """Claims, criteria, pages, hub scans and verdicts."""
    runs: int
    """Finished runs."""


def bring(source: str | Path, target: str | Path, *, runs: bool = True) -> SyncResult:
    """Copy what the target lacks. source, target: folders or fsspec URLs such as `s3://bucket/claimcheck`.

    runs: False leaves the run folders out. Raises UserError if one of them cannot be reached.
    """
    try:
        here, there = _Place(source), _Place(target)
        files = sum(_small(here, there, folder, ending) for folder, ending in SMALL_BEFORE)
        folders = sum(_run(here, there, name) for name in here.names("runs")) if runs else 0
        files += sum(_small(here, there, folder, ending) for folder, ending in SMALL_AFTER)
    except (OSError, ImportError, ValueError) as error:
        raise UserError(f"cannot copy from {source} to {target} ({error}); check the address and the rights") from error
    return SyncResult(files, folders)


class _Place:
    """One end: a folder or a URL."""

    def __init__(self, root: str | Path) -> None:
        import fsspec

        self.files: Any
        self.files, self.root = fsspec.core.url_to_fs(str(root))
        self.files.use_listings_cache = False
        self.local = "file" in self.files.protocol

    def path(self, *names: str) -> str:
        return posixpath.join(self.root, *names)

    def names(self, *folder: str) -> set[str]:
        """Names in a folder; none if there is no such folder."""
        self.files.invalidate_cache()
        try:
            return {posixpath.basename(name.rstrip("/")) for name in self.files.ls(self.path(*folder), detail=False)}
        except FileNotFoundError:
            return set()

    def read(self, *names: str) -> bytes | None:
        try:
            return bytes(self.files.cat_file(self.path(*names)))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def take(self, other: _Place, *names: str) -> None:
        """Copy one file from the other end so that it is either whole or absent."""
        with other.files.open(other.path(*names), "rb") as reader:
            self._write(reader, *names)

    def write(self, content: bytes, *names: str) -> None:
        import io

        self._write(io.BytesIO(content), *names)

    def _write(self, reader: Any, *names: str) -> None:
        path = self.path(*names)
        if not self.local:  # object stores show a file when it is whole
            with self.files.open(path, "wb") as writer:
                shutil.copyfileobj(reader, writer, 2**20)
            return
        temporary = Path(path).with_name(f".{names[-1]}.{uuid.uuid4().hex[:8]}")
        temporary.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as writer:
                shutil.copyfileobj(reader, writer, 2**20)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _small(here: _Place, there: _Place, folder: str, ending: str) -> int:
    """Copy the files of a folder that the target lacks; their names say their content."""
    found = {name for name in here.names(folder) if name.endswith(ending) and not name.startswith(".")}
    missing = sorted(found - there.names(folder)) if found else []
    for name in missing:
        there.take(here, folder, name)
    return len(missing)


def _run(here: _Place, there: _Place, name: str) -> int:
    """Copy one run if it has ended and the target does not have it like this. Returns how many were copied."""
    manifest = here.read("runs", name, MANIFEST)
    if manifest is None or not _ended(manifest) or there.read("runs", name, MANIFEST) == manifest:
        return 0
    for table in _tables(here, name):
        there.take(here, "runs", name, table)
    if here.read("runs", name, MANIFEST) != manifest:
        return 0  # it was run again meanwhile; the next copying takes the new one
    there.write(manifest, "runs", name, MANIFEST)
    return 1


def _tables(here: _Place, name: str) -> Iterator[str]:
    return iter(sorted(table for table in here.names("runs", name) if table.endswith(".parquet")))


def _ended(manifest: bytes) -> bool:
    try:
        return Run.model_validate_json(manifest).status != RunStatus.interrupted
    except ValueError:
        return False
