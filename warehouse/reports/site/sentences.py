"""Sentences to read out or to paste. They hold what the row says and nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from warehouse.number_text import PAIR_UNITS, interval, number, pair_named
from warehouse.reports.outcome_words import CLAIMANT, OUTCOMES, outcome_words
from warehouse.reports.site.safe_text import safe_text

Row = dict[str, Any]
FILE_FACTS = frozenset({"parameters", "tokens", "bytes", "text", "licence"})
"""Units of facts that are read from the files rather than measured."""
OF_ITEMS = ("fraction", *PAIR_UNITS)
"""Units of what rests on items of a benchmark."""


def who(row: Row) -> str:
    """Who said it: the name where it is known."""
    if row["claimant"] == "vendor":
        return CLAIMANT["vendor"]
    return safe_text(row["claimed_by"], 60) or CLAIMANT.get(row["claimant"], str(row["claimant"]))


def title(row: Row) -> str:
    """The benchmark as printed, with the variant."""
    variant = f" ({row['variant']})" if row["variant"] else ""
    return safe_text(row["benchmark_text"] + variant + pair_named(row), 120)


def measured(row: Row) -> str:
    """What was measured, with its unit; empty if nothing was."""
    if row["measured"] is None:
        return ""
    return number(row["measured"], row["unit"]) + ("%" if row["unit"] == "fraction" else "")


def measured_interval(row: Row) -> str:
    """The confidence interval; empty if there is none."""
    if row["measured_low"] is None and row["measured_high"] is None:
        return ""
    return interval(row["measured_low"], row["measured_high"], row["unit"])


def basis(row: Row) -> str:
    """What the measurement rests on: `992 of 1,500 questions`, `7 runs`."""
    if row["items"] is None or (row["of"] or 0) <= 1:
        return ""
    if row["unit"] in OF_ITEMS:
        whole = row["items"] == row["of"]
        return f"all {row['of']:,} questions" if whole else f"{row['items']:,} of {row['of']:,} questions"
    return f"{row['items']:,} runs"


def sentence(row: Row) -> str:
    """One sentence about one claim, complete by itself."""
    subject = f"{safe_text(row['model'], 100)}: {who(row)} says {safe_text(row['claimed'], 80)} on {title(row)}"
    word = outcome_words(row["outcome"]).words
    reasons = [safe_text(reason, 240) for reason in row["reasons"] or []]
    if row["outcome"] == "unverified":
        return f"{subject}; nobody has checked it here yet."
    if row["outcome"] == "could_not_run":
        return f"{subject}; it could not be run here" + (f": {reasons[0]}." if reasons else ".")
    if row["unit"] in FILE_FACTS:
        file_reason = next((reason.partition(" (")[0] for reason in reasons if reason.startswith("the files say")), "")
        return f"{subject}; {file_reason or 'the files were read'}: {word}."
    figures = " ".join(part for part in (measured(row), measured_interval(row)) if part)
    ground = f" on {basis(row)}" if row["unit"] in OF_ITEMS and basis(row) else f" in {basis(row)}"
    ground = ground if basis(row) else ""
    subject_of_run = "others measured" if row["ran_by"] == "imported" else "we measured"
    tail = f": {word}" if figures else f"; {word}"
    unlike = ", under other settings than the claim's" if row["comparability"] == "differs" else ""
    return f"{subject}; {subject_of_run} {figures}{ground}{unlike}{tail}." if figures else f"{subject}{tail}."


def counts(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """(outcome, claims) in the order of the outcome table, those without a claim left out."""
    return ordered(Counter(row["outcome"] for row in rows))


def ordered(tally: Counter[str]) -> list[tuple[str, int]]:
    """(outcome, claims) in the order of the outcome table."""
    known = [(outcome, tally[outcome]) for outcome in OUTCOMES if tally[outcome]]
    return known + sorted((outcome, count) for outcome, count in tally.items() if outcome not in OUTCOMES)


def result_sentence(rows: Iterable[Row]) -> str:
    """What came out for some claims, in one sentence."""
    known = list(rows)
    return count_sentence(counts(known), sum(bool(row["flagged"]) for row in known))


def count_sentence(counted: list[tuple[str, int]], flagged: int) -> str:
    """The same from counts by outcome."""
    total = sum(count for _, count in counted)
    parts = ", ".join(f"{count:,} {outcome_words(outcome).of_many}" for outcome, count in counted)
    claims = "1 claim" if total == 1 else f"{total:,} claims"
    return f"{claims}: {parts}.{f' Flagged: {flagged:,}.' if flagged else ''}" if total else "No claims."


def stated_settings(compared: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """(stated, all) settings that decide whether a claim can be repeated, over lines of settings diffs."""
    relations = Counter(line["relation"] for line in compared)
    stated = relations["equal"] + relations["differs"]
    return stated, stated + relations["assumed"]
