"""Two set-ups on the same items: "loses at most m points" is right at least 95 times in 100, and soon decided."""

from __future__ import annotations

import random

import pytest

from warehouse.verdicts.statistics.paired_test import follow_pairs

TOTAL, MARGIN = 1600, 0.01


def runs(difference: float, discordant: float, rng: random.Random) -> tuple[list[float], list[float]]:
    """Item scores of two whole runs that differ on a share of the items, by so much in the mean."""
    lost = round(TOTAL * (discordant - difference) / 2)
    won = round(TOTAL * (discordant + difference) / 2)
    pairs = [(0.0, 1.0)] * lost + [(1.0, 0.0)] * won + [(1.0, 1.0)] * (TOTAL - lost - won)
    rng.shuffle(pairs)
    return [x for x, _ in pairs], [y for _, y in pairs]


def decision(difference: float, rng: random.Random) -> tuple[str | None, int]:
    """What doubling steps decide, and after how many items."""
    first, second = runs(difference, 0.06, rng)
    items = 200
    while True:
        state = follow_pairs(first[:items], second[:items], TOTAL, MARGIN)
        if state.holds or items >= TOTAL:
            return state.holds, items
        items = min(2 * items, TOTAL)


@pytest.mark.long
@pytest.mark.parametrize(("difference", "wrong"), [(-0.01125, "holds"), (-0.01, "fails")])
def test_at_the_edge_it_is_hardly_ever_wrong(difference: float, wrong: str) -> None:
    rng = random.Random(2)
    assert sum(decision(difference, rng)[0] == wrong for _ in range(200)) <= 10


def test_clear_differences_are_decided_before_the_end() -> None:
    rng = random.Random(4)
    none = [decision(0.0, rng) for _ in range(50)]
    large = [decision(-0.05, rng) for _ in range(50)]
    assert {holds for holds, _ in none} == {"holds"} and {holds for holds, _ in large} == {"fails"}
    assert sum(items for _, items in large) / 50 < 0.5 * TOTAL


def test_the_interval_holds_the_difference() -> None:
    first, second = runs(-0.02, 0.06, random.Random(1))
    state = follow_pairs(first[:800], second[:800], TOTAL, MARGIN)
    assert state.low < -0.02 < state.high
