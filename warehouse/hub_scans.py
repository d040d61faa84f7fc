"""What watching the hub has seen: one file a scan under <home>/hub_scans, and the tables made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from evaluators.files import write_atomic
from evaluators.records import Record
from evaluators.user_error import DamagedFile
from warehouse.home import Home
from warehouse.loaded_files import file_states, mark_loaded, not_loaded
from warehouse.sound_files import check_hashed, split_sound
from warehouse.sql import statement
from warehouse.store import reading, writing

if TYPE_CHECKING:
    import duckdb


OLD_FOLDER = "looks"
"""What version 0.1.0 called the folder."""


class SeenModel(Record):
    """One new model or commit."""

    model: str
    """Hub id."""
    commit: str
    """Head of its default branch."""
    kind: Literal["release", "commit", "card", "quantized"]
    """A new model, new weights of a known one, a push that left its weights alone, or a quantized repository."""
    base: str | None = None
    """Base model of a quantized repository."""
    modified: datetime
    """Pushed, UTC."""
    created: datetime
    """First push of the model, UTC."""
    reason: str | None = None
    """Why it is sorted out; None if it can be verified."""
    weights: str | None = None
    """SHA-256 (hex) over names and hashes of weights, config and tokenizer; None where not asked for."""


class HubScan(Record):
    """One scan of one source."""

    source: str
    """`org:Qwen`, `packer:unsloth` or `search:nemotron`."""
    scanned_at: datetime
    """UTC."""
    cursor: datetime
    """Newest push that was seen, UTC: the next look begins there."""
    pages: int
    """Pages of the hub's list that it cost."""
    found: tuple[SeenModel, ...]
    """New since the look before."""


@dataclass(frozen=True)
class Seen:
    """The newest commit that was seen of a model."""

    commit: str
    weights: str | None
    reason: str | None


def save_hub_scan(home: Home, look: HubScan) -> None:
    """Write a look to its file and load it."""
    content = look.model_dump_json(exclude_none=True).encode()
    path = home.root / "hub_scans" / f"{hashlib.sha256(content).hexdigest()[:32]}.json"
    write_atomic(path, content)
    with writing(home) as connection:
        _load(connection, [str(path)])


def load_hub_scans(connection: duckdb.DuckDBPyConnection, home: Home) -> list[DamagedFile]:
    """Load every scan under the home folder that the tables do not have yet. Returns one error for each damaged one."""
    damaged: list[DamagedFile] = []
    for folder in ("hub_scans", OLD_FOLDER):
        new = {state.path: state for state in not_loaded(connection, folder, file_states(home.root / folder, ".json"))}
        files, broken = split_sound(new, check_hashed)
        damaged += broken
        if files:
            _load(connection, [str(path) for path in files])
            mark_loaded(connection, folder, [new[path] for path in files])
    return damaged


def scan_cursors(home: Home) -> dict[str, datetime]:
    """Source -> where its next look begins."""
    with reading(home) as connection:
        return dict(connection.execute('select source, max("cursor") from hub_scans group by source').fetchall())


def last_seen(home: Home) -> dict[str, Seen]:
    """Model -> the newest commit that was seen of it."""
    with reading(home) as connection:
        rows = connection.execute(statement("last_seen")).fetchall()
    return {model: Seen(commit, weights, reason) for model, commit, weights, reason in rows}


def quantized_of(home: Home, base: str) -> list[tuple[str, str]]:
    """Quantized repositories of a base model that watching has seen and that can be verified: model and commit."""
    with reading(home) as connection:
        return connection.execute(statement("quantized_of"), {"base": base}).fetchall()


def _load(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    for name in ("load_hub_scans", "load_seen_releases"):
        connection.execute(statement(name), {"files": files})
