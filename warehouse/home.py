"""The home folder: every file that the warehouse is built from, and the database itself.

Everything in the database comes from a file that was written first:

    <home>/candidates/<sha256>.jsonl  proposed claims of a source that people decide about
    <home>/model_aliases.json        printed names of models that people settled
    <home>/claims/<name>.jsonl       one Claim a line, one file a reading of a source (name: its SHA-256)
    <home>/sources/<sha256>.gz       the page as read
    <home>/criteria/<id>.json        an acceptance Criterion, stored before the run
    <home>/runs/<run id>/            run.json, items.parquet, responses.parquet
    <home>/verdicts/<id>.json        a Verdict
    <home>/warehouse.duckdb          the tables; `claimcheck rebuild` makes them again from the files above
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from evaluators.user_error import UserError


@dataclass(frozen=True)
class Home:
    """Paths under one home folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.root / "warehouse.duckdb"

    @property
    def claims(self) -> Path:
        """Readings of sources as JSON lines."""
        return self.root / "claims"

    @property
    def sources(self) -> Path:
        """Pages as read, content-addressed."""
        return self.root / "sources"

    @property
    def criteria(self) -> Path:
        """Acceptance criteria, stored before the runs."""
        return self.root / "criteria"

    @property
    def runs(self) -> Path:
        """Run folders."""
        return self.root / "runs"

    @property
    def verdicts(self) -> Path:
        """Verdicts."""
        return self.root / "verdicts"


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that it is either whole or absent, also after a power cut. Raises UserError if the
    disk is full."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror}; free some space or set CLAIMCHECK_HOME") from error
