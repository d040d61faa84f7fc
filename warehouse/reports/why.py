"""The one reason that a table has room for."""

from __future__ import annotations

from typing import Any

FORMALITIES = ("settings_assumed", "margin")
"""Reasons that say how it was judged, not why it came out so."""


def why(row: dict[str, Any]) -> str:
    """What matters most about a row of claims_vs_measured, for people; empty while it is unverified."""
    given = list(zip(row["reason_codes"] or [], row["reasons"] or [], strict=True))
    telling = [text for code, text in given if code not in FORMALITIES]
    formal = [text for code, text in given if code in FORMALITIES]
    return (telling or formal or [""])[0]
