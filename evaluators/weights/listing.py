"""Which files a release has, with sizes and hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from evaluators.records import Release
from evaluators.weights.file_entries import FileEntry, kept_listing
from evaluators.weights.hashes import sha256
from evaluators.weights.hub import hub_listing


def folder_files(folder: Path) -> dict[str, Path]:
    """Name to path of every file below a folder, hidden files and folders left out, links followed."""
    files = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            files["/".join(parts)] = path
    return files


def local_listing(folder: Path) -> tuple[FileEntry, ...]:
    """Files of a local release with their SHA-256; large files are hashed once."""
    return tuple(FileEntry(name, path.stat().st_size, sha256(path)) for name, path in folder_files(folder).items())


def local_commit(entries: tuple[FileEntry, ...]) -> str:
    """SHA-256 (hex) over the lines `name:sha256`, sorted: what stands for the commit of a local folder."""
    lines = sorted(f"{entry.name}:{entry.sha256}" for entry in entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def listing(release: Release) -> tuple[FileEntry, ...]:
    """Files of a release at its commit. A commit never changes, so a listing from the hub is asked for once.

    Raises UserError if the hub cannot be reached and the listing is not known yet.
    """
    if release.location != "hub":
        return local_listing(Path(release.location))
    kept = kept_listing(release.model, release.commit)
    return hub_listing(release.model, release.commit)[1] if kept is None else kept
