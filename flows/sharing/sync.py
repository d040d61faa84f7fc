"""What is new in a home to a store, and what is new in a store to a home.

What is copied never changes once it is there, so copying twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flows.sharing.file_store import FileStore, store_errors
from flows.sharing.old_store import old_runs, receive_old_run
from flows.sharing.packs import AFTER, BEFORE, Known, receive_small, send_small
from flows.sharing.run_packs import receive_runs, run_in_home, runs_in_store, send_runs, wants


@dataclass(frozen=True)
class SyncResult:
    """What one copying brought."""

    files: int
    """Claims, criteria, pages, hub scans and verdicts."""
    runs: int
    """Finished runs."""
    damaged: tuple[str, ...] = ()
    """Objects of the store that are not what was sent; they are left there, and cost what they hold."""


def send_home(home: Path, address: str | Path) -> SyncResult:
    """Copy what the store lacks: small files in packs, each run as one object; verdicts after the runs that they refer
    to. Raises UserError if the store cannot be used."""
    with store_errors(address):
        store = FileStore(address)
        known = Known(home, store)
        files = send_small(home, store, known, BEFORE)
        folders = sorted((home / "runs").glob("*/"))
        runs = 0
        if folders:
            there = runs_in_store(store.listing("runs"))
            finished = {run_id for run_id, state in there.items() if state.status == "finished"}
            runs = send_runs([folder for folder in folders if folder.name not in finished], store, there)
        files += send_small(home, store, known, AFTER)
    return SyncResult(files, runs)


def receive_home(address: str | Path, home: Path, *, runs: bool = True) -> SyncResult:
    """Copy what the home lacks; `runs`: False leaves the run folders out. Raises UserError as `send_home` does."""
    with store_errors(address):
        store = FileStore(address)
        came: list[str] = []
        damaged: list[str] = []
        if runs:
            names = store.listing("runs")
            there = runs_in_store(names)
            wanted = [state for name, state in there.items() if wants(run_in_home(home / "runs" / name), state)]
            came = receive_runs(store, wanted, home / "runs", damaged) if wanted else []
            old = [name for name in old_runs(names) if name not in there]
            came += [name for name in old if receive_old_run(store, names, name, home / "runs" / name)]
        files, broken = receive_small(store, home, Known(home, store))
    return SyncResult(len(files), len(came), (*damaged, *broken))
