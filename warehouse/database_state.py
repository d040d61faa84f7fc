"""Which state of the tables a file holds: told by small notes beside the database, without opening it."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from warehouse.home import Home

VIEWS = Path(__file__).parent / "views"


def working(home: Home) -> Path:
    """The database that is written to."""
    return home.private / "working.duckdb"


def mark_changed(path: Path) -> None:
    """Note before a change of a database that what was made of it until now is old."""
    path.with_name(path.name + ".token").write_text(uuid.uuid4().hex, encoding="utf-8")


def written_state(home: Home) -> str:
    """The state of the database that is written to; empty if it is not known."""
    path = working(home)
    return _note(path.with_name(path.name + ".token"))


def published_state(home: Home) -> str:
    """The state that the readers' copy was made of; empty if there is none of ours."""
    return _note(home.private / "published") if home.database.exists() else ""


def readers_state(home: Home) -> str:
    """The state of the readers' copy where it is the newest that there is; else empty."""
    state = published_state(home)
    return state if state == written_state(home) else ""


def views_hash() -> str:
    """Which views this program makes."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(VIEWS.glob("*.sql")))).hexdigest()


def _note(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
