"""claims_vs_measured out: every claim with its verdict, what we measured, and what others did."""

from __future__ import annotations

import json
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

from evaluators.files import write_atomic
from evaluators.user_error import UserError
from warehouse.home import Home
from warehouse.reports.export import Exported
from warehouse.reports.spreadsheet_text import no_formula
from warehouse.sql import statement
from warehouse.store import reading

FORMATS = ("csv", "parquet", "json")


def write_verdicts(home: Home, to: Path, form: str, *, model: str | None = None) -> Exported:
    """Write the whole view to one file; `measured_is` says whether a score is the benchmark's, one at stop, or one of
    a part. Lists and structs are kept in Parquet and JSON, and are JSON inside a CSV.

    Raises UserError for another format, and for a full disk.
    """
    if form not in FORMATS:
        raise UserError(f"verdicts go out as {', '.join(FORMATS)}, not as {form}; choose one with --format")
    table = verdicts_table(home, model=model)
    if form == "parquet":
        content = _parquet(table)
    else:
        rows = table.to_pylist()
        content = _csv(table.column_names, rows) if form == "csv" else _json(rows)
    write_atomic(to, content)
    return Exported((to,), table.num_rows, ())


def verdicts_table(home: Home, *, model: str | None = None) -> Any:
    """The whole view as a pyarrow Table, or its rows about the model with this id."""
    with reading(home) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DuckDB warns that this copies the rows; a relation takes no parameters
        return connection.execute(statement("export_verdicts"), {"model": model}).to_arrow_table()


def _parquet(table: Any) -> bytes:
    import pyarrow
    import pyarrow.parquet

    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _json(rows: list[dict[str, Any]]) -> bytes:
    return (json.dumps(rows, ensure_ascii=False, indent=2, default=_plain) + "\n").encode()


def _csv(names: list[str], rows: list[dict[str, Any]]) -> bytes:
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        writer.writerow(_cell(row[name]) for name in names)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return _plain(value) if isinstance(value, datetime) else no_formula(value)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
