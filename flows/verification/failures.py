"""What an error in a job means for its claims: a reason of `could_not_run`, or nothing at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from evaluators.outside.harnesses.harness import HarnessMissing
from evaluators.user_error import CannotWrite, UserError
from flows.runtime.error_log import note_error
from flows.runtime.progress_lines import say
from flows.verification.ratio_sides import Unmeasurable
from warehouse.store import WarehouseError


def failure_reason(error: Exception, home: Path, title: str) -> tuple[str, str]:
    """(reason, text) of `could_not_run` for the claims of a job that failed.

    Raises the error again where it says nothing about a claim: a full disk, or a database that cannot be used now.
    What nobody expected is written to a log that the text names.
    """
    if isinstance(error, (WarehouseError, CannotWrite, OSError, sqlite3.OperationalError)):
        raise error
    if isinstance(error, UserError):
        return (error.reason if isinstance(error, (Unmeasurable, HarnessMissing)) else "server_failed"), str(error)
    line = note_error(home, error)
    say(f"{title}: {line}")
    return "unexpected", line
