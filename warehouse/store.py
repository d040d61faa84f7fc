"""The DuckDB files: one that is written to under a lock, and a copy of it for everybody who reads.

Writers open `<home>/.warehouse/working.duckdb`, one after the other. Readers open `<home>/warehouse.duckdb`, a whole
copy that is replaced by renaming: so a query of an hour, a notebook or DBeaver never keeps a verification waiting. The
first reader after a change makes the copy. DuckDB refuses a second connection with other options in one process, so
connections of this process take turns.
"""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from evaluators.user_error import CannotWrite, UserError
from warehouse.database_state import (
    VIEWS,
    mark_changed,
    published_state,
    readers_state,
    views_hash,
    working,
    written_state,
)
from warehouse.home import Home
from warehouse.odd_files import odd_files
from warehouse.read_only import connect_read_only

SCHEMA = Path(__file__).parent / "schema"
PATIENCE = 900.0
"""Seconds to wait for another process that writes."""
STALE = 5.0
"""Seconds to wait for a writer before an older copy is read."""
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

_turn = threading.RLock()
_shared: ContextVar[tuple[Path, duckdb.DuckDBPyConnection] | None] = ContextVar("_shared", default=None)
"""What `reading_once` has opened: home and connection."""
_changed: set[Path] = set()
"""Homes that this process wrote to since their copy was made: it must read what it wrote, others may read older."""


class WarehouseError(UserError):
    """The database cannot be used now. It says nothing about a claim and is never a verdict."""


class DamagedDatabase(WarehouseError):
    """The database is not what was written. The files it is made of are the truth."""

    exit_code = 3


@contextmanager
def writing(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in a transaction, migrated to this program's schema; committed at the end, or rolled back.

    Raises UserError for a database of another program, a newer schema, a full disk, or a lock held too long.
    """
    _refuse_odd(home)
    with _turn, locked(home), _clear_errors(home.database, working(home)):
        _changed.add(home.root)
        _adopt(home)
        with transaction(working(home), home.database) as connection:
            yield connection


@contextmanager
def reading(home: Home, config: Mapping[str, Any] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection that can touch neither files nor the network. config: more of DuckDB's settings. Raises
    UserError as `writing` does."""
    shared = _shared.get()
    if shared is not None and shared[0] == home.root and config is None:
        yield shared[1]
        return
    with _turn, _clear_errors(home.database, home.database):
        publish(home)
        connection = _open_copy(home, config)
        try:
            if _outdated(connection, home.database):
                connection.close()
                with writing(home):
                    pass
                publish(home)
                connection = _open_copy(home, config)
            yield connection
        finally:
            connection.close()


@contextmanager
def reading_once(home: Home) -> Iterator[None]:
    """One connection, and one state of the tables, for everything that is read within: for a thousand small questions
    opening the database costs more than the answers. Other threads of this process wait."""
    with reading(home) as connection:
        token = _shared.set((home.root, connection))
        try:
            yield
        finally:
            _shared.reset(token)


def _open_copy(home: Home, config: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
    """The readers' copy, made again if it cannot be opened."""
    try:
        return connect_read_only(home.database, config)
    except duckdb.Error:
        if not working(home).exists():
            raise
        (home.private / "published").unlink(missing_ok=True)
        publish(home)
        return connect_read_only(home.database, config)


def has_database(home: Home) -> bool:
    """Whether anything was ever loaded. The readers' copy is made by the first reader, so it alone does not tell."""
    return home.database.exists() or working(home).exists()


@contextmanager
def locked(home: Home, name: str = "lock", patience: float = PATIENCE) -> Iterator[None]:
    """Hold a lock of the home folder. Raises WarehouseError if it cannot be had."""
    home.make()
    try:
        home.private.mkdir(exist_ok=True)
        lock = FileLock(home.private / name, thread_local=False)
        lock.acquire(timeout=patience)
    except Timeout:
        raise WarehouseError(f"{home.root} is in use by another program; wait for it and try again") from None
    except OSError as error:
        raise CannotWrite(
            f"cannot lock {home.private} ({error.strerror}); free some space or check its rights"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def transaction(path: Path, shown: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database that nobody else opens, as `writing` describes it. `shown`: its name in messages."""
    mark_changed(path)
    connection = duckdb.connect(str(path), config=CONFIG)
    try:
        _migrate(connection, shown)
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


def publish(home: Home) -> None:
    """Let readers see all that is committed: replace their copy if something was written since it was made."""
    home.make()
    _refuse_odd(home)
    if readers_state(home):
        return
    own = home.root in _changed or not home.database.exists()
    try:
        with locked(home, patience=PATIENCE if own else STALE):
            _adopt(home)
            _copy(home)
            _changed.discard(home.root)
    except (WarehouseError, CannotWrite):
        if own:
            raise


def refuse_foreign(home: Home) -> None:
    """Raise UserError if the readers' file is a sound database of another program; one that was not published by us and
    cannot be opened is moved to <home>/damaged. One of ours is not opened."""
    path = home.database
    if not path.exists() or published_state(home):
        return
    try:
        with _turn, connect_read_only(path) as connection:
            _version(connection, path)
    except duckdb.Error:
        _refuse_sqlite(path)
        home.damaged.mkdir(exist_ok=True)
        path.rename(home.damaged / f"{path.name}.{uuid.uuid4().hex[:8]}")


def replace_working(home: Home, fresh: Path) -> None:
    """Put another database in the place of the one that is written to, and publish it. The lock must be held."""
    _forget(working(home))
    fresh.replace(working(home))
    mark_changed(working(home))
    _copy(home)


def _copy(home: Home) -> None:
    source = working(home)
    if source.with_name(source.name + ".wal").exists() or not source.exists():
        with transaction(source, home.database):  # brings what a kill left in the log into the file
            pass
    token = written_state(home)
    temporary = home.private / f"{uuid.uuid4().hex[:12]}.part"
    try:
        shutil.copyfile(source, temporary)
        temporary.replace(home.database)
        (home.private / "published").write_text(token, encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"cannot write {home.database}: {error.strerror}; free some space and run again") from error
    finally:
        temporary.unlink(missing_ok=True)


def _adopt(home: Home) -> None:
    """Begin with the database of an earlier version, whose readers and writers shared one file."""
    path = working(home)
    if path.exists() or not home.database.exists():
        return
    try:
        for suffix in ("", ".wal"):
            old = home.database.with_name(home.database.name + suffix)
            if old.exists():
                shutil.copyfile(old, path.with_name(path.name + suffix))
        with transaction(path, home.database):
            pass
    except BaseException:
        _forget(path)
        raise


def _forget(path: Path) -> None:
    for suffix in ("", ".wal", ".token"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def fetch_rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> list[dict[str, Any]]:
    """All rows of a query as dictionaries."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def known_version() -> int:
    """The schema version this program writes."""
    return max(int(path.name[:4]) for path in SCHEMA.glob("*.sql"))


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}


def _version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    tables = _tables(connection)
    if "schema_migrations" not in tables:
        if tables:
            raise UserError(f"{path} is a database of another program; set CLAIMCHECK_HOME to another folder")
        return 0
    newest = connection.execute("select max(version) from schema_migrations where program = 'claimcheck'").fetchone()
    if newest is None or newest[0] is None:
        raise UserError(f"{path} is a database of another program; set CLAIMCHECK_HOME to another folder")
    return int(newest[0])


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
    return stored is None or stored[0] != views_hash()


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    version = _check_schema(connection, path)
    pending = _pending(connection, version)
    if version:
        stored = connection.execute("select views from schema_views").fetchone()
        if not pending and stored is not None and stored[0] == views_hash():
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
    connection.execute("insert into schema_views values (?)", [views_hash()])
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
def _clear_errors(path: Path, opened: Path) -> Iterator[None]:
    """Turn DuckDB's errors about the file itself into one line with the next step. `opened`: the file behind `path`."""
    try:
        yield
    except duckdb.IOException as error:
        text = str(error).splitlines()[0]
        _refuse_sqlite(path, opened)
        if "lock" in text:
            raise WarehouseError(f"{path} is in use by another program; close it and try again") from error
        if "space" in text or "write" in text:
            raise CannotWrite(f"cannot write {path}: the disk is full; free some space and run again") from error
        if "version number" in text:
            raise UserError(f"{path} was written by a newer DuckDB; update duckdb") from error
        raise DamagedDatabase(
            f"{path} is not a claimcheck database ({text}); `claimcheck rebuild` makes it again, or set "
            f"CLAIMCHECK_HOME to another folder"
        ) from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # so DuckDB tells of a Ctrl-C, which is nobody's failure
            raise KeyboardInterrupt from error
        raise
    except (duckdb.PermissionException, duckdb.CatalogException):
        _refuse_sqlite(path, opened)
        raise
    except (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException) as error:
        raise _damaged(path, error) from error
    except duckdb.Error as error:
        if "corrupt" not in str(error).lower():  # a checksum that is wrong has no class of its own
            raise
        raise _damaged(path, error) from error


def _refuse_odd(home: Home) -> None:
    for error in odd_files(home):
        raise DamagedDatabase(f"{error}; `claimcheck rebuild` moves it away")


def _damaged(path: Path, error: duckdb.Error) -> DamagedDatabase:
    return DamagedDatabase(f"{path} is damaged ({str(error).splitlines()[0]}); `claimcheck rebuild` makes it again")


def _refuse_sqlite(*paths: Path) -> None:
    for path in paths:
        with suppress(OSError), path.open("rb") as file:
            if file.read(6) == b"SQLite":
                raise UserError(f"{paths[0]} is a SQLite database; set CLAIMCHECK_HOME to another folder")
