"""Critical counts, and the exact law of the item at which a claim is decided.

For each look the four tests are monotone in the number of correct items, so each is a critical count. With them the
probability of every verdict and the expected number of items follow exactly, by dynamic programming over the
hypergeometric law, without simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import FACTS, UPWARD, log_e_value

if TYPE_CHECKING:
    import numpy as np

NEGLIGIBLE = 1e-13
"""States of less probability are dropped."""


@dataclass(frozen=True)
class Critical:
    """At one look after `seen` items: at least this many correct establishes a fact (`up` tests), at most this many
    (the others). A count beyond the possible: never."""

    seen: int
    at_least_low: int
    at_most_high: int
    below: int
    above: int


def critical_counts(
    region: AcceptanceRegion, alpha: float, looks: Sequence[int], contradicting: float | None = None
) -> list[Critical]:
    """Critical counts of the four tests at each of `looks` (numbers of items, rising). `contradicting`: alpha of
    the tests that contradict a claim, where it is another."""
    confirm, contradict = log(1 / alpha), log(2 / (contradicting or alpha))
    guess = [0, -1, -1, 0]
    critical = []
    for seen in looks:
        for number, fact in enumerate(FACTS):
            bar = confirm if number < 2 else contradict

            def passes(count: int, fact: str = fact, bar: float = bar, seen: int = seen) -> bool:
                return log_e_value(region, fact, seen, count) >= bar

            search = _first if fact in UPWARD else _last
            guess[number] = search(passes, guess[number], seen)
        critical.append(Critical(seen, *guess))
    return critical


def _first(passes: Callable[[int], bool], guess: int, seen: int) -> int:
    """Smallest count in [0, seen] that passes, seen + 1 if none; critical counts never fall from look to look."""
    low, width = max(guess, 0), 1
    if passes(low) if low <= seen else True:
        return low if low <= seen else seen + 1
    while low + width <= seen and not passes(low + width):
        low, width = low + width, 2 * width
    high = min(low + width, seen + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def _last(passes: Callable[[int], bool], guess: int, seen: int) -> int:
    """Largest count in [0, seen] that passes, -1 if none."""
    low, width = min(guess, seen), 1
    while low + width <= seen and passes(low + width):
        low, width = low + width, 2 * width
    high = min(low + width, seen + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return low


@dataclass(frozen=True)
class Law:
    """What happens to a claim if the full run has so many correct items."""

    correct: int
    """Correct items of the full run."""
    confirmed: float
    """Probability of each verdict before the last item."""
    below: float
    above: float
    open: float
    """Probability that only the whole run (or nothing, at a budget) decides."""
    mean: float
    """Expected items until the verdict, the budget or the end."""
    p90: int
    """Items that 90 % of the orders do not exceed."""


def laws(
    total: int, critical: Sequence[Critical], correct: Sequence[int], *, minimum: int = 1, sticky: bool = True
) -> list[Law]:
    """The exact law for each number of `correct` items in the full run. The run ends at the last look at the latest.
    `minimum`: items before a verdict counts. `sticky`: facts once established stay so."""
    import numpy as np

    counts = np.asarray(correct, dtype=float)[:, None]
    # [neither, at_least_low established, at_most_high established] x full-run counts x correct so far (from `start`)
    states = np.zeros((3, len(counts), 2))
    states[0, :, 0] = 1.0
    start = seen = 0
    ended: dict[str, Any] = {name: np.zeros(len(counts)) for name in ("confirmed", "below", "above")}
    mean, spent, p90 = np.zeros(len(counts)), np.zeros(len(counts)), np.zeros(len(counts), dtype=int)
    for look in critical:
        states, start = _draw(states, start, seen, look.seen, total, counts)
        seen = look.seen
        states, gone = _look(states, start, look, seen >= minimum, sticky)
        for name, probability in gone.items():
            ended[name] += probability
            mean += seen * probability
            spent += probability
        p90 = np.where((p90 == 0) & (spent >= 0.9), seen, p90)
        states, start = _trim(states, start)
        if not states.size:
            break
    left = 1 - spent
    last = critical[-1].seen if critical else 0
    mean += left * last
    p90 = np.where(p90 == 0, last, p90)
    return [
        Law(
            int(correct[row]),
            float(ended["confirmed"][row]),
            float(ended["below"][row]),
            float(ended["above"][row]),
            max(0.0, float(left[row])),
            float(mean[row]),
            int(p90[row]),
        )
        for row in range(len(counts))
    ]


def _draw(
    states: np.ndarray[Any, Any], start: int, seen: int, until: int, total: int, counts: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], int]:
    """States after drawing items `seen` + 1 ... `until`, without replacement."""
    import numpy as np

    steps = until - seen
    width = states.shape[2]
    grown = np.zeros((*states.shape[:2], width + steps))
    grown[:, :, :width] = states
    so_far = start + np.arange(width + steps)
    left = np.clip(counts - so_far, 0, None)
    for step in range(steps):
        right = grown * np.minimum(left / (total - seen - step), 1.0)
        grown -= right
        grown[:, :, 1:] += right[:, :, :-1]
    return grown, start


def _look(
    states: np.ndarray[Any, Any], start: int, look: Critical, verdicts: bool, sticky: bool
) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """States that go on after a look, and the probability of each verdict at it."""
    import numpy as np

    so_far = start + np.arange(states.shape[2])
    facts = {name: so_far >= getattr(look, name) if name in UPWARD else so_far <= getattr(look, name) for name in FACTS}
    if not sticky:
        states = np.stack([states.sum(axis=0), np.zeros_like(states[0]), np.zeros_like(states[0])])
    gone: dict[str, Any] = {name: np.zeros(states.shape[1]) for name in ("confirmed", "below", "above")}
    after = np.zeros_like(states)
    for memory in range(3):
        over = facts["at_least_low"] | (memory == 1)
        under = facts["at_most_high"] | (memory == 2)
        below, above = facts["below"] & under, facts["above"] & over & ~(facts["below"] & under)
        both = over & under & ~below & ~above
        mass = states[memory]
        if verdicts:
            gone["below"] += mass[:, below].sum(axis=1)
            gone["above"] += mass[:, above].sum(axis=1)
            gone["confirmed"] += mass[:, both].sum(axis=1)
            alive = ~(below | above | both)
        else:
            alive = np.ones_like(both)
        after[1] += np.where(alive & over & ~under, mass, 0.0)
        after[2] += np.where(alive & under & ~over, mass, 0.0)
        after[0] += np.where(alive & (over == under), mass, 0.0)
    return after, gone


def _trim(states: np.ndarray[Any, Any], start: int) -> tuple[np.ndarray[Any, Any], int]:
    """States without the ends that carry no probability."""
    import numpy as np

    alive = np.nonzero(states.max(axis=(0, 1)) > NEGLIGIBLE)[0]
    if not len(alive):
        return states[:, :, :0], start
    return np.ascontiguousarray(states[:, :, alive[0] : alive[-1] + 1]), start + int(alive[0])
