"""The one reason that a table has room for."""

from __future__ import annotations

from typing import Any

FORMALITIES = {"margin": "bar: claim ", "settings_assumed": "settings "}
"""Reasons that say how it was judged, not why it came out so, and the words of theirs that a table can spare."""


def why(row: dict[str, Any]) -> str:
    """What matters most about a row of claims_vs_measured, for people; empty while it is unverified."""
    given = dict(zip(row["reason_codes"] or [], row["reasons"] or [], strict=True))
    if "stated_in_files" in given:
        return given["stated_in_files"].partition(" (")[0]
    telling = [text for code, text in given.items() if code not in FORMALITIES]
    formal = "; ".join(
        given[code].removeprefix(spare).partition(", alpha")[0] for code, spare in FORMALITIES.items() if code in given
    )
    as_claimed = row["outcome"] == "confirmed" and row["comparability"] != "differs"
    return formal if formal and (as_claimed or not telling) else (telling or [""])[0]
