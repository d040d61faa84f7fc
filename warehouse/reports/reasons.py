"""The one reason that a table has room for."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
ASIDE = frozenset({"margin", "settings_assumed", "settings_differ", "roofline_estimate", "bounds", "medians"})
"""Reasons that say how it was judged, or that the settings diff says better."""
UNDER_OTHER_SETTINGS = frozenset({"run_noise", "unsaid", "needs_repeats", "imported", "imported_note"})
"""Reasons why a score decides nothing; where the run's settings are not the claim's, these say it better."""
MOST = 3
"""Settings that are named."""


def main_reason(row: Row) -> str:
    """What matters most about a row of claims_vs_measured, for people; empty where nothing needs to be said.

    What the vendor did not say and what differs follow from the settings diff, so that "shots (run: 0)" cannot be read
    as a number that somebody stated.
    """
    codes = dict(zip(row["reason_codes"] or [], row["reasons"] or [], strict=True))
    compared = row["settings_compared"] or []
    differing = [line for line in compared if line["relation"] == "differs"]
    aside = ASIDE | UNDER_OTHER_SETTINGS if row["outcome"] == "not_tested" and differing else ASIDE
    parts = []
    if "stated_in_files" in codes:
        parts.append(codes["stated_in_files"].partition(" (")[0])
    elif row["outcome"] != "confirmed":
        parts += [text for code, text in codes.items() if code not in aside][:1]
    left_open = [line for line in compared if line["relation"] == "assumed"]
    if differing:
        named = [f"{setting_name(line)} {told(line['claimed'])}, run {told(line['measured'])}" for line in differing]
        parts.append("claimed " + "; ".join(named[:MOST]))
    elif left_open:
        named = [f"{setting_name(line)} (run: {told(line['measured'])})" for line in left_open]
        more = f" and {len(named) - MOST} more" if len(named) > MOST else ""
        speaker = "vendor" if row["claimant"] == "vendor" else "source"
        parts.append(f"{speaker} did not say: {', '.join(named[:MOST])}{more}")
    return "; ".join(parts)


def setting_name(line: Row) -> str:
    """The setting of one line of a settings diff, in words."""
    return str(line["setting"]).replace("_", " ")


def told(value: str | None) -> str:
    """A setting's value, in words."""
    return "—" if value is None else value or "none"


def reference_words(item: Row) -> str:
    """What the reference of a pair made of an item."""
    taken = item.get("reference_extracted")
    return f"score {item['reference_value']:g}" + (f" with {taken}" if taken else "")
