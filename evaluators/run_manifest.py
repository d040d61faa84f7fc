"""The manifest of a run folder, run.json: written last, sealed by its own hash and by those of the tables beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from evaluators.files import read_plain, sha256_of_file, write_atomic
from evaluators.records import Run
from evaluators.user_error import DamagedFile

MANIFEST = "run.json"


def write_manifest(folder: Path, run: Run) -> Run:
    """Write run.json, with the hashes of the tables that lie in the folder. Returns the run with them."""
    tables = {path.name: sha256_of_file(path) for path in sorted(folder.glob("*.parquet"))}
    record = run.model_copy(update={"tables": tables}).model_dump(mode="json")
    record["seal"] = seal_of(record)
    write_atomic(folder / MANIFEST, json.dumps(record, indent=2, ensure_ascii=False).encode("utf-8", "replace"))
    return Run.model_validate(record)


def seal_of(record: dict[str, Any]) -> str:
    """SHA-256 (hex) of a manifest without its seal."""
    rest = {name: value for name, value in record.items() if name != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_manifest(folder: Path) -> Run | None:
    """The manifest of a run folder; None if there is none. Raises DamagedFile if it is not what was written."""
    path = folder / MANIFEST
    try:
        content = read_plain(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DamagedFile(f"{path} cannot be read ({error.strerror}); move the folder away and run again") from error
    try:
        record = json.loads(content)
        run = Run.model_validate(record)
    except (ValueError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DamagedFile(f"{path} is not a run manifest ({reason}); move the folder away and run again") from error
    if run.seal is not None and run.seal != seal_of(record):
        raise DamagedFile(f"{path} was changed after it was written; move the folder away and run again")
    return run


def check_tables(folder: Path, run: Run) -> None:
    """Raise DamagedFile if a table of a run is gone or is not what was written."""
    for name, expected in run.tables.items():
        path = folder / Path(name).name
        try:
            actual = sha256_of_file(path)
        except OSError as error:
            raise DamagedFile(
                f"{path} cannot be read ({error.strerror}); move the folder away and run again"
            ) from error
        if actual != expected:
            raise DamagedFile(f"{path} is not what was written; move the folder away and run again")
