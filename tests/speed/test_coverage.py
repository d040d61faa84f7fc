"""How often interval and verdict are right, by simulation from runs recorded on a real, busy server."""

from __future__ import annotations

import json
import random
from collections import Counter
from math import exp, log
from pathlib import Path
from statistics import median

import pytest

from evaluators.catalogue import benchmark
from evaluators.records import Measurement
from tests.speed.conftest import NOW, claim_of
from warehouse.records import Comparability, Outcome
from warehouse.verdicts import lock
from warehouse.verdicts.speed import judge_speed, median_interval, ratio_interval

RECORDED = json.loads(Path(__file__).with_name("recorded_runs.json").read_text())
TIMES = 4000


def samples(name: str, runs: int, calm: float = 1.0) -> tuple[list[list[float]], float]:
    """Sets of runs drawn from the recorded ones, and the true median of these; `calm` < 1 shrinks their spread."""
    center = median(RECORDED[name])
    pool = [center * exp(calm * log(value / center)) for value in RECORDED[name]]
    source = random.Random(f"{name} {runs} {calm}")
    return [source.choices(pool, k=runs) for _ in range(TIMES)], median(pool)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("runs", [7, 11, 20])
def test_the_interval_of_the_median_covers_it_in_95_of_100_cases(name: str, runs: int) -> None:
    sets, truth = samples(name, runs)
    covered = sum(interval.low <= truth <= interval.high for interval in map(median_interval, sets))
    assert covered / TIMES >= 0.95


def test_the_interval_of_a_ratio_covers_it_in_95_of_100_cases() -> None:
    ours, _ = samples("output_speed", 7)
    theirs, _ = samples("prompt_speed", 7)
    pairs = list(zip(ours, theirs, strict=True))
    ratios = [x / y for mine, other in pairs for x, y in zip(mine, other, strict=True)]
    truth = median(ratios)
    covered = sum(interval.low <= truth <= interval.high for interval in (ratio_interval(x, y) for x, y in pairs))
    assert covered / TIMES >= 0.95


def outcomes(sets: list[list[float]], said: float) -> Counter[Outcome]:
    bar = lock(claim_of(f"{said:.6g} tok/s"), benchmark("output_speed"), order_seed=0, now=NOW)
    found: Counter[Outcome] = Counter()
    for values in sets:
        measured = Measurement(
            benchmark="output_speed", metric="value", score=median(values), unit="tok/s", items=7, of=7,
            values=tuple(values),
        )  # fmt: skip
        found[judge_speed(bar, measured, Comparability.matched)[0]] += 1
    return found


@pytest.mark.parametrize("calm", [1.0, 0.3, 0.1])
def test_a_true_claim_is_hardly_ever_refuted_and_a_false_one_hardly_ever_confirmed(calm: float) -> None:
    sets, truth = samples("output_speed", 7, calm)
    true = outcomes(sets, truth)
    assert true[Outcome.below_claim] + true[Outcome.above_claim] <= 0.05 * TIMES
    slowed = outcomes([[0.8 * value for value in values] for values in sets], truth)
    assert slowed[Outcome.confirmed] + slowed[Outcome.above_claim] <= 0.05 * TIMES


def test_on_a_calm_machine_the_truth_is_confirmed_and_20_percent_less_refuted() -> None:
    sets, truth = samples("output_speed", 7, calm=0.02)
    assert outcomes(sets, truth)[Outcome.confirmed] >= 0.95 * TIMES
    slowed = [[0.8 * value for value in values] for values in sets]
    assert outcomes(slowed, truth)[Outcome.below_claim] >= 0.95 * TIMES
