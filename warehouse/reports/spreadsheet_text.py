"""Text of strangers in cells that a spreadsheet will open."""

from __future__ import annotations

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What the text of a cell must not begin with: spreadsheets run it."""


def no_formula(value: Any) -> Any:
    """A cell's value; a text that a spreadsheet would take for a formula with an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
