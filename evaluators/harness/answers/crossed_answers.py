"""Replies that reached the wrong request: wrong answers that are right for items asked at about the same time.

Servers, proxies and caches that mix up replies do so among those under way together, which are near each other in the
run's random order. How often a wrong answer is right for some near item by chance is known from how often it is right
for the others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from statistics import mean, pstdev

from evaluators.answer_spelling import plain
from evaluators.records import ItemScore, ItemStatus

NEAR = (4, 16, 64, 256)
"""Items to either side that may have been under way together."""
SHIFTS = 24
"""Other places in the order with which an item's own is compared."""
MOST = 4000
"""Items that are looked at."""
SHORT = 40
"""Characters of an answer that is a number, a letter or a name."""
MANY, SHARE = 10, 0.02
"""Mixed-up answers beyond chance, and their share of the items, from which on they count."""
BEYOND_CHANCE = 6.0
"""Standard deviations between places beyond which an item's own is no chance."""

Row = tuple[str, str, bool]
"""Answer, target, and whether the answer is wrong."""


def crossed(items: Iterable[ItemScore]) -> dict[str, float]:
    """Signals `crossed_share:<metric>,<filter>` of a run, as shares of its items: wrong answers that are the right ones
    of items asked near by, less those that are so by chance. Absent where there are no more than chance gives."""
    rows: dict[tuple[str, str], dict[int, Row]] = {}
    for item in items:
        target = plain((item.target or "").rpartition("####")[2])
        if item.repeat == 0 and target and len(target) <= SHORT:
            said = plain(item.extracted or "") if item.status is ItemStatus.ok else ""
            rows.setdefault((item.metric, item.filter), {})[item.position] = (said, target, item.value == 0)
    signals = {}
    for (metric, name), known in rows.items():
        beyond = _beyond_chance([known[position] for position in sorted(known)])
        if beyond > 0:
            signals[f"crossed_share:{metric},{name}"] = beyond / len(known)
    return signals


def _beyond_chance(rows: list[Row]) -> float:
    """Number of wrong answers that belong to a near item, less those of other places; 0 where chance may explain
    them."""
    rows, most = rows[:MOST], 0.0
    places: dict[str, list[int]] = {}
    for number, (_, target, _) in enumerate(rows):
        places.setdefault(target, []).append(number)
    wrong = [
        (number, places[said])
        for number, (said, target, is_wrong) in enumerate(rows)
        if is_wrong and said != target and said in places
    ]
    for near in NEAR:
        step = (len(rows) - 4 * near) // SHIFTS
        if step < 1:
            break
        shifts = [2 * near + step * count for count in range(SHIFTS)]
        own, *others = (_near(wrong, len(rows), near, shift) for shift in (0, *shifts))
        beyond = own - mean(others)
        if beyond >= max(MANY, SHARE * len(rows), BEYOND_CHANCE * pstdev(others)):
            most = max(most, beyond / (1 - mean(others) / len(wrong)))
    return most


def _near(wrong: list[tuple[int, list[int]]], total: int, near: int, shift: int) -> int:
    """How many of the wrong answers are right for an item around the place so far from their own."""
    count = 0
    for number, places in wrong:
        centre = (number + shift) % total
        first = bisect_left(places, centre - near)
        count += first < len(places) and places[first] <= centre + near
    return count
