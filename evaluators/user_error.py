"""What the user can fix. Apart from the records, so that reading commands need not import pydantic."""

from __future__ import annotations

from pathlib import Path


class UserError(Exception):
    """Something the user can fix. One clear line that ends with the next step."""

    exit_code = 2
    """Of the command line."""


class UnreachableError(UserError):
    """A service that is needed does not answer."""

    exit_code = 3


class NotInstalled(UserError):
    """An optional part that is not installed."""

    exit_code = 3


class CannotWrite(UserError):
    """A disk that is full, or a folder that may not be written: nothing about a claim, and never a verdict."""

    exit_code = 3

    @classmethod
    def to(cls, path: Path, error: OSError) -> CannotWrite:
        """What to say of a path of the home folder."""
        return cls(f"cannot write {path}: {error.strerror}; free some space or set CLAIMCHECK_HOME")


class DamagedFile(UserError):
    """A file of ours that is not what was written. Everything else stays readable."""

    exit_code = 3

    def __init__(self, text: str, path: Path | None = None) -> None:
        """`path`: the file or run folder that can be set aside."""
        super().__init__(text)
        self.path = path
