"""Speeds over several starts of the server: a start's own offset does not make a verdict wrong."""

from __future__ import annotations

import random

import pytest

from evaluators.catalogue import benchmark
from evaluators.records import Measurement, Settings
from tests.verdicts.cases import NOW, make_claim, make_lock, make_run
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import judge
from warehouse.verdicts.statistics.starts import enough_starts, interval_over_starts

SPEED = benchmark("output_speed")


def measured(groups: list[list[float]]) -> Verdict:
    """The verdict on "100 tok/s" from runs of several starts."""
    claim = make_claim("100 tok/s", Settings(), "tok/s", "output_speed")
    values = tuple(value for group in groups for value in group)
    measurement = Measurement(
        benchmark="output_speed", metric="value", score=values[0], unit="tok/s", items=len(values), of=len(values),
        values=values, starts=tuple(len(group) for group in groups),
    )  # fmt: skip
    run = make_run(Settings(), benchmark="output_speed", evaluator="speed", measurements=(measurement,))
    return judge(claim, make_lock(claim, SPEED), run, measurement, now=NOW, benchmark=SPEED)


def starts(speed: float, offset: float, rng: random.Random) -> list[list[float]]:
    """Runs of as many starts as the claim asks for; each start is off by its own factor."""
    criterion = make_lock(make_claim("100 tok/s", Settings(), "tok/s", "output_speed"), SPEED)
    groups: list[list[float]] = []
    while not groups or not enough_starts(groups, [criterion]):
        level = speed * (1 + rng.gauss(0, offset))
        groups.append([level * (1 + rng.gauss(0, 0.01)) for _ in range(7)])
    return groups


@pytest.mark.parametrize("offset", [0.02, 0.05])
@pytest.mark.parametrize("edge", [90.0, 110.0])
def test_offsets_of_starts_rarely_make_a_verdict_wrong(edge: float, offset: float) -> None:
    rng, lives = random.Random(3), 200
    wrong = sum(
        measured(starts(edge * 1.0001 if edge < 100 else edge * 0.9999, offset, rng)).outcome
        in (Outcome.below_claim, Outcome.above_claim)
        for _ in range(lives)
    )
    assert wrong <= 0.05 * lives


def test_steady_starts_decide() -> None:
    rng = random.Random(1)
    assert measured(starts(100.0, 0.005, rng)).outcome is Outcome.confirmed
    slow = measured(starts(60.0, 0.01, rng))
    assert slow.outcome is Outcome.below_claim and "server starts" in slow.headline


def test_one_start_and_two_decide_nothing() -> None:
    assert interval_over_starts([[100.0] * 7, [100.1] * 7], 0.05).confidence == 0
    assert measured([[50.0, 50.1, 50.2], [50.1, 50.2, 50.3]]).outcome is Outcome.inconclusive
