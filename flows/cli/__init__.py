"""The command line `claimcheck`.

Exit codes: 0 done; 1 with `--strict` and a flagged discrepancy; 2 bad input (one line says what to do);
3 something could not be run (what was finished is kept); 130 interrupted.

app               the commands
benchmarks        `claimcheck benchmarks`
claim_import      what `claimcheck claims import` reads
claims            `claimcheck claims ...`
compare           `claimcheck compare`
completion        `claimcheck completion`
doctor            `claimcheck doctor`
mcp_command       `claimcheck mcp`
measured_table    claims beside measurements as text
models            `claimcheck models ...`
output            tables for people, JSON for programs
plan              `claimcheck plan`
read              commands that only read (and `rebuild`)
report            `claimcheck report`
results_command   `claimcheck results ...`
serve             `claimcheck serve`
share             `claimcheck share`
speed             `claimcheck speed`
verify_command    `claimcheck verify` and `claimcheck demo`
weekly_command    `claimcheck watch` and `claimcheck weekly`
text/             what the commands print for people
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluators.user_error import UserError
from flows.runtime.plain_text import write_line
from flows.runtime.verbosity import VERBOSITY, take_verbosity


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    try:
        code = run_command(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:  # a further one, while the first was told of
        code = 130
    # What is finished is on disk and every server has ended. Libraries may still wait for threads of theirs, with a
    # traceback where Python's own handler breaks that off: from here on Ctrl-C ends the process at once.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    from cyclopts import CycloptsError

    from flows.cli.app import build_app

    try:
        arguments = take_verbosity(arguments)
        result = build_app()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        write_line(f"claimcheck: {str(error).splitlines()[0]} Try `claimcheck --help`.", sys.stderr)
        return 2
    except UserError as problem:
        write_line(f"claimcheck: {problem}", sys.stderr)
        VERBOSITY.note(f"claimcheck: {problem}")
        return problem.exit_code
    except KeyboardInterrupt:
        write_line("claimcheck: interrupted; what was finished is kept, run the same command to go on", sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        told = _no_room(error)
        if told is None:
            return _unexpected(error)
        write_line(f"claimcheck: {told}; free some space or set CLAIMCHECK_HOME, then run the same command", sys.stderr)
        return 3
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception) -> int:
    """Say in one line what nobody expected, and where the rest of it stands."""
    from flows.config import configuration
    from flows.runtime.error_log import note_error

    try:
        home = configuration().home
    except UserError:
        home = Path("claimcheck-data")
    write_line(f"claimcheck: {note_error(home, error)}; what was finished is kept", sys.stderr)
    return 3


def _no_room(error: BaseException | None) -> str | None:
    """What to say if an error, or what caused it, is a disk that is full or may not be written; else None."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            return f"cannot write {error.filename or ''}: {error.strerror}".replace(" :", ":")
        text = str(error).lower()
        if "disk is full" in text or "no space left" in text:  # SQLite's and DuckDB's words
            return "the disk is full; what was finished is kept"
        error = error.__cause__ or error.__context__
    return None
