"""How often interval and verdict are right, by simulation from runs recorded on real servers, at their own spread.

`recorded_calm.json`: what the product kept on a machine that did nothing else (tests/benchmarks/speed_samples.py).
`recorded_busy.json`: everything, on a machine that compiled meanwhile; most of it the product would not keep.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from math import exp
from pathlib import Path
from statistics import median

import pytest

from evaluators.catalogue import benchmark
from evaluators.records import Measurement
from evaluators.speed.sampling_loop import MORE
from evaluators.speed.stability import unstable
from tests.speed.conftest import NOW, claim_of
from warehouse.claim_records import Comparability, Criterion, Outcome
from warehouse.verdicts import make_criterion
from warehouse.verdicts.judge_speed import judge_speed
from warehouse.verdicts.statistics.median import Median, interim_look, median_interval, straddles

CALM, BUSY = (json.loads(Path(__file__).with_name(f"recorded_{name}.json").read_text()) for name in ("calm", "busy"))
RECORDED = {**{f"calm {name}": CALM[name] for name in CALM}, **{f"busy {name}": BUSY[name] for name in BUSY}}
FIRST = 7
TIMES = 2000
SPEEDS = [name for name in RECORDED if not name.endswith("time_to_first_token")]
STEADY = [name for name in SPEEDS if name.startswith("calm")]


def bar_of(name: str, said: float) -> Criterion:
    """The bar of a claim of this number."""
    kind, unit = ("time_to_first_token", "s") if name.endswith("token") else ("output_speed", "tok/s")
    claim = claim_of(f"{said:.6g}" + (f" {unit}" if unit == "tok/s" else ""), kind, unit)
    return make_criterion(claim, benchmark(kind), order_seed=0, now=NOW)


def measured(runs: Sequence[float], criterion: Criterion) -> Sequence[float]:
    """As many of these runs as the engine makes: more, once, if the first do not decide or look like drift."""
    first = runs[:FIRST]
    return runs if straddles(interim_look(first, FIRST, criterion.alpha), criterion) or unstable(first) else first


def judged(runs: Sequence[float], criterion: Criterion) -> tuple[Outcome, Median]:
    """What comes of these runs."""
    made = Measurement(
        benchmark=criterion.benchmark, metric="value", score=median(runs), unit=criterion.interval.unit,
        items=len(runs), of=len(runs), values=tuple(runs), first_look=FIRST,
    )  # fmt: skip
    outcome, _, _, interval = judge_speed(criterion, made, Comparability.matched)
    assert interval
    return (Outcome.invalid_run if unstable(runs) else outcome), interval


def outcomes(name: str, claimed: float, factor: float = 1.0) -> tuple[Counter[Outcome], float]:
    """Share of each outcome, and of intervals that cover the truth, of a claim of `claimed` times the recorded median
    where everything takes 1 / `factor` as long."""
    pool = [factor * value for value in RECORDED[name]]
    criterion, source = bar_of(name, claimed * median(RECORDED[name])), random.Random(f"{name} {claimed} {factor}")
    found: Counter[Outcome] = Counter()
    covered = 0
    for _ in range(TIMES):
        outcome, interval = judged(measured(source.choices(pool, k=MORE * FIRST), criterion), criterion)
        found[outcome] += 1
        covered += interval.low <= median(pool) <= interval.high
    return Counter({outcome: count / TIMES for outcome, count in found.items()}), covered / TIMES


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("runs", [7, *(pytest.param(runs, marks=pytest.mark.long) for runs in (11, 20))])
def test_the_interval_of_the_median_covers_it_in_95_of_100_cases(name: str, runs: int) -> None:
    pool, source = RECORDED[name], random.Random(f"{name} {runs}")
    intervals = [median_interval(source.choices(pool, k=runs)) for _ in range(5 * TIMES)]
    assert covers(intervals, median(pool)) >= 0.95


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("claimed", [1.0, *(pytest.param(times, marks=pytest.mark.long) for times in (1.1, 1.25))])
def test_it_does_so_too_when_a_second_look_follows_where_the_first_does_not_decide(name: str, claimed: float) -> None:
    assert outcomes(name, claimed)[1] >= 0.95


def test_the_interval_of_a_ratio_covers_it_in_95_of_100_cases() -> None:
    source = random.Random(1)
    pairs = [[source.choices(BUSY[name], k=7) for name in ("output_speed", "prompt_speed")] for _ in range(TIMES)]
    truth = median(x / y for ours, theirs in pairs for x, y in zip(ours, theirs, strict=True))
    ratios = [[x / y for x, y in zip(ours, theirs, strict=True)] for ours, theirs in pairs]
    assert covers([median_interval(each) for each in ratios], truth) >= 0.95


@pytest.mark.parametrize("name", SPEEDS)
def test_a_true_claim_is_hardly_ever_refuted_and_a_false_one_hardly_ever_confirmed(name: str) -> None:
    true, _ = outcomes(name, 1.0)
    assert true[Outcome.below_claim] + true[Outcome.above_claim] <= 0.05
    slowed, _ = outcomes(name, 1.0, factor=0.8)
    assert slowed[Outcome.confirmed] + slowed[Outcome.above_claim] <= 0.05


@pytest.mark.parametrize("name", STEADY)
def test_on_a_calm_machine_the_truth_is_confirmed_and_20_percent_less_refuted(name: str) -> None:
    assert outcomes(name, 1.0)[0][Outcome.confirmed] >= 0.95
    assert outcomes(name, 1.0, factor=0.8)[0][Outcome.below_claim] >= 0.95


@pytest.mark.parametrize("name", STEADY)
def test_in_the_order_in_which_they_were_made_no_verdict_is_wrong(name: str) -> None:
    """A machine changes over minutes, so that runs side by side are more alike than draws."""
    for factor, right in {1.0: Outcome.confirmed, 0.8: Outcome.below_claim}.items():
        pool, criterion = [factor * value for value in RECORDED[name]], bar_of(name, median(RECORDED[name]))
        windows = [(pool[start:] + pool[:start])[: MORE * FIRST] for start in range(len(pool))]
        found = Counter(judged(measured(window, criterion), criterion)[0] for window in windows)
        assert set(found) <= {right, Outcome.inconclusive, Outcome.invalid_run}
        assert found[right] >= 0.8 * len(pool)


def test_on_a_busy_one_little_is_decided() -> None:
    true, _ = outcomes("busy output_speed", 1.0)
    assert true[Outcome.inconclusive] + true[Outcome.invalid_run] >= 0.9


def test_a_second_look_has_what_the_first_leaves_of_the_error() -> None:
    runs = [exp(random.Random(number).gauss(0, 0.1)) for number in range(28)]
    second = interim_look(runs, 7, 0.05)
    assert second.confidence >= 1 - (0.05 - 2 * 0.5**7) > median_interval(runs).confidence - 0.05
    assert (second.low, second.high) == (sorted(runs)[7], sorted(runs)[-8])
    assert interim_look(runs[:7], 7, 0.05) == median_interval(runs[:7])
    assert interim_look(runs, 7, 0.01) == median_interval(runs, 0.01), "seven runs cannot reach 99 %, and spend nothing"


def covers(intervals: Sequence[Median], truth: float) -> float:
    """Share of intervals that hold the truth."""
    return sum(one.low <= truth <= one.high for one in intervals) / len(intervals)
