"""Where the small files live that belong to no run: file hashes, hub listings, marks of use."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """`$CLAIMCHECK_DATA`, or `~/.cache/claimcheck`; made if it is not there."""
    stated = os.environ.get("CLAIMCHECK_DATA")
    folder = Path(stated).expanduser() if stated else Path.home() / ".cache" / "claimcheck"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
