"""What the weekly verification asks the warehouse: how each model stands, and the verdicts that stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from warehouse.claim_records import Verdict
from warehouse.home import Home
from warehouse.sql import statement
from warehouse.store import fetch_rows, reading


@dataclass(frozen=True)
class CurrentVerdict:
    """How one model stands."""

    model: str
    claims: int
    """Standing claims that are to be checked (those of third parties are not)."""
    unjudged: int
    """Of them without any verdict."""
    oldest: datetime | None
    """Oldest current verdict that a run, or the failure of one, gave."""
    newest: datetime | None
    """Newest current verdict of any kind."""
    engines: tuple[str, ...]
    """Versions of the serving engine behind the current verdicts."""
    created: datetime | None
    """First push of the model, where watching saw it."""
    pushed: datetime | None
    """When watching last saw new weights of it."""
    excluded: str | None
    """Why watching sorted it out; None if it did not."""
    location: str | None
    """`hub` or the folder that its newest run was made from; None if it was never run."""


def models_with_open_claims(home: Home, backend: str, benchmarks: Sequence[str] = ()) -> list[CurrentVerdict]:
    """Every model with claims or seen by watching. benchmarks: catalogue names to look at; empty for all."""
    asked = {"backend": backend, "benchmarks": list(benchmarks)}
    with reading(home) as connection:
        rows = fetch_rows(connection, statement("current_models"), asked)
    return [CurrentVerdict(**{**row, "engines": tuple(row["engines"])}) for row in rows]


def last_verdicts(home: Home, claims: Iterable[str]) -> dict[str, Verdict]:
    """The current verdict by claim id, for those that have one."""
    with reading(home) as connection:
        records = connection.execute(statement("last_verdicts"), {"claims": list(claims)}).fetchall()
    verdicts = [Verdict.model_validate_json(record) for (record,) in records]
    return {verdict.claim_id: verdict for verdict in verdicts}


def standing(home: Home, claims: Iterable[str]) -> set[str]:
    """Ids of the claims whose discrepancy stands among all tested claims (e-BH, false discovery rate at most 5 %)."""
    with reading(home) as connection:
        asked = "select claim_id from discrepancy_board where stands and claim_id in (select unnest($claims))"
        return {claim_id for (claim_id,) in connection.execute(asked, {"claims": list(claims)}).fetchall()}
