"""The finished prefix of a run against a zone: the four one-sided tests, and what they decide.

| fact            | null hypothesis     | established at |
|-----------------|---------------------|----------------|
| at_least_low    | score below the zone | e >= 1/alpha  |
| at_most_high    | score above the zone | e >= 1/alpha  |
| below           | score not below      | e >= 2/alpha, and at_most_high |
| above           | score not above      | e >= 2/alpha, and at_least_low |

Confirmed is the first two together. Then P(any wrong verdict) <= alpha wherever the score lies: below the zone every
wrong verdict needs at_least_low, above it at_most_high, inside alpha/2 + alpha/2. Facts stay established (Ville).
Unknown items (None) count as whatever works against the fact that is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf, log
from typing import Literal

from warehouse.verdicts.statistics.likelihood_ratio import log_e
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion

Side = Literal["confirmed", "below", "above"]
FACTS = ("at_least_low", "at_most_high", "below", "above")
UPWARD = ("at_least_low", "above")
"""Facts that more correct items support; the others are supported by fewer."""
EVERY = 32
"""Items between looks."""
MINIMUM = 100
"""Items before a verdict is given (or all, if fewer): a guard against defects, not needed for validity."""


@dataclass(frozen=True)
class TestState:
    """Where a claim stands after the finished prefix."""

    side: Side | None
    """What is decided; None: nothing yet."""
    decided_at: int | None
    """Items at the look that decided it."""
    items: int
    """Items of the prefix."""
    total: int
    """Items of the benchmark."""
    e_values: dict[str, float] = field(default_factory=dict)
    """Natural logarithms of the four e-values at the last look."""
    established: frozenset[str] = frozenset()
    """Facts established at some look."""
    exact: bool = False
    """The whole benchmark is known: decided by arithmetic, not by a test."""


Looks = list[tuple[int, tuple[float, float, float, float]]]


def binary(values: Sequence[float | None]) -> bool:
    """Whether every known value is 0 or 1."""
    return set(values) <= {0.0, 1.0, None}


def bounded(values: Sequence[float | None]) -> bool:
    """Whether every known value lies in [0, 1]."""
    return all(value is None or 0 <= value <= 1 for value in set(values))


def log_e_value(region: AcceptanceRegion, fact: str, seen: int, correct: int) -> float:
    """Log e-value for a fact with `correct` of the first `seen` items right; ±inf where it holds or fails for sure."""
    total = region.total
    if fact == "at_least_low":
        edge = region.at_least
        return inf if edge <= 0 else log_e(edge - 1, total, seen, correct, region.step, True)
    if fact == "at_most_high":
        edge = region.at_most
        return inf if edge >= total else log_e(edge + 1, total, seen, correct, region.step, False)
    if fact == "below":
        edge = region.not_below
        return -inf if edge <= 0 else log_e(edge, total, seen, correct, region.step, False)
    edge = region.not_above
    return -inf if edge >= total else log_e(edge, total, seen, correct, region.step, True)


def log_e_values(region: AcceptanceRegion, seen: int, low: int, high: int) -> tuple[float, float, float, float]:
    """Log e-values of the four facts (order of FACTS) from counts: `low` correct among `seen` if every unknown item
    were wrong, `high` if every one were right."""
    first, second, third, fourth = (log_e_value(region, fact, seen, low if fact in UPWARD else high) for fact in FACTS)
    return first, second, third, fourth


def follow(
    values: Sequence[float | None],
    region: AcceptanceRegion,
    alpha: float = 0.05,
    *,
    contradict: float | None = None,
    predictions: Sequence[float] | None = None,
    every: int = EVERY,
    minimum: int = MINIMUM,
    plausible: int = 1,
) -> TestState:
    """The standing after `values`, the items' scores in the fixed order (None: failed or not finished), looking every
    `every` items and at the end. 0/1 items by exact likelihood ratios, others in [0, 1] by betting (with `predictions`
    for all items, in the same order, as control variate). `contradict`: probability of a wrong contradiction where it
    is another than alpha, because run noise has a part of it. `plausible`: number of protocols under any of which the
    claim may be confirmed, each at alpha/plausible; it is contradicted only under all of them, at half of `contradict`
    each. Raises ValueError for values outside [0, 1]."""
    items, total = len(values), region.total
    if items > total:
        raise ValueError(f"{items} values for a benchmark of {total} items")
    places = [*range(every, items, every), items] if items else []
    if binary(values) and predictions is None:
        looks = _look_at_counts(values, region, places)
    else:
        if not bounded(values):
            raise ValueError("item scores lie outside [0, 1]; only a full run can be compared")
        from warehouse.verdicts.statistics.betting import look_by_betting

        looks = look_by_betting(values, region, places, predictions)
    state = decide(looks, region.total, alpha, min(minimum, total), plausible, contradict)
    return _settle(values, region, state) if items == total else state


def decide(
    looks: Looks, total: int, alpha: float, minimum: int, plausible: int = 1, contradicting: float | None = None
) -> TestState:
    """First verdict of a series of looks, each (items seen, log e-values in the order of FACTS). `contradicting`: alpha
    of the two tests that contradict a claim, where it is another."""
    confirm, contradict = log(plausible / alpha), log(2 / (contradicting or alpha))
    established: set[str] = set()
    side: Side | None = None
    decided_at = None
    for seen, found in looks:
        if max(found) >= min(confirm, contradict):
            for fact, value, bar in zip(FACTS, found, (confirm, confirm, contradict, contradict), strict=True):
                if value >= bar:
                    established.add(fact)
        if side is None and len(established) > 1 and seen >= minimum and (side := _side(established)):
            decided_at = seen
    seen, last = looks[-1] if looks else (0, (0.0, 0.0, 0.0, 0.0))
    named = {fact: value for fact, value in zip(FACTS, last, strict=True) if abs(value) != inf}
    return TestState(side, decided_at, seen, total, named, frozenset(established))


def _side(established: set[str]) -> Side | None:
    if {"below", "at_most_high"} <= established:
        return "below"
    if {"above", "at_least_low"} <= established:
        return "above"
    return "confirmed" if {"at_least_low", "at_most_high"} <= established else None


def _look_at_counts(values: Sequence[float | None], region: AcceptanceRegion, places: list[int]) -> Looks:
    looks: Looks = []
    known = _computed(region)
    low = high = start = 0
    for place in places:
        part = values[start:place]
        right = part.count(1.0)
        low, high, start = low + right, high + right + part.count(None), place
        if (key := (place, low, high)) not in known:
            known[key] = log_e_values(region, place, low, high)
        looks.append((place, known[key]))
    return looks


@lru_cache(maxsize=64)
def _computed(region: AcceptanceRegion) -> dict[tuple[int, int, int], tuple[float, float, float, float]]:
    """What was computed for a zone, by (items, correct if unknown were wrong, and right): a run is looked at often."""
    return {}


def _settle(values: Sequence[float | None], region: AcceptanceRegion, state: TestState) -> TestState:
    """A whole run is decided by arithmetic wherever the unknown items cannot change it."""
    low = sum(value for value in values if value is not None)
    high = low + sum(1 for value in values if value is None)
    slack = ROUNDING * max(1, region.total)
    side: Side | None = None
    if high < region.total * (region.low - region.noise) - slack:
        side = "below"
    elif low > region.total * (region.high + region.noise) + slack:
        side = "above"
    elif low >= region.total * region.low - slack and high <= region.total * region.high + slack:
        side = "confirmed"
    elif low == high:
        return TestState(
            None, None, len(values), region.total, state.e_values, state.established, exact=True
        )  # between the zone and the noise allowance: only repeats can tell
    if side is None:
        return state
    decided_at = state.decided_at if side == state.side else len(values)
    return TestState(side, decided_at, len(values), region.total, state.e_values, state.established, exact=True)
