"""Rows of an Arrow table as dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Convert = Callable[[Any], Any]


def as_rows(table: pyarrow.Table) -> list[dict[str, Any]]:
    """As `Table.to_pylist`, with moments in UTC. That imports pandas for any moment: 45 MB and a second.

    Moments must be in microseconds, as DuckDB gives them.
    """
    columns = []
    for column in table.columns:
        plain, convert = _without_moments(column.type)
        values = column.cast(plain).to_pylist() if convert else column.to_pylist()
        columns.append([convert(value) for value in values] if convert else values)
    return [dict(zip(table.column_names, values, strict=True)) for values in zip(*columns, strict=True)]


def _without_moments(kind: Any) -> tuple[Any, Convert | None]:
    """A type with whole numbers in the place of moments, and what turns its values back; None: it has none."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        assert kind.unit == "us", kind
        return pa.int64(), lambda value: None if value is None else EPOCH + timedelta(microseconds=value)
    if pa.types.is_list(kind):
        plain, convert = _without_moments(kind.value_type)
        if convert is None:
            return kind, None
        field = kind.value_field.with_type(plain)
        return pa.list_(field), lambda value: None if value is None else [convert(entry) for entry in value]
    if pa.types.is_struct(kind):
        parts = {field.name: (field, *_without_moments(field.type)) for field in kind}
        turned = {name: convert for name, (_, _, convert) in parts.items() if convert}
        if not turned:
            return kind, None
        fields = [field.with_type(plain) for field, plain, _ in parts.values()]

        def back(value: dict[str, Any] | None) -> dict[str, Any] | None:
            if value is None:
                return None
            return value | {name: convert(value[name]) for name, convert in turned.items()}

        return pa.struct(fields), back
    return kind, None
