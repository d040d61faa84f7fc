"""SHA-256 of local files; large files are hashed once."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from evaluators.records import UserError
from evaluators.weights.file_entries import FileEntry
from evaluators.weights.naming import data_folder

SMALL = 1 << 20
"""Files below this many bytes are hashed each time: looking them up would not be faster."""


def sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's content.

    A large file's hash is remembered under its real path, size, modification and change time (ns) and inode in
    `hashes.sqlite` of the data folder. The change time is the kernel's own, so a byte that was altered in place is
    seen even where somebody set the modification time back.
    """
    path = path.resolve()
    if path.stat().st_size < SMALL:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    key = _key(path)
    with closing(_open()) as connection:
        row = connection.execute(
            "SELECT sha256 FROM hashes WHERE path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ? AND inode = ?", key
        ).fetchone()
    if row:
        return str(row[0])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if _key(path) == key:
        _store(key, digest)
    return digest


def remember(path: Path, digest: str) -> None:
    """Store a hash that was made while the file was written, so that it is not read again."""
    path = path.resolve()
    if path.stat().st_size >= SMALL:
        _store(_key(path), digest)


def git_sha1(path: Path) -> str:
    """SHA-1 (hex) of the git blob with this file's content: the hub's name for files outside LFS."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\x00" % len(content) + content, usedforsecurity=False).hexdigest()


def check_hash(path: Path, entry: FileEntry) -> str:
    """SHA-256 (hex) of a file, after comparing its content with what the hub states.

    The hub states the SHA-256 of LFS files and the git blob id of the others. Raises UserError if it differs.
    """
    digest = sha256(path)
    if entry.sha256 is not None and digest != entry.sha256:
        raise UserError(
            f"{entry.name} has SHA-256 {digest[:16]}…, the hub says {entry.sha256[:16]}…: not what was published; "
            f"delete {path.resolve()} and pull again"
        )
    if entry.sha256 is None and entry.git_sha1 is not None and git_sha1(path) != entry.git_sha1:
        raise UserError(
            f"{entry.name} differs from what the hub states (git blob {entry.git_sha1[:16]}…): delete {path.resolve()} "
            f"and pull again"
        )
    return digest


def _key(path: Path) -> tuple[str, int, int, int, int]:
    stat = path.stat()
    return str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _store(key: tuple[str, int, int, int, int], digest: str) -> None:
    with closing(_open()) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?)", (*key, digest))


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect(data_folder() / "hashes.sqlite", timeout=30)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS hashes (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
        " ctime_ns INTEGER, inode INTEGER, sha256 TEXT)"
    )
    return connection
