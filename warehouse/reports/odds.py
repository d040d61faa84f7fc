"""E-values as odds."""

from __future__ import annotations

import math
from typing import Any

TESTS = {
    "confirmed": (("at_least_low", "not below what the claim allows"), ("at_most_high", "not above what it allows")),
    "below_claim": (("below", "below what the claim allows"),),
    "above_claim": (("above", "above what the claim allows"),),
}
"""Tests that decide an outcome, with what each has evidence for."""


def evidence_odds(verdict: dict[str, Any] | None) -> list[tuple[str, str]]:
    """(odds, what for) of the tests behind a verdict; empty where no test decided it.

    An e-value is what a fair bet against the opposite would have paid: odds of 40 : 1 or more come up by chance at
    most once in 40, however often one looks (Ville's inequality). verdict: a Verdict record as stored.
    """
    if not verdict:
        return []
    values = verdict.get("e_values") or {}
    tests = TESTS.get(verdict["outcome"], ())
    return [(odds(values[name]), words) for name, words in tests if name in values]


def board_odds(verdict: dict[str, Any] | None) -> str | None:
    """Odds against a claim that came out below, with run noise taken in: the e-value that counts among all claims. None
    for other outcomes. verdict: a Verdict record as stored."""
    if not verdict or verdict["outcome"] != "below_claim" or verdict.get("strength") is None:
        return None
    return odds(verdict["strength"])


def odds(log_e_value: float) -> str:
    """The odds of a natural logarithm of an e-value: `41 : 1`, `more than a million : 1`."""
    if log_e_value > math.log(1e6):
        return "more than a million : 1"
    value = math.exp(log_e_value)
    return f"{value:,.0f} : 1" if value >= 10 else f"{value:.1f} : 1"
