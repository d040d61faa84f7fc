"""A table of claims (CSV, or Parquet with the same columns) -> claims.

Needed columns: model, benchmark (or benchmark_text), said. Others: claimant, by, url, note, variant, commit, and any
settings field. A table that `claims export` wrote carries each whole claim in `record` and is restored from it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from evaluators.records import Settings, UserError
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number, restored, source_of
from warehouse.claims.text.labels import read_label

LONGEST_CELL = 1_000_000


def read_csv(text: str, *, url: str, read_at: datetime) -> Reading:
    """All rows of a CSV. A row that is no claim is unread with its line. Raises UserError without the needed
    columns."""
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="csv"))
    csv.field_size_limit(LONGEST_CELL)
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        _check(table.fieldnames or (), url)
        _add_rows(reading, ((table.line_num, row) for row in table))
    except csv.Error as error:
        raise UserError(f"{url} is no CSV that can be read (line {table.line_num}: {error})") from error
    return reading


def read_parquet(path: Path, *, read_at: datetime) -> Reading:
    """The same from a Parquet file. Raises UserError for one that cannot be read or lacks the columns."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
        content = path.read_bytes()
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path} is no Parquet file that can be read ({str(error).splitlines()[0]})") from error
    reading = Reading(source_of(content, url=str(path), read_at=read_at, kind="csv"))
    _check(table.column_names, str(path))
    _add_rows(reading, enumerate(table.to_pylist(), 1))
    return reading


def _check(columns: Iterable[str], url: str) -> None:
    known = set(columns)
    if not {"model", "said"} <= known or not {"benchmark", "benchmark_text"} & known:
        raise UserError(f"{url} lacks columns; a table of claims needs model, benchmark and said")


def _add_rows(reading: Reading, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    for line, row in rows:
        try:
            reading.claims.append(_claim(reading, row, line))
        except (UserError, ValueError, TypeError) as error:
            reading.leave(line, str(dict(row)), str(error).splitlines()[0])


def _claim(reading: Reading, row: Mapping[str, Any], line: int) -> Claim:
    if row.get("record"):
        claim = restored(str(row["record"]))
        if row["model"] != claim.model or row["said"] != claim.said:
            raise UserError("model or said was changed beside the exported claim; clear the column `record`")
        return claim
    cells = {key: str(value).strip() for key, value in row.items() if key and value not in (None, "")}
    text = cells.get("benchmark_text") or cells.get("benchmark")
    if not (cells.get("model") and text and cells.get("said")):
        raise UserError("model, benchmark and said are needed")
    label = read_label(text)
    if label.benchmark is None and cells.get("benchmark"):
        label = read_label(cells["benchmark"])
    fields = {key: cells[key] for key in Settings.model_fields if key in cells and key != "notes"}
    return new_claim(
        model=cells["model"],
        benchmark=label.benchmark,
        benchmark_text=text,
        said=cells["said"],
        claimant=Claimant(cells.get("claimant", "community")),
        source=reading.source,
        place=f"line {line}",
        settings=Settings(**{**dict(label.stated), **fields}, notes=label.words),
        interval=read_number(cells["said"], label.benchmark),
        variant=cells.get("variant"),
        by=cells.get("by") or cells.get("claimed_by"),
        note="; ".join(part for part in (cells.get("note"), cells.get("url")) if part) or None,
        commit=cells.get("commit"),
    )
