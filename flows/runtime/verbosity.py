"""How much a command says: the options --quiet, --no-progress and --log-file, which every command takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evaluators.user_error import UserError


@dataclass
class Verbosity:
    """What is shown while a command works; results and errors always are."""

    quiet: bool = False
    """Say nothing on the way."""
    progress: bool = True
    """Show bars, and lines now and then, of what goes on."""
    log_file: Path | None = None
    """Where everything that is said is kept too, whatever is shown."""

    def note(self, text: str) -> None:
        """Keep a line in the log file, with its time."""
        if self.log_file is not None:
            with self.log_file.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n")


VERBOSITY = Verbosity()
"""Of this process; one command runs in it."""
VALUE_FOLLOWS = "--server-argument"
"""An option whose value may look like one of ours."""


def take_verbosity(arguments: Sequence[str]) -> list[str]:
    """Set VERBOSITY from the arguments of a command and give back the others.

    Raises UserError for a log file that cannot be written.
    """
    VERBOSITY.quiet, VERBOSITY.progress, VERBOSITY.log_file = False, True, None
    left: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*left, word, *words]
        if left and left[-1] == VALUE_FOLLOWS:
            left.append(word)
        elif word == "--quiet":
            VERBOSITY.quiet, VERBOSITY.progress = True, False
        elif word == "--no-progress":
            VERBOSITY.progress = False
        elif word == "--log-file" or word.startswith("--log-file="):
            _log_to(word.partition("=")[2] if "=" in word else next(words, ""))
        else:
            left.append(word)
    return left


def _log_to(path: str) -> None:
    if not path:
        raise UserError("--log-file needs a file to write to")
    VERBOSITY.log_file = Path(path).absolute()
    try:
        VERBOSITY.note("claimcheck starts")
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}); choose another --log-file") from None
