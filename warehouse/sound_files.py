"""Which files of a home are what was written: every kind by its own hash. The others are named, and left out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from evaluators.files import open_plain, read_plain
from evaluators.records import Run, RunStatus
from evaluators.run_manifest import check_tables, read_manifest
from evaluators.user_error import DamagedFile
from warehouse.claim_records import Claim
from warehouse.home import Home

CONTENT_NAME = re.compile(r"[0-9a-f]{32}")
UNHASHED = {"criterion_id", "lock_id", "stored_at", "locked_at"}
"""Fields of a criterion that its id leaves out; two of them as version 0.1.0 called them."""
TABLES = ("items.parquet", "responses.parquet")


def split_sound(paths: Iterable[Path], check: Callable[[Path], None]) -> tuple[list[Path], list[DamagedFile]]:
    """(sound files, one error for each of the others)."""
    sound, damaged = [], []
    for path in paths:
        try:
            check(path)
            sound.append(path)
        except DamagedFile as error:
            damaged.append(error)
    return sound, damaged


def check_claims(path: Path) -> None:
    """Raise DamagedFile if a file of claims is not what was written."""
    content = _content(path)
    if CONTENT_NAME.fullmatch(path.stem):
        _check_name(path, content)
        return
    try:
        for line in content.splitlines():
            if line.strip():
                Claim.model_validate_json(line)
    except ValueError as error:
        raise DamagedFile(f"{path} is no file of claims ({str(error).splitlines()[0]})", path) from error


def check_hashed(path: Path) -> None:
    """Raise DamagedFile if a verdict or a hub scan, whose name is the hash of its content, is not what was written."""
    content = _content(path)
    if CONTENT_NAME.fullmatch(path.stem):
        _check_name(path, content)
    _object(path, content)


def check_criterion(path: Path) -> None:
    """Raise DamagedFile if a criterion, whose id is the hash of what it says, is not what was written."""
    record = _object(path, _content(path))
    hashed = {name: value for name, value in record.items() if name not in UNHASHED}
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    try:
        datetime.fromisoformat(str(record.get("stored_at") or record.get("locked_at")))
    except ValueError:
        digest = ""
    if path.stem != digest or record.get("criterion_id", record.get("lock_id")) != digest:
        raise DamagedFile(f"{path} is not what was written", path)


def sound_run(folder: Path) -> Run | None:
    """The run of a folder if it has ended, with its tables as they were written. Raises DamagedFile."""
    try:
        run = read_manifest(folder)
        if run is None or run.status is RunStatus.interrupted:
            return None
        if run.run_id != folder.name:
            raise DamagedFile(f"{folder} holds the run {run.run_id}")
        if run.tables:
            check_tables(folder, run)
        else:
            _check_unsealed(folder)
    except DamagedFile as error:
        raise DamagedFile(str(error), folder) from error
    return run


def lost_references(counts: Iterable[tuple[str, int]]) -> list[DamagedFile]:
    """One line for each kind of record that verdicts refer to and that is not there."""
    return [DamagedFile(f"{count:,} {kind} that verdicts refer to are gone") for kind, count in counts if count]


def set_aside(home: Home, damaged: Iterable[DamagedFile]) -> None:
    """Move damaged files to <home>/damaged, where nothing reads them."""
    for error in damaged:
        if error.path is None:
            continue
        target = home.damaged / error.path.parent.name / error.path.name
        number = 0
        while target.exists():
            number += 1
            target = target.with_name(f"{error.path.name}.{number}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            error.path.rename(target)
        except OSError:
            continue  # it stays where it is, and is named again


def _check_unsealed(folder: Path) -> None:
    """Tables of a run of an earlier version, which wrote no hashes: they can be read, or are not there at all."""
    import pyarrow
    import pyarrow.parquet

    for name in TABLES:
        path = folder / name
        if not path.exists():
            continue
        try:
            open_plain(path).close()
            pyarrow.parquet.read_table(path)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise DamagedFile(f"{path} cannot be read ({str(error).splitlines()[0]})") from error


def _content(path: Path) -> bytes:
    try:
        return read_plain(path)
    except OSError as error:
        raise DamagedFile(f"{path} cannot be read ({error.strerror})", path) from error


def _check_name(path: Path, content: bytes) -> None:
    if not hashlib.sha256(content).hexdigest().startswith(path.stem):
        text = f"{path} is not what was written: its name is not the SHA-256 of its content"
        raise DamagedFile(text, path)


def _object(path: Path, content: bytes) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"{path} is no JSON ({error})", path) from error
    if not isinstance(record, dict):
        raise DamagedFile(f"{path} is no JSON object", path)
    return record
