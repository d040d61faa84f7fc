"""From the files under the home folder into the tables. Loading twice adds nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evaluators.catalogue import FOLDER, catalogue, own_folder
from evaluators.files import write_atomic
from evaluators.records import Run
from evaluators.user_error import DamagedFile
from warehouse.claim_records import Claim, Criterion, Verdict
from warehouse.home import Home
from warehouse.hub_scans import load_hub_scans
from warehouse.loaded_files import file_states, manifest_states, mark_loaded, not_loaded
from warehouse.odd_files import odd_files, odd_folders
from warehouse.sound_files import (
    check_claims,
    check_criterion,
    check_hashed,
    lost_references,
    set_aside,
    sound_run,
    split_sound,
)
from warehouse.sql import statement
from warehouse.store import locked, refuse_foreign, replace_working, transaction, writing

if TYPE_CHECKING:
    import duckdb

REBUILDING = 3600.0
"""Seconds to wait for another rebuild."""
KEYS = {"criteria": "criterion_id", "verdicts": "verdict_id"}
"""By table: the column that is the name of the file."""


@dataclass(frozen=True)
class LoadCounts:
    """Rows added by one loading."""

    claims: int
    runs: int
    criteria: int
    verdicts: int
    damaged: tuple[str, ...] = ()
    """One line for each file that is not what was written, and was left out."""


def save_claims(home: Home, claims: Iterable[Claim]) -> int:
    """Write claims to one file (named for its content) and load them. Returns how many were new."""
    lines = [claim.model_dump_json(exclude_none=True) for claim in claims]
    if not lines:
        return 0
    content = ("\n".join(lines) + "\n").encode()
    path = home.claims / f"{hashlib.sha256(content).hexdigest()[:32]}.jsonl"
    with writing(home) as connection:
        if not path.exists():  # under the lock, so that a rebuild does not load it first
            write_atomic(path, content)
        return _load_claims(connection, [path])


def save_criteria(home: Home, criteria: Iterable[Criterion]) -> None:
    """Store criteria before the run that they are for. One of the same content is left as it was."""
    paths = []
    for criterion in criteria:
        path = home.criteria / f"{criterion.criterion_id}.json"
        if not path.exists():
            write_atomic(path, criterion.model_dump_json().encode())
        paths.append(str(path))
    if paths:
        with writing(home) as connection:
            connection.execute(statement("load_criteria"), {"files": paths})


def save_verdicts(home: Home, verdicts: Iterable[Verdict]) -> None:
    """Append verdicts, each numbered after those on the same claim."""
    verdicts = list(verdicts)
    if not verdicts:
        return
    with writing(home) as connection:
        _load_files(connection, "verdicts", home.verdicts, check_hashed, [])  # what is on disk counts as stored
        last: Counter[str] = Counter(dict(connection.execute(statement("last_sequences")).fetchall()))
        paths = []
        for verdict in verdicts:
            last[verdict.claim_id] += 1
            content = verdict.model_copy(update={"sequence": last[verdict.claim_id]}).model_dump_json().encode()
            path = home.verdicts / f"{hashlib.sha256(content).hexdigest()[:32]}.json"
            write_atomic(path, content)
            paths.append(str(path))
        connection.execute(statement("load_verdicts"), {"files": paths})


def load_home(home: Home) -> LoadCounts:
    """Load everything under the home folder that the tables do not have yet. What is damaged is named, and left out."""
    with writing(home) as connection:
        loaded, damaged = _load(connection, home)
    return replace(loaded, damaged=tuple(str(error) for error in damaged))


def rebuild_database(home: Home) -> LoadCounts:
    """Make the database again from the files, without a look at the old one, which stays until the new one is whole.

    Damaged files are moved to <home>/damaged. Others may read and write meanwhile; two rebuilds take turns.
    """
    home.make()
    odd = odd_files(home) + odd_folders(home)
    set_aside(home, odd)
    with locked(home, "rebuild.lock", patience=REBUILDING):
        refuse_foreign(home)
        fresh = home.private / "rebuild.duckdb"
        for left in home.private.glob("rebuild.duckdb*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        with transaction(fresh, home.database) as connection:
            loaded, damaged = _load(connection, home)
        set_aside(home, damaged)
        with locked(home):  # nobody else writes while the files change places
            with transaction(fresh, home.database) as connection:
                more, later = _load(connection, home)  # what came while the first loading went on
                gone = lost_references(connection.execute(statement("lost_references")).fetchall())
            replace_working(home, fresh)
        shutil.rmtree(home.root / ".rebuild", ignore_errors=True)  # of earlier versions
    return LoadCounts(
        claims=loaded.claims + more.claims,
        runs=loaded.runs + more.runs,
        criteria=loaded.criteria + more.criteria,
        verdicts=loaded.verdicts + more.verdicts,
        damaged=tuple(dict.fromkeys(str(error) for error in [*odd, *damaged, *later, *gone])),
    )


def _load(connection: duckdb.DuckDBPyConnection, home: Home) -> tuple[LoadCounts, list[DamagedFile]]:
    new = {state.path: state for state in not_loaded(connection, "claims", file_states(home.claims, ".jsonl"))}
    paths, damaged = split_sound(new, check_claims)
    claims = _load_claims(connection, paths)
    mark_loaded(connection, "claims", [new[path] for path in paths])
    criteria = 0
    for folder in (home.criteria, home.root / "locks"):  # the second as version 0.1.0 called it
        criteria += _load_files(connection, "criteria", folder, check_criterion, damaged)
    runs = _load_runs(connection, home, damaged)
    verdicts = _load_files(connection, "verdicts", home.verdicts, check_hashed, damaged)
    damaged += load_hub_scans(connection, home)
    return LoadCounts(claims=claims, runs=runs, criteria=criteria, verdicts=verdicts), damaged


def _load_claims(connection: duckdb.DuckDBPyConnection, paths: list[Path]) -> int:
    _load_benchmarks(connection)
    if not paths:
        return 0
    files = {"files": [str(path) for path in paths]}
    connection.execute(statement("load_sources"), files)
    return _changed(connection, statement("load_claims"), files)


def _load_benchmarks(connection: duckdb.DuckDBPyConnection) -> None:
    """Titles and units, where an entry of the catalogue has changed: reading all of it takes half a second."""
    changed = False
    for folder in (FOLDER, own_folder()):
        new = not_loaded(connection, str(folder), file_states(folder, ".yaml"))
        mark_loaded(connection, str(folder), new)
        changed = changed or bool(new)
    if not changed:
        return
    known = list(catalogue().values())
    columns = {
        "names": [entry.name for entry in known],
        "titles": [entry.title for entry in known],
        "units": [entry.unit for entry in known],
        "higher": [entry.higher_is_better for entry in known],
    }
    connection.execute(statement("load_benchmarks"), columns)


def _load_files(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    folder: Path,
    check: Callable[[Path], None],
    damaged: list[DamagedFile],
) -> int:
    """Load the files of a folder, named by their ids, that the table does not have; adds to `damaged`."""
    known = {key for (key,) in connection.execute(f"select {KEYS[table]} from {table}").fetchall()}
    new = [state.path for state in file_states(folder, ".json") if Path(state.name).stem not in known]
    sound, broken = split_sound(new, check)
    damaged += broken
    return _changed(connection, statement(f"load_{table}"), {"files": [str(path) for path in sound]}) if sound else 0


def _load_runs(connection: duckdb.DuckDBPyConnection, home: Home, damaged: list[DamagedFile]) -> int:
    """Load the runs that have ended since the tables were made; adds to `damaged`."""
    known = dict(connection.execute("select run_id, status from runs").fetchall())
    ended: dict[Path, Run] = {}
    states = manifest_states(home.runs, {run_id for run_id, status in known.items() if status == "finished"})
    read = []
    for state in not_loaded(connection, "runs", states):
        path = state.path.parent
        try:
            run = sound_run(path)
        except DamagedFile as error:
            damaged.append(error)
            continue
        read.append(state)
        if run is not None and known.get(run.run_id) != run.status:
            ended[path] = run
    mark_loaded(connection, "runs", read)
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


def _without_values(run: Run) -> str:
    record = run.model_dump(mode="json")
    record["artifact_key"] = (run.artifact.key or None) if run.artifact else None
    for measurement in record["measurements"]:
        del measurement["values"], measurement["reference_values"]
    return json.dumps(record)


def _changed(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, list[str]]) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0
