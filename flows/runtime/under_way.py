"""Which releases are being verified: what a kill or Ctrl-C cuts off goes on first, before anything new is begun."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evaluators.files import read_plain, write_atomic
from warehouse.home import Home


@contextmanager
def under_way(home: Home, model: str) -> Iterator[None]:
    """Keep a note that a release is being verified. It is taken away at the end, also of a failure, which is told; it
    stays where the end never came."""
    note = _notes(home) / f"{hashlib.sha256(model.encode('utf-8', 'replace')).hexdigest()[:32]}.json"
    write_atomic(note, json.dumps({"model": model}).encode())
    try:
        yield
    except Exception:
        note.unlink(missing_ok=True)
        raise
    note.unlink(missing_ok=True)


def cut_off(home: Home) -> set[str]:
    """Releases whose verification did not come to its end, or is under way now. A damaged note is none."""
    models: set[str] = set()
    for note in sorted(_notes(home).glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            models.add(str(json.loads(read_plain(note))["model"]))
    return models


def _notes(home: Home) -> Path:
    return home.private / "under-way"
