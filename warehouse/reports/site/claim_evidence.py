"""What the warehouse knows about each claim, read in batches."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from warehouse.home import Home
from warehouse.queries.prompts import add_questions
from warehouse.reports.site.site_rows import SiteRows
from warehouse.sql import statement
from warehouse.store import fetch_rows, reading
from warehouse.verdicts.roofline import bandwidth

Row = dict[str, Any]
T = TypeVar("T")
FRUGAL = {"threads": 1, "memory_limit": "120MB"}
"""For the whole view of ten thousand claims, which takes 450 MB without a limit and hardly less time."""
MORE = ({"memory_limit": "240MB"}, {"memory_limit": "480MB"}, {"memory_limit": "80%"})
"""What a question may use that needs more: twice as much each time, then all there is."""
ROWS_AT_A_TIME = 2048
"""Rows of a part of the view that is held in memory."""
SAMPLES = 3
"""Sample items of a claim."""


@dataclass(frozen=True)
class ClaimEvidence:
    """Everything that one page says about one claim."""

    row: Row
    """Its row in claims_vs_measured."""
    claim: Row
    """The Claim record."""
    verdict: Row | None = None
    """The Verdict record that stands."""
    run: Row | None = None
    """The Run record behind it."""
    criterion: Row | None = None
    """The acceptance criterion that was stored before the run."""
    history: tuple[Row, ...] = ()
    """All verdicts, oldest first: judged_at, outcome, score, low, high, flagged."""
    samples: tuple[Row, ...] = ()
    """Sample items, troubled and wrong ones first."""
    others: tuple[Row, ...] = ()
    """What third parties say about the same release and benchmark: value, said, by, claim_id."""


class SiteReader:
    """One connection for a whole site, with little memory: opening the database for each batch of claims took more time
    than asking it. Readers have a copy of their own, so no writer waits for it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._open = ExitStack()

    def __enter__(self) -> SiteReader:
        self._connection = self._open.enter_context(self._connect(FRUGAL))
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def ask(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """An answer; from a connection that may use more memory, from now on, where the little does not suffice."""
        for limit in MORE:
            try:
                return question(self._connection)
            except duckdb.OutOfMemoryException:
                self._open.close()
                self._connection = self._open.enter_context(self._connect(FRUGAL | limit))
        return question(self._connection)

    @contextmanager
    def _connect(self, config: Mapping[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
        with reading(self.home, config) as connection:
            connection.execute(statement("site_shown"))
            yield connection


def read_site_rows(reader: SiteReader, model: str | None = None) -> SiteRows:
    """The rows whose model contains `model`, all if None."""
    asked = {"model": model}
    return reader.ask(
        lambda connection: SiteRows(
            connection.cursor().sql(statement("site_rows"), params=asked).to_arrow_reader(ROWS_AT_A_TIME)
        )
    )


def read_evidence(reader: SiteReader, batch: Sequence[Row]) -> dict[str, ClaimEvidence]:
    """ClaimEvidence by claim id for some rows of the view."""
    ids = [row["claim_id"] for row in batch]
    models = sorted({row["model"] for row in batch})

    def ask(connection: duckdb.DuckDBPyConnection) -> tuple[list[Row], ...]:
        asked = {"claims": ids}
        return (
            fetch_rows(connection, statement("site_records"), asked),
            fetch_rows(connection, statement("site_history"), asked),
            fetch_rows(connection, statement("site_samples"), asked | {"count": SAMPLES}),
            fetch_rows(connection, statement("site_runs"), asked),
            fetch_rows(connection, statement("site_others"), {"models": models}),
        )

    records, past, items, runs, other_claims = reader.ask(ask)
    history, samples, others = _grouped(past), _grouped(items), _by_benchmark(other_claims)
    by_run: dict[str, list[Row]] = defaultdict(list)
    for item in items:
        by_run[item["run_id"]].append(item)
    for run_id, sampled in by_run.items():
        add_questions(reader.home, sampled, run_id)
    run_records = {run["run_id"]: _stated(run["record"]) for run in runs}
    evidence = {}
    for row, record in zip(batch, _in_order(ids, records), strict=True):
        same = others.get((row["model"], row["benchmark"]), ())
        evidence[row["claim_id"]] = ClaimEvidence(
            row=row,
            claim=_stated(record["claim"]),
            verdict=json.loads(record["verdict"]) if record["verdict"] else None,
            run=run_records.get(row["run_id"]),
            criterion=_stated(record["criterion"]) if record["criterion"] else None,
            history=tuple(history.get(row["claim_id"], ())),
            samples=tuple(samples.get(row["claim_id"], ())),
            others=tuple(
                other for other in same if other["claim_id"] != row["claim_id"] and other["unit"] == row["unit"]
            ),
        )
    return evidence


def read_changes(reader: SiteReader, model: str | None = None, limit: int = 100) -> list[Row]:
    """Verdicts that changed what stood, newest first: verdict_id, claim_id, before, outcome, judged_at, ..."""
    asked = {"model": model, "limit": limit}
    return reader.ask(lambda connection: fetch_rows(connection, statement("site_changes"), asked))


def read_columns(reader: SiteReader) -> list[tuple[str, str, str | None]]:
    """(name, DuckDB type, comment) of the columns of claims_vs_measured, in their order."""
    return reader.ask(lambda connection: connection.execute(statement("site_columns")).fetchall())


def read_rooflines(reader: SiteReader) -> dict[str, float]:
    """Claim id -> tokens a second that the memory of the claimed hardware allows at most: bandwidth over the bytes of
    weights that a token reads."""
    sizes = reader.ask(lambda connection: connection.execute(statement("site_rooflines")).fetchall())
    machines = {claim_id: (bandwidth(hardware), size) for claim_id, hardware, size in sizes}
    return {claim_id: machine[1] / size for claim_id, (machine, size) in machines.items() if machine and size > 0}


def _stated(record: str) -> Row:
    """A record without the fields that say nothing; they are most of a run's settings."""
    content: Row = json.loads(
        record, object_hook=lambda fields: {key: value for key, value in fields.items() if value is not None}
    )
    return content


def _in_order(ids: Sequence[str], records: Sequence[Row]) -> list[Row]:
    by_id = {record["claim_id"]: record for record in records}
    return [by_id[claim_id] for claim_id in ids]


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["claim_id"]].append(row)
    return grouped


def _by_benchmark(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["model"], row["benchmark"]].append(row)
    return grouped
