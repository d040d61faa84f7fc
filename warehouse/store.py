"""The DuckDB file: short connections, migrations, one writer and many readers.

Nobody keeps the file open: `writing` and `reading` open it, do their work and close it, and wait while another
process holds the lock. DuckDB refuses a second connection with other options in one process, so connections of
this process take turns as well.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from evaluators.user_error import UserError
from warehouse.home import Home

SCHEMA = Path(__file__).parent / "schema"
VIEWS = Path(__file__).parent / "views"
PATIENCE = 60.0
"""Seconds to wait for another process that holds the file."""

_turn = threading.RLock()


@contextmanager
def writing(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in a transaction, migrated to this program's schema; committed at the end, or rolled back.

    Raises UserError for a database of another program, a newer schema, a full disk, or a lock held too long.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    with _turn, _clear_errors(home.database):
        connection = _open(home.database, read_only=False)
        try:
            _migrate(connection, home.database)
            connection.begin()
            try:
                yield connection
            except BaseException:
                with suppress(duckdb.Error):
                    connection.rollback()
                raise
            connection.commit()
        finally:
            connection.close()


@contextmanager
def reading(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection that can touch neither files nor the network. Raises UserError as `writing` does."""
    if not home.database.exists():
        with writing(home):
            pass
    with _turn, _clear_errors(home.database):
        connection = _open(home.database, read_only=True)
        try:
            if _outdated(connection, home.database):
                connection.close()
                with writing(home):
                    pass
                connection = _open(home.database, read_only=True)
            yield connection
        finally:
            connection.close()


def fetch_rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> list[dict[str, Any]]:
    """All rows of a query as dictionaries."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def known_version() -> int:
    """The schema version this program writes."""
    return max(int(path.name[:4]) for path in SCHEMA.glob("*.sql"))


def _open(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.5.0"}
    if read_only:
        config = {"enable_external_access": "false", "lock_configuration": "true"}
    deadline = time.monotonic() + PATIENCE
    wait = 0.005
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.IOException as error:
            if "lock" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(wait * random.uniform(0.5, 1.5))
        wait = min(wait * 1.5, 0.2)


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}


def _version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    tables = _tables(connection)
    if "schema_migrations" not in tables:
        if tables:
            raise UserError(f"{path} is a database of another program; set CLAIMCHECK_HOME to another folder")
        return 0
    found = connection.execute("select max(version) from schema_migrations where program = 'claimcheck'").fetchone()
    if found is None or found[0] is None:
        raise UserError(f"{path} is a database of another program; set CLAIMCHECK_HOME to another folder")
    return int(found[0])


def _check_schema(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    version = _version(connection, path)
    if version > known_version():
        raise UserError(
            f"{path} has schema {version}, this claimcheck knows up to {known_version()}; update claimcheck"
        )
    return version


def _outdated(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    if _pending(connection, _check_schema(connection, path)):
        return True
    stored = connection.execute("select views from schema_views").fetchone()
    return stored is None or stored[0] != _views_hash()


def _views_hash() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(VIEWS.glob("*.sql")))).hexdigest()


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    version = _check_schema(connection, path)
    pending = _pending(connection, version)
    if version:
        stored = connection.execute("select views from schema_views").fetchone()
        if not pending and stored is not None and stored[0] == _views_hash():
            return
    connection.begin()
    connection.execute(
        "create table if not exists schema_migrations "
        "(program varchar, version integer primary key, name varchar, applied_at timestamptz default now())"
    )
    connection.execute("create table if not exists schema_views (views varchar)")
    for file in pending:
        connection.execute(file.read_text(encoding="utf-8"))
        connection.execute(
            "insert into schema_migrations (program, version, name) values ('claimcheck', ?, ?)",
            [int(file.name[:4]), file.stem],
        )
    for file in _views_in_order():
        connection.execute(file.read_text(encoding="utf-8"))
    connection.execute("delete from schema_views")
    connection.execute("insert into schema_views values (?)", [_views_hash()])
    connection.commit()


def _pending(connection: duckdb.DuckDBPyConnection, version: int) -> list[Path]:
    """Migrations that are not in the database, those with a lower number than its newest among them: two changes made
    side by side may arrive in either order."""
    known = connection.execute("select version from schema_migrations").fetchall() if version else []
    applied = {number for (number,) in known}
    return [file for file in sorted(SCHEMA.glob("*.sql")) if int(file.name[:4]) not in applied]


def _views_in_order() -> list[Path]:
    """The view files, each after those it selects from."""
    text = {file: file.read_text(encoding="utf-8") for file in VIEWS.glob("*.sql")}
    uses = {file: {other for other in text if other != file and other.stem in text[file]} for file in text}
    return list(TopologicalSorter(uses).static_order())


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors about the file itself into one line with the next step."""
    try:
        yield
    except duckdb.IOException as error:
        text = str(error).splitlines()[0]
        if "lock" in text:
            raise UserError(f"{path} is in use by another program; close it and try again") from error
        if "space" in text or "write" in text:
            raise UserError(f"cannot write {path}: the disk is full; free some space and run again") from error
        if "version number" in text:
            raise UserError(f"{path} was written by a newer DuckDB; update duckdb") from error
        raise UserError(
            f"{path} is not a claimcheck database ({text}); set CLAIMCHECK_HOME to another folder"
        ) from error
    except (duckdb.PermissionException, duckdb.CatalogException) as error:
        if path.read_bytes()[:6] == b"SQLite":
            raise UserError(f"{path} is a SQLite database; set CLAIMCHECK_HOME to another folder") from error
        raise
