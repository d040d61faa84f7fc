"""What nobody expected: one line for the user, and a file with the rest for whoever fixes it."""

from __future__ import annotations

import hashlib
import traceback
from datetime import UTC, datetime
from pathlib import Path


def note_error(home: Path, error: BaseException) -> str:
    """Write an exception with its traceback under <home>/logs/errors. Returns one line that names the file."""
    said = " ".join(str(error).split())[:200]
    line = f"unexpected {type(error).__name__}: {said}".rstrip(": ")
    text = "".join(traceback.format_exception(error))
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}.log"
    path = home / "logs" / "errors" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError:
        return line
    return f"{line}; see {path}"
