"""Connections that only read: no file, no network, no settings, no output of DuckDB's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

SPILL = "2GB"
"""What a query may write beside the database."""
READ_ONLY: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "max_temp_directory_size": SPILL,
}


def connect_read_only(path: Path, config: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
    """Open a database file for reading. config: more of DuckDB's settings. Raises duckdb.Error."""
    connection = duckdb.connect(str(path), read_only=True, config=READ_ONLY | dict(config or {}))
    try:
        locked = connection.execute("select current_setting('lock_configuration')").fetchone()
        if locked is not None and not locked[0]:  # else it shares the database with a connection of this process
            # a setting of the connection, not of the database: a long query would draw its bar into standard output
            connection.execute("set enable_progress_bar = false")
            connection.execute("set lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection
