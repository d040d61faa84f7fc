"""Questions to the warehouse that the command line asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.user_error import UserError
from warehouse.home import Home
from warehouse.queries.kept_table import SHORTER
from warehouse.queries.prompts import add_questions
from warehouse.sql import statement
from warehouse.store import fetch_rows, reading

Row = dict[str, Any]


@dataclass(frozen=True)
class ClaimDetails:
    """Everything that is known about one claim."""

    row: Row
    """Its row in claims_vs_measured."""
    claim: Row
    """The Claim record."""
    verdicts: tuple[Row, ...]
    """Verdict records, newest first."""
    run: Row | None
    """The Run record behind the newest verdict."""
    items: tuple[Row, ...]
    """Sample items of that run."""
    others: tuple[Row, ...] = ()
    """Verdicts of the other runs of the claim: `made_by`, `outcome`, `score`, `headline`, and `differ`, the settings in
    which they differ from the run above."""


def table_rows(
    home: Home,
    *,
    model: str | None = None,
    outcome: str | None = None,
    flagged: bool = False,
    columns: Sequence[str] = (),
) -> list[Row]:
    """Rows of claims_vs_measured. `model` matches as a substring, `outcome` exactly; `columns`: all if empty, else
    these, of the settings compared those alone that are not equal."""
    picked = ", ".join(f'{SHORTER[name]} as "{name}"' if name in SHORTER else f'"{name}"' for name in columns) or "*"
    sql = f"select {picked} from claims_vs_measured where true"
    parameters: list[str] = []
    if model is not None:
        sql += " and contains(lower(model), lower(?))"
        parameters.append(model)
    if outcome is not None:
        sql += " and outcome = ?"
        parameters.append(outcome)
    if flagged:
        sql += " and flagged"
    with reading(home) as connection:
        return fetch_rows(connection, sql, parameters)


def details(home: Home, claim_id: str, *, items: int = 3) -> ClaimDetails:
    """One claim by its id or the beginning of it. Raises UserError if none or several begin like that."""
    with reading(home) as connection:
        rows = fetch_rows(connection, statement("claim_by_prefix"), {"prefix": claim_id})
        if not rows:
            raise UserError(f"no claim {claim_id}; `claimcheck table --ids` lists them")
        if len(rows) > 1:
            raise UserError(f"{len(rows)} claims begin with {claim_id}; give more of the id")
        row = rows[0]
        record = connection.execute("select record from claims where claim_id = ?", [row["claim_id"]]).fetchall()
        history = fetch_rows(connection, statement("verdict_history"), {"claim": row["claim_id"]})
        history.sort(key=lambda entry: json.loads(entry["record"])["run_id"] != row["run_id"])
        run = json.loads(history[0]["run"]) if history and history[0]["run"] else None
        samples: list[Row] = []
        lock = None
        if run:
            lock = connection.execute(
                "select metric, filter from criteria where criterion_id = ?", [row["criterion_id"]]
            ).fetchone()
            if lock:
                answered, reference = _answered_by(run)
                asked = {"run": answered, "reference": reference, "metric": lock[0], "filter": lock[1], "count": items}
                samples = fetch_rows(connection, statement("sample_items"), asked)
                add_questions(home, samples, answered)
    others = tuple(
        _other(entry, run) | {"paired": _paired(home, run, entry, lock)}
        for entry in _newest_imported(history, row["run_id"])
    )
    return ClaimDetails(
        row=row,
        claim=json.loads(record[0][0]),
        verdicts=tuple(json.loads(entry["record"]) for entry in history if _is_of(entry, row["run_id"])),
        run=run,
        items=tuple(samples),
        others=others,
    )


def _answered_by(run: Row) -> tuple[str, str | None]:
    """The run whose items show what a run measured, and the run on the same items that it is compared with: of a pair
    its artifact's and its reference's."""
    checks = run.get("checks") or {}
    if run["benchmark"] != "pairs" or "first run" not in checks:
        return run["run_id"], None
    return checks["first run"], checks.get("second run")


def _paired(home: Home, shown: Row | None, entry: Row, score: Any) -> str | None:
    """The other run against the shown one, item by item; None where they cannot be paired."""
    from warehouse.queries.paired_items import compare_runs

    if shown is None or score is None:
        return None
    paired = compare_runs(home, shown["run_id"], json.loads(entry["run"])["run_id"], score[0], score[1])
    return paired.sentence if paired else None


def _is_of(entry: Row, shown: str | None) -> bool:
    """Whether a verdict is of the run that is shown, or of ours."""
    run = json.loads(entry["run"]) if entry["run"] else {}
    return run.get("ran_by", "us") == "us" or run["run_id"] == shown


def _newest_imported(history: list[Row], shown: str | None) -> list[Row]:
    """The newest verdict of each imported run that is not shown."""
    newest: dict[str, Row] = {}
    for entry in history:
        if not _is_of(entry, shown):
            newest.setdefault(json.loads(entry["run"])["run_id"], entry)
    return list(newest.values())


NOT_COMPARED = frozenset({"notes", "metric", "filter"})
"""Settings that are no difference between two runs of one claim: the verdict names the score."""


def _set_up(run: Row) -> Row:
    """What a run tells of its set-up outside the settings: the arguments of the model, where BOS came from."""
    first: Row = (run.get("measurements") or [{}])[0]
    told = {"model_args": (first.get("evidence") or {}).get("model_args"), "bos": (run.get("checks") or {}).get("bos")}
    return {name: value for name, value in told.items() if value}


def _other(entry: Row, shown: Row | None) -> Row:
    verdict, run = json.loads(entry["record"]), json.loads(entry["run"])
    origin = run.get("imported") or {}
    mine, theirs = (shown or {}).get("settings") or {}, run.get("settings") or {}
    mine, theirs = mine | _set_up(shown or {}), theirs | _set_up(run)
    names = [name for name in mine | theirs if name not in NOT_COMPARED and mine.get(name) != theirs.get(name)]
    return {
        "run_id": run["run_id"],
        "ran_by": run.get("ran_by", "us"),
        "made_by": origin.get("by"),
        "program": origin.get("harness") or f"{run['evaluator']} {run['evaluator_version']}",
        "outcome": verdict["outcome"],
        "comparability": verdict["comparability"],
        "score": verdict["score"],
        "headline": verdict["headline"],
        "differ": {name: [mine.get(name), theirs.get(name)] for name in names} if shown else {},
    }
