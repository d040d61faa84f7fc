"""A speed over several starts of the server. Runs within one start share what that start was dealt (memory layout,
clock, neighbours), so the starts, not the runs, are what is independent.

Each start counts as its median. The interval is Student's over the starts on the logarithmic scale. It is looked at
after each number of starts in LOOKS, and the error probability is divided among these looks (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import fmean, median, stdev

from warehouse.claim_records import Criterion
from warehouse.verdicts.statistics.median import Median, straddles

LOOKS = (3, 5)
"""Starts after which the interval is looked at. Two starts leave one degree of freedom, whose interval is too wide for
anything."""


def split_by_start(values: Sequence[float], starts: Sequence[int]) -> list[list[float]]:
    """Values start by start. Raises ValueError if the sizes do not add up."""
    if sum(starts) != len(values):
        raise ValueError(f"{len(values)} values are not those of starts with {', '.join(map(str, starts))}")
    groups, start = [], 0
    for size in starts:
        groups.append(list(values[start : start + size]))
        start += size
    return groups


def interval_over_starts(groups: Sequence[Sequence[float]], alpha: float) -> Median:
    """Interval of the speed over starts, with all the looks together wrong with a probability of `alpha` at most.
    Confidence 0 before the first look, and for starts without a run or speeds that are not positive."""
    if any(not group or min(group) <= 0 for group in groups) or len(groups) < 2:
        known = [value for group in groups for value in group]
        return Median(median(known), min(known), max(known), 0.0)
    from scipy.stats import t as student

    logs = [log(median(group)) for group in groups]
    middle, error = fmean(logs), stdev(logs) / sqrt(len(logs))
    half = float(student.ppf(1 - alpha / len(LOOKS) / 2, len(logs) - 1)) * error
    confidence = 1 - alpha if len(groups) >= LOOKS[0] else 0.0
    return Median(exp(middle), exp(middle - half), exp(middle + half), confidence)


def enough_starts(groups: Sequence[Sequence[float]], criteria: Sequence[Criterion]) -> bool:
    """Whether no further start of the server is needed: all claims decided at a look, or no look left."""
    if len(groups) >= LOOKS[-1]:
        return True
    return len(groups) in LOOKS and not any(
        straddles(interval_over_starts(groups, criterion.level), criterion) for criterion in criteria
    )
