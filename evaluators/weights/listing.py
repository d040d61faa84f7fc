"""Which files a release has, with sizes and hashes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from evaluators.records import Release
from evaluators.weights.hashes import sha256
from evaluators.weights.places import data_folder


@dataclass(frozen=True)
class Entry:
    """One file of a release."""

    name: str
    """Path inside the repository, POSIX style."""
    size: int
    """Bytes."""
    sha256: str | None
    """SHA-256 as the hub states it (LFS files) or as computed (local files); None for small files on the hub."""
    git_sha1: str | None = None
    """Git blob id as the hub states it; None for local files."""


def folder_files(folder: Path) -> dict[str, Path]:
    """Name to path of every file below a folder, hidden files and folders left out, links followed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            found["/".join(parts)] = path
    return found


def local_listing(folder: Path) -> tuple[Entry, ...]:
    """Files of a local release with their SHA-256; large files are hashed once."""
    return tuple(Entry(name, path.stat().st_size, sha256(path)) for name, path in folder_files(folder).items())


def local_commit(entries: tuple[Entry, ...]) -> str:
    """SHA-256 (hex) over the lines `name:sha256`, sorted: what stands for the commit of a local folder."""
    lines = sorted(f"{entry.name}:{entry.sha256}" for entry in entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def listing(release: Release) -> tuple[Entry, ...]:
    """Files of a release at its commit. A commit never changes, so a listing from the hub is asked for once.

    Raises Problem if the hub cannot be reached and the listing is not known yet.
    """
    if release.location != "hub":
        return local_listing(Path(release.location))
    path = listing_path(release.model, release.commit)
    if path.exists():
        return tuple(Entry(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    from evaluators.weights.hub import hub_listing

    return hub_listing(release.model, release.commit)[1]


def listing_path(model: str, commit: str) -> Path:
    """Where the listing of a commit is kept."""
    return data_folder() / "listings" / f"{re.sub('[^0-9A-Za-z._-]', '--', model)}@{commit}.json"


def keep_listing(model: str, commit: str, entries: tuple[Entry, ...]) -> None:
    """Remember a listing from the hub."""
    path = listing_path(model, commit)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{uuid4().hex[:8]}.tmp")
    draft.write_text(json.dumps([asdict(entry) for entry in entries]), encoding="utf-8")
    draft.replace(path)
