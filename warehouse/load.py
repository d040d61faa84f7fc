"""From the files under the home folder into the tables. Loading twice adds nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluators.catalogue import catalogue
from evaluators.records import Run, RunStatus, UserError
from warehouse.claim_records import Claim, Criterion, Verdict
from warehouse.home import Home, write_atomic
from warehouse.hub_scans import load_hub_scans
from warehouse.sql import statement
from warehouse.store import writing

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class LoadCounts:
    """Rows added by one loading."""

    claims: int
    runs: int
    criteria: int
    verdicts: int


def save_claims(home: Home, claims: Iterable[Claim]) -> int:
    """Write claims to one file (named for its content) and load them. Returns how many were new."""
    lines = [claim.model_dump_json(exclude_none=True) for claim in claims]
    if not lines:
        return 0
    content = ("\n".join(lines) + "\n").encode()
    path = home.claims / f"{hashlib.sha256(content).hexdigest()[:32]}.jsonl"
    if not path.exists():
        write_atomic(path, content)
    with writing(home) as connection:
        return _load_claims(connection, [path])


def save_criterion(home: Home, criterion: Criterion) -> None:
    """Store a criterion before the run that it is for. One of the same content is left as it was."""
    path = home.criteria / f"{criterion.criterion_id}.json"
    if not path.exists():
        write_atomic(path, criterion.model_dump_json().encode())
    with writing(home) as connection:
        connection.execute(statement("load_criteria"), {"files": [str(path)]})


def save_verdicts(home: Home, verdicts: Iterable[Verdict]) -> None:
    """Append verdicts."""
    paths = []
    for verdict in verdicts:
        content = verdict.model_dump_json().encode()
        path = home.verdicts / f"{hashlib.sha256(content).hexdigest()[:32]}.json"
        write_atomic(path, content)
        paths.append(str(path))
    if paths:
        with writing(home) as connection:
            connection.execute(statement("load_verdicts"), {"files": paths})


def load_home(home: Home) -> LoadCounts:
    """Load everything under the home folder that the tables do not have yet. Raises UserError for a broken manifest."""
    with writing(home) as connection:
        return _load(connection, home)


def rebuild_database(home: Home) -> LoadCounts:
    """Make the database again from the files; the old one stays until the new one is whole."""
    fresh = Home(home.root / ".rebuild")
    fresh.root.mkdir(parents=True, exist_ok=True)
    fresh.database.unlink(missing_ok=True)
    with writing(fresh) as connection:
        loaded = _load(connection, home)
    with writing(home):  # nobody else is inside while the files change places
        fresh.database.replace(home.database)
    shutil.rmtree(fresh.root, ignore_errors=True)
    return loaded


def _load(connection: duckdb.DuckDBPyConnection, home: Home) -> LoadCounts:
    claims = _load_claims(connection, sorted(home.claims.glob("*.jsonl")))
    criteria = _load_files(connection, "load_criteria", home.criteria)
    criteria += _load_files(connection, "load_criteria", home.root / "locks")  # as version 0.1.0 called them
    runs = _load_runs(connection, home)
    verdicts = _load_files(connection, "load_verdicts", home.verdicts)
    load_hub_scans(connection, home)
    return LoadCounts(claims=claims, runs=runs, criteria=criteria, verdicts=verdicts)


def _load_claims(connection: duckdb.DuckDBPyConnection, paths: list[Path]) -> int:
    if not paths:
        return 0
    files = {"files": [str(path) for path in paths]}
    connection.execute(statement("load_sources"), files)
    _load_benchmarks(connection)
    return _changed(connection, statement("load_claims"), files)


def _load_benchmarks(connection: duckdb.DuckDBPyConnection) -> None:
    known = list(catalogue().values())
    columns = {
        "names": [one.name for one in known],
        "titles": [one.title for one in known],
        "units": [one.unit for one in known],
        "higher": [one.higher_is_better for one in known],
    }
    connection.execute(statement("load_benchmarks"), columns)


def _load_files(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> int:
    paths = [str(path) for path in sorted(folder.glob("*.json"))]
    return _changed(connection, statement(name), {"files": paths}) if paths else 0


def _load_runs(connection: duckdb.DuckDBPyConnection, home: Home) -> int:
    known = dict(connection.execute("select run_id, status from runs").fetchall())
    folders = [
        path.parent for path in sorted(home.runs.glob("*/run.json")) if known.get(path.parent.name) != "finished"
    ]
    manifests = {folder: _manifest(folder) for folder in folders}
    ended = {
        folder: run
        for folder, run in manifests.items()
        if run.status != RunStatus.interrupted and known.get(run.run_id) != run.status
    }
    if not ended:
        return 0
    for run in ended.values():  # an unsound run that was tried again and is sound now
        if run.run_id in known:
            for table in ("runs", "measurements", "item_scores", "responses"):
                connection.execute(f"delete from {table} where run_id = ?", [run.run_id])
    connection.execute("create or replace temporary table incoming_runs (record json)")
    for run in ended.values():
        connection.execute("insert into incoming_runs values (?)", [_without_values(run)])
    for name in ("load_artifacts", "load_runs", "load_measurements"):
        connection.execute(statement(name))
    for name, table in (("items", "item_scores"), ("responses", "responses")):
        paths = [str(folder / f"{name}.parquet") for folder in ended if (folder / f"{name}.parquet").exists()]
        if paths:
            columns = [
                column
                for (column,) in connection.execute(
                    "select column_name from duckdb_columns() where table_name = ?", [table]
                ).fetchall()
            ]
            picked = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                f"insert into {table} by name select {picked} from read_parquet(?, union_by_name = true)", [paths]
            )
    return len(ended)


def _manifest(folder: Path) -> Run:
    try:
        return Run.model_validate_json((folder / "run.json").read_bytes())
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{folder}/run.json cannot be read ({reason}); move the folder away and run again") from error


def _without_values(run: Run) -> str:
    record = run.model_dump(mode="json")
    record["artifact_key"] = (run.artifact.key or None) if run.artifact else None
    for measurement in record["measurements"]:
        del measurement["values"]
    return json.dumps(record)


def _changed(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, list[str]]) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0
