"""Sections of a card that repeat what a leaderboard measured: a third party's scores of the leaderboard's own tasks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.catalogue import catalogue


def leaderboard_of(headings: Sequence[str]) -> str | None:
    """The leaderboard that the nearest heading names as who measured; None where no heading names one."""
    for heading in reversed(headings):
        if re.search(r"(?i)\bleader-?board\b", heading):
            name = re.search(r"(?i)\b((?:[\w.-]+\s+){0,4}leader-?board)\b", heading)
            return " ".join(name[1].split()) if name else "leaderboard"
    return None


def of_leaderboard(benchmark: str | None) -> str | None:
    """The leaderboard's own task of a benchmark; None where the catalogue has none, because its score of the plain
    benchmark is made in another way."""
    if benchmark is None or benchmark.startswith("leaderboard_"):
        return benchmark
    own = f"leaderboard_{benchmark}"
    return own if own in catalogue() else None
