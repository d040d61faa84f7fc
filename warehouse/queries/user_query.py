"""A user's own SQL: read-only, limited in time, and ended by Ctrl-C."""

from __future__ import annotations

import threading
from typing import Any

import duckdb

from evaluators.records import UserError
from warehouse.home import Home
from warehouse.store import reading

QUERY_SECONDS = 600.0
"""Longest that a query may take."""

Answer = tuple[list[str], list[tuple[Any, ...]]]
"""Column names and rows."""


def run_query(home: Home, sql: str) -> Answer:
    """Column names and rows of a read-only query of at most QUERY_SECONDS. Raises UserError for an error in it or an
    attempt to write."""
    if not sql.strip(" \t\r\n;"):
        raise UserError('the query is empty; give one like "select * from claims_vs_measured"')
    with reading(home) as connection:
        try:
            return _ask(connection, sql)
        except duckdb.InterruptException as error:
            raise UserError(f"the query took more than {QUERY_SECONDS:.0f} s; ask for less") from error
        except duckdb.PermissionException as error:
            raise UserError("queries may not touch files or settings; they read the warehouse only") from error
        except duckdb.InvalidInputException as error:
            if "read-only" not in str(error):
                raise UserError(f"cannot run the query: {str(error).splitlines()[0]}") from error
            raise UserError("queries are read-only; nothing was changed") from error
        except duckdb.Error as error:
            raise UserError(f"cannot run the query: {str(error).splitlines()[0]}") from error


def _ask(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """Ask in a thread: while DuckDB works in the main one, Python hears no Ctrl-C."""
    answers: list[Answer] = []
    errors: list[BaseException] = []
    ended = threading.Event()

    def ask() -> None:
        try:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            answers.append((names, cursor.fetchall() if names else []))
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    threading.Thread(target=ask, daemon=True).start()
    try:
        ended.wait(QUERY_SECONDS)  # not join: a thread whose join Ctrl-C broke off passes for ended in Python 3.11
    finally:
        while not ended.is_set():  # too long, or Ctrl-C: the connection must not be closed under it
            connection.interrupt()
            ended.wait(0.1)
    if errors:
        raise errors[0]
    return answers[0]
