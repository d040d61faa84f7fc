"""The rows of a large table as they were last asked for: until something is written, no database is opened for them."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from evaluators.files import read_plain, write_atomic
from evaluators.user_error import UserError
from warehouse.database_state import published_state, readers_state, views_hash
from warehouse.home import Home
from warehouse.odd_files import odd_files

Row = dict[str, Any]
MANY = 1000
"""Rows from which they are kept: fewer are asked for in no time."""
PRINTED = (
    "model", "claim_id", "outcome", "comparability", "benchmark_text", "variant", "unit", "claimed", "claimant",
    "claimed_settings", "measured", "measured_low", "measured_high", "ran_by", "made_by", "others", "disagree",
    "protocol", "flagged", "stands", "items", "of", "reason_codes", "reasons", "settings_compared",
)  # fmt: skip
"""Columns that the table prints; the others, with all their records and times, take five times as long to fetch."""
SHORTER = {
    "others": "list_transform(others, lambda o: {'by': o.\"by\", 'score': o.score, 'outcome': o.outcome})",
    "settings_compared": "list_filter(settings_compared, lambda s: s.relation in ('differs', 'assumed'))",
}
"""What of a column is printed, where that is less than it holds: equal settings are most of what is compared."""


class _Kept(msgspec.Struct):
    """A file of rows."""

    state: str
    """Of the tables that they were asked of."""
    asked: str
    """What was asked."""
    rows: list[list[Any]]
    """Values of PRINTED."""


def printed_rows(
    home: Home, many: int = MANY, *, model: str | None = None, outcome: str | None = None, flagged: bool = False
) -> list[Row]:
    """What the table prints of the claims that `table_rows` finds for the same filters. many: rows from which all of
    them are kept; who filters takes what is kept, and else asks for no more than that."""
    kept = _kept(home)
    if kept is not None:
        rows = [dict(zip(PRINTED, row, strict=True)) for row in kept.rows]
        if model is None and outcome is None and not flagged:
            return rows
        return [row for row in rows if _fits(row, model, outcome, flagged)]
    from warehouse.queries.table import table_rows
    from warehouse.store import publish

    if model is not None or outcome is not None or flagged:
        return table_rows(home, model=model, outcome=outcome, flagged=flagged, columns=PRINTED)
    publish(home)
    state = published_state(home)
    rows = table_rows(home, columns=PRINTED)
    if len(rows) >= many and state and state == published_state(home):  # nothing was published meanwhile
        _keep(home, _Kept(state, _asked(), [list(row.values()) for row in rows]))
    return rows


def _fits(row: Row, model: str | None, outcome: str | None, flagged: bool) -> bool:
    """Whether `table_rows` would find a row."""
    named = model is None or model.lower() in row["model"].lower()
    return named and outcome in (None, row["outcome"]) and (row["flagged"] or not flagged)


def _asked() -> str:
    return hashlib.sha256(repr((views_hash(), PRINTED, SHORTER)).encode()).hexdigest()


def _path(home: Home) -> Path:
    return home.private / "table.json"


def _kept(home: Home) -> _Kept | None:
    """The kept rows if they are those of the newest tables; a damaged file is none. Nothing is read where something
    odd stands beside the database, or where no home can be: who asks the database is told of it."""
    try:
        if odd_files(home) or not (state := readers_state(home)):
            return None
        kept = msgspec.json.decode(read_plain(_path(home)), type=_Kept)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    fits = kept.state == state and kept.asked == _asked() and all(len(row) == len(PRINTED) for row in kept.rows)
    return kept if fits else None


def _keep(home: Home, kept: _Kept) -> None:
    with suppress(OSError, UserError):  # asking again costs a second
        write_atomic(_path(home), msgspec.json.encode(kept))
