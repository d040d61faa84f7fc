"""Which pulled artifacts are in use, when they were used last, and making room by deleting the ones nobody uses."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evaluators.records import Artifact, Release, UserError
from evaluators.weights.naming import commit_file_name, data_folder, size_text


@contextmanager
def using(artifact: Artifact) -> Iterator[None]:
    """Hold an artifact while it is served: no process evicts it. The kernel ends the hold if we are killed."""
    with holding(artifact.release):
        yield


@contextmanager
def holding(release: Release) -> Iterator[None]:
    """Hold everything that was pulled of a release; nothing to do for a local folder."""
    if release.location != "hub":
        yield
        return
    while True:
        path = mark_used(release)
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            if not path.exists() or path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                continue  # evicted between the note and the lock
            try:
                yield
            finally:
                mark_used(release)
            return


def mark_used(release: Release) -> Path:
    """Note that a release on the hub is used now; the note's path."""
    path = data_folder() / "use" / commit_file_name(release.model, release.commit)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(f"{release.model}\n{release.commit}\n", encoding="utf-8")
    path.touch()
    return path


def evict_unused(release: Release, wanted: int, budget: int) -> None:
    """Delete least recently used releases from the hub cache until `wanted` more bytes keep below `budget`.

    Only releases that claimcheck pulled are counted and deleted, never the one that is pulled now nor one in use.
    Raises UserError, and deletes nothing, if that is not enough.
    """
    from huggingface_hub import scan_cache_dir

    cache = scan_cache_dir()
    sizes = {
        revision.commit_hash: revision.size_on_disk for repository in cache.repos for revision in repository.revisions
    }
    notes = sorted((data_folder() / "use").glob("*@*"), key=lambda path: path.stat().st_mtime_ns)
    held = sum(sizes.get(_commit(note), 0) for note in notes)
    leaving: list[Path] = []
    with ExitStack() as locks:
        for note in notes:
            if held + wanted <= budget:
                break
            if _commit(note) != release.commit and _commit(note) in sizes and _is_idle(note, locks):
                leaving.append(note)
                held -= sizes[_commit(note)]
        if held + wanted > budget:
            raise UserError(
                f"{release.model} needs {size_text(wanted)}, but {size_text(held)} of the disk budget of "
                f"{size_text(budget)} are in use; raise the budget or choose a smaller quantization"
            )
        if leaving:
            cache.delete_revisions(*map(_commit, leaving)).execute()
        for note in leaving:
            note.unlink(missing_ok=True)


def _commit(note: Path) -> str:
    return note.name.rpartition("@")[2]


def _is_idle(note: Path, locks: ExitStack) -> bool:
    """Whether nobody holds a release; if so it stays locked until `locks` closes."""
    file = locks.enter_context(note.open("rb"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
