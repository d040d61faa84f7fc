"""Stores of earlier versions: a folder a run, its files one by one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evaluators.files import write_atomic
from evaluators.run_manifest import MANIFEST
from flows.sharing.file_store import FileStore
from flows.sharing.run_packs import run_in_home


def old_runs(names: Iterable[str]) -> list[str]:
    """Ids of the runs that lie unpacked, from the names below `runs`."""
    parts = [name.split("/") for name in names]
    return sorted(part[1] for part in parts if len(part) == 3 and part[2] == MANIFEST)


def receive_old_run(store: FileStore, names: Iterable[str], run_id: str, folder: Path) -> bool:
    """Copy one, its manifest last. False if the home has a finished run of that id, or if it has not ended."""
    have = run_in_home(folder)
    if have is not None and have.status == "finished":
        return False
    tables = [name for name in names if name.startswith(f"runs/{run_id}/") and name.endswith(".parquet")]
    manifest = store.read(f"runs/{run_id}/{MANIFEST}")
    if manifest is None or b'"interrupted"' in manifest[:10_000_000].partition(b'"measurements"')[0]:
        return False
    if have is not None and (folder / MANIFEST).read_bytes() == manifest:
        return False
    for name, content in store.read_all(tables):
        write_atomic(folder / name.rpartition("/")[2], content)
    write_atomic(folder / MANIFEST, manifest)
    return True
