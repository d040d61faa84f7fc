"""The home folder: every file that the warehouse is built from, and the database itself.

Everything in the database comes from a file that was written first:

    <home>/candidates/<sha256>.jsonl  proposed claims of a source that people decide about
    <home>/model_aliases.json        printed names of models that people settled
    <home>/claims/<name>.jsonl       one Claim a line, one file a reading of a source (name: its SHA-256)
    <home>/sources/<sha256>.gz       the page as read
    <home>/criteria/<id>.json        an acceptance Criterion, stored before the run
    <home>/runs/<run id>/            run.json, items.parquet, responses.parquet
    <home>/verdicts/<id>.json        a Verdict
    <home>/weeks/<week>.json         what `weekly` queued on other machines
    <home>/predictions/              control variates that criteria name by their hash
    <home>/.warehouse/               the tables as they are written, with their lock
    <home>/warehouse.duckdb          a copy of them for readers; `claimcheck rebuild` makes them again from the files
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluators.files import write_atomic as write_atomic
from evaluators.user_error import UserError


@dataclass(frozen=True)
class Home:
    """Paths under one home folder."""

    root: Path

    def make(self) -> None:
        """Make the folder. Raises UserError if there cannot be one."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "there is a file" if isinstance(error, FileExistsError) else error.strerror
            raise UserError(f"{str(self.root)[:200]} cannot be a folder ({reason}); set CLAIMCHECK_HOME") from error

    @property
    def database(self) -> Path:
        """The DuckDB file for readers: a whole copy that is replaced, and that nobody writes to."""
        return self.root / "warehouse.duckdb"

    @property
    def private(self) -> Path:
        """The folder of the database that is written to, with its lock."""
        return self.root / ".warehouse"

    @property
    def damaged(self) -> Path:
        """Where a rebuild puts files that are not what was written."""
        return self.root / "damaged"

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
    def predictions(self) -> Path:
        """Control variates, frozen before the runs that use them."""
        return self.root / "predictions"

    @property
    def verdicts(self) -> Path:
        """Verdicts."""
        return self.root / "verdicts"
