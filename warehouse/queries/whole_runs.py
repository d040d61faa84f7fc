"""Stored runs that answered a whole benchmark, and their scores item by item."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.home import Home
from warehouse.sql import statement
from warehouse.store import fetch_rows, reading


@dataclass(frozen=True)
class StoredRun:
    """One run over all items of a benchmark."""

    run_id: str
    model: str
    artifact_key: str
    score: float


def whole_runs(home: Home, benchmark: str, metric: str, filter: str, items: int) -> list[StoredRun]:
    """Sound runs over all `items` of a benchmark with this score, newest first."""
    asked = {"benchmark": benchmark, "metric": metric, "filter": filter, "items": items}
    with reading(home) as connection:
        return [StoredRun(**row) for row in fetch_rows(connection, statement("whole_runs"), asked)]


def scores_by_item(home: Home, run_id: str, metric: str, filter: str) -> dict[tuple[str, int], float | None]:
    """(task, document) -> score of a run's item (mean over its answers); None for an item that failed."""
    with reading(home) as connection:
        rows = connection.execute(
            statement("scores_by_item"), {"run": run_id, "metric": metric, "filter": filter}
        ).fetchall()
    return {(task, doc_id): value for task, doc_id, value in rows}
