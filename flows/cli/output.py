"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import Any

from rich.console import Console

WIDTH_OF_A_FILE = 160


def console() -> Console:
    """Where tables go: as wide as the terminal (or COLUMNS), else 160 columns."""
    stated = sys.stdout.isatty() or os.environ.get("COLUMNS")
    return Console() if stated else Console(width=WIDTH_OF_A_FILE, soft_wrap=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output; NaN and infinities as null, dates in ISO 8601."""
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case datetime():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
