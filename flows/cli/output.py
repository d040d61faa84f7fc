"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import datetime
from typing import Any

from rich.console import Console

from flows.runtime.plain_console import PlainConsole
from flows.runtime.plain_text import write_line

WIDTH_OF_A_FILE = 160
UNPRINTED = re.compile(
    r"[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
"""Characters that a terminal may obey; JSON has its own way to write them."""


def console() -> Console:
    """Where tables go, with strangers' text as text: as wide as the terminal (or COLUMNS), else 160 columns."""
    stated = sys.stdout.isatty() or os.environ.get("COLUMNS")
    return PlainConsole() if stated else PlainConsole(width=WIDTH_OF_A_FILE)


def print_json(value: Any) -> None:
    """One JSON document on standard output; NaN and infinities as null, dates in ISO 8601."""
    write_line(json_line(value, indent=2))


def json_line(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON, with what a terminal may obey escaped."""
    import msgspec

    try:
        text = msgspec.json.encode(value, enc_hook=_plain).decode()  # of a large table seven times as fast as json
    except (TypeError, ValueError):  # keys that are no names, half a character
        text = json.dumps(_plain(value), ensure_ascii=False)
    if indent is not None:
        text = msgspec.json.format(text, indent=indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return UNPRINTED.sub(lambda sign: json.dumps(sign.group())[1:-1], text)


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
