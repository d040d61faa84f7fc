"""The one reason that a table has room for."""

from __future__ import annotations

from typing import Any

FORMALITIES = ("margin", "settings_assumed")
"""Reasons that say how it was judged, not why it came out so."""


def why(row: dict[str, Any]) -> str:
    """What matters most about a row of claims_vs_measured, for people; empty while it is unverified."""
    given = dict(zip(row["reason_codes"] or [], row["reasons"] or [], strict=True))
    telling = [text for code, text in given.items() if code not in FORMALITIES]
    if "stated_in_files" in given:
        return given["stated_in_files"].partition(" (")[0]
    return telling[0] if telling else "; ".join(given[code] for code in FORMALITIES if code in given)
