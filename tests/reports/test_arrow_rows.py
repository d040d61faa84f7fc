"""Rows of a table without pandas are those that Arrow itself gives."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from warehouse.reports.site.arrow_rows import as_rows

NOW = datetime(2026, 11, 25, 23, 24, 5, 123_456, tzinfo=UTC)


def test_moments_at_any_depth() -> None:
    moment = pa.timestamp("us", "Etc/UTC")
    source = pa.struct({"url": pa.string(), "read_at": moment, "inner": pa.list_(moment)})
    schema = pa.schema(
        {"model": pa.string(), "at": moment, "sources": pa.list_(source), "names": pa.list_(pa.string())}
    )
    rows = [
        {"model": "a", "at": NOW, "sources": [{"url": "u", "read_at": NOW, "inner": [NOW, None]}], "names": ["x"]},
        {"model": None, "at": None, "sources": [None, {"url": None, "read_at": None, "inner": None}], "names": None},
        {"model": "c", "at": datetime(1969, 1, 1, tzinfo=UTC), "sources": None, "names": []},
    ]
    table = pa.Table.from_pylist(rows, schema)
    assert as_rows(table) == rows == table.to_pylist()
    assert as_rows(table.slice(1, 1)) == rows[1:2] and as_rows(table.slice(0, 0)) == []
