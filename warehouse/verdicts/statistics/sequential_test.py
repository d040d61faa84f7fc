"""The finished prefix of a run against an acceptance region: the four one-sided tests, and what they decide.

| fact            | null hypothesis     | established at |
|-----------------|---------------------|----------------|
| at_least_low    | score below the region | e >= 1/alpha  |
| at_most_high    | score above the region | e >= 1/alpha  |
| below           | score not below      | e >= 2/alpha, and at_most_high |
| above           | score not above      | e >= 2/alpha, and at_least_low |

Confirmed is the first two together. Then P(any wrong verdict) <= alpha wherever the score lies: below the zone every
wrong verdict needs at_least_low, above it at_most_high, inside alpha/2 + alpha/2. Facts stay established (Ville).
Unknown items (None) count as whatever works against the fact that is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import inf, log
from typing import TYPE_CHECKING, Literal

from warehouse.verdicts.statistics.likelihood_ratio import log_e
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion

if TYPE_CHECKING:
    from warehouse.verdicts.statistics.betting import Carry

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


class OutOfRange(ValueError):
    """Item scores outside [0, 1], which no sequential test is made for."""


@dataclass(frozen=True, slots=True)
class LookState:
    """What is known after some looks: enough to go on from."""

    seen: int = 0
    low: int = 0
    """Correct items if every unknown one were wrong (0/1 items)."""
    high: int = 0
    """The same if every one were right."""
    e_values: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Log e-values in the order of FACTS."""
    established: frozenset[str] = frozenset()
    side: Side | None = None
    decided_at: int | None = None
    carry: Carry | None = None
    """For graded items."""


Look = Callable[[LookState, Sequence[float | None]], LookState]


@dataclass
class LookMemory:
    """The looks of one claim that were computed already. It changes no answer: what was computed from items that have
    changed since is thrown away."""

    about: object = None
    """Everything but the items that the looks depend on."""
    values: list[float | None] = field(default_factory=list)
    steps: list[LookState] = field(default_factory=list)
    """One after every `every` items."""
    look: Look | None = None
    """How the next items are looked at."""
    counted: bool = True
    """Whether all items so far are 0 or 1, and there are no predictions."""

    def keep(self, values: Sequence[float | None], every: int) -> LookState:
        """The last step that is made from the beginning of these values."""
        same = common_prefix(self.values, values) // every
        del self.steps[same:], self.values[same * every :]
        return self.steps[-1] if self.steps else LookState()


def common_prefix(first: Sequence[float | None], second: Sequence[float | None], part: int = 512) -> int:
    """Number of first entries that two lists share."""
    shared = min(len(first), len(second))
    if shared == len(first) and second[:shared] == first:
        return shared
    for start in range(0, shared, part):
        end = min(start + part, shared)
        if first[start:end] != second[start:end]:
            return next(look for look in range(start, end) if first[look] != second[look])
    return shared


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
    memory: LookMemory | None = None,
) -> TestState:
    """The standing after `values`, the items' scores in the fixed order (None: failed or not finished), looking every
    `every` items and at the end. 0/1 items by exact likelihood ratios, others in [0, 1] by betting (with `predictions`
    for all items, in the same order, as control variate). `contradict`: probability of a wrong contradiction where it
    is another than alpha, because run noise has a part of it. `plausible`: number of protocols under any of which the
    claim may be confirmed, each at alpha/plausible; it is contradicted only under all of them, at half of `contradict`
    each. `memory`: of earlier looks, which saves computing them again. Raises OutOfRange for values outside [0, 1]."""
    items, total = len(values), region.total
    if items > total:
        raise ValueError(f"{items} values for a benchmark of {total} items")
    values = values if isinstance(values, list) else list(values)
    memory = memory if memory is not None else LookMemory()
    about = (region, alpha, contradict, every, minimum, plausible, predictions)
    if memory.about != about:
        memory.about, memory.values, memory.steps, memory.counted = about, [], [], predictions is None
        memory.look = None
    step = memory.keep(values, every)
    if memory.counted and not binary(values[step.seen :]):
        memory.counted, memory.values, memory.steps, memory.look, step = False, [], [], None, LookState()
    if not memory.counted and not bounded(values[step.seen :]):
        raise OutOfRange("item scores lie outside [0, 1]; only a full run can be compared")
    if (look := memory.look) is None:
        look = memory.look = _counting(region) if memory.counted else _betting(region, predictions)
    bars = log(plausible / alpha), log(2 / (contradict or alpha))
    while step.seen < items:
        end = min(step.seen + every, items)
        part = values[step.seen : end]
        step = advance(look(step, part), bars, min(minimum, total))
        if end % every == 0:
            memory.steps.append(step)
            memory.values += part
    state = _state(step, total)
    return _settle(values, region, state) if items == total else state


def decide(
    looks: Looks, total: int, alpha: float, minimum: int, plausible: int = 1, contradicting: float | None = None
) -> TestState:
    """First verdict of a series of looks, each (items seen, log e-values in the order of FACTS). `contradicting`: alpha
    of the two tests that contradict a claim, where it is another."""
    bars, step = (log(plausible / alpha), log(2 / (contradicting or alpha))), LookState()
    for seen, e_values in looks:
        step = advance(replace(step, seen=seen, e_values=e_values), bars, minimum)
    return _state(step, total)


def advance(step: LookState, bars: tuple[float, float], minimum: int) -> LookState:
    """A look with what follows from it: facts established, and the verdict, if it is the first. `bars`: log e-values
    that confirm and that contradict."""
    confirm, contradict = bars
    established = step.established
    if max(step.e_values) >= min(bars):
        passed = zip(FACTS, step.e_values, (confirm, confirm, contradict, contradict), strict=True)
        established = established | {fact for fact, value, bar in passed if value >= bar}
    side, decided_at = step.side, step.decided_at
    if side is None and len(established) > 1 and step.seen >= minimum and (side := _side(established)):
        decided_at = step.seen
    if established is step.established and side is step.side:
        return step
    return replace(step, established=frozenset(established), side=side, decided_at=decided_at)


def _state(step: LookState, total: int) -> TestState:
    named = {fact: value for fact, value in zip(FACTS, step.e_values, strict=True) if abs(value) != inf}
    return TestState(step.side, step.decided_at, step.seen, total, named, step.established)


def _side(established: Collection[str]) -> Side | None:
    if "below" in established and "at_most_high" in established:
        return "below"
    if "above" in established and "at_least_low" in established:
        return "above"
    return "confirmed" if "at_least_low" in established and "at_most_high" in established else None


def _counting(region: AcceptanceRegion) -> Look:
    """Looks at 0/1 items, by their counts."""
    known = _computed(region)

    def look(step: LookState, part: Sequence[float | None]) -> LookState:
        right = sum(value == 1 for value in part)
        seen, low = step.seen + len(part), step.low + right
        high = step.high + right + sum(value is None for value in part)
        if (key := (seen, low, high)) not in known:
            known[key] = log_e_values(region, seen, low, high)
        return replace(step, seen=seen, low=low, high=high, e_values=known[key])

    return look


def _betting(region: AcceptanceRegion, predictions: Sequence[float] | None) -> Look:
    """Looks at graded items."""
    from warehouse.verdicts.statistics.betting import bets_of_facts, facts_by_betting, first_carry, forecast_of

    tests, forecast = facts_by_betting(region), forecast_of(predictions, region.total)

    def look(step: LookState, part: Sequence[float | None]) -> LookState:
        carry = step.carry or first_carry(tests, forecast.spread if forecast else 0.0)
        e_values, after = bets_of_facts(carry, part, region, tests, forecast)
        return replace(step, seen=step.seen + len(part), e_values=e_values, carry=after)

    return look


@lru_cache(maxsize=64)
def _computed(region: AcceptanceRegion) -> dict[tuple[int, int, int], tuple[float, float, float, float]]:
    """What was computed for a region, by (items, correct if unknown were wrong, and right): looked up often."""
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
        )  # between the region and the noise allowance: only repeats can tell
    if side is None:
        return state
    decided_at = state.decided_at if side == state.side else len(values)
    return TestState(side, decided_at, len(values), region.total, state.e_values, state.established, exact=True)
