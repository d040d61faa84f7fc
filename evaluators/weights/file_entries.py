"""One file of a release, and the listings from the hub that are kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluators.files import write_atomic
from evaluators.weights.naming import commit_file_name, data_folder


@dataclass(frozen=True)
class FileEntry:
    """One file of a release."""

    name: str
    """Path inside the repository, POSIX style."""
    size: int
    """Bytes."""
    sha256: str | None
    """SHA-256 as the hub states it (LFS files) or as computed (local files); None for small files on the hub."""
    git_sha1: str | None = None
    """Git blob id as the hub states it; None for local files."""


def listing_path(model: str, commit: str) -> Path:
    """Where the listing of a commit is kept."""
    return data_folder() / "listings" / f"{commit_file_name(model, commit)}.json"


def keep_listing(model: str, commit: str, entries: tuple[FileEntry, ...]) -> None:
    """Remember a listing from the hub."""
    path = listing_path(model, commit)
    write_atomic(path, json.dumps([asdict(entry) for entry in entries]).encode(), synced=False)


def kept_listing(model: str, commit: str) -> tuple[FileEntry, ...] | None:
    """The listing of a commit, if it is kept."""
    path = listing_path(model, commit)
    if not path.exists():
        return None
    try:
        return tuple(FileEntry(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # damaged: it is asked for again
