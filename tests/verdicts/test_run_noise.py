"""Run noise: its bounds hold, every generated verdict has it, and all runs of a claim share one alpha."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.catalogue import Benchmark, benchmark
from evaluators.records import Run
from tests.verdicts.cases import NOW, SUMS, make_claim, make_lock, make_measurement, make_run, shuffled, stop_at
from warehouse.claim_records import Outcome
from warehouse.verdicts import ClaimRule, judge, make_criterion
from warehouse.verdicts.statistics.run_noise import highest_rate


@given(st.integers(0, 60), st.integers(1, 200), st.floats(0.001, 0.2))
def test_the_bound_is_clopper_and_pearsons(seen: int, more: int, risk: float) -> None:
    of = seen + more
    from scipy.stats import beta

    assert highest_rate(seen, of, risk) == pytest.approx(beta.ppf(1 - risk, seen + 1, of - seen), abs=1e-6)


def test_all_runs_of_a_claim_share_its_alpha() -> None:
    claim = make_claim("80.0")
    levels = [make_lock(claim, runs_before=before).level for before in range(10_000)]
    assert sum(levels) < 0.05 and sum(levels) == pytest.approx(0.05, abs=1e-5)
    assert levels[0] == pytest.approx(0.04)


def test_a_greedy_generated_run_has_noise_too() -> None:
    claim = make_claim("80.0")
    criterion = make_lock(claim)
    assert criterion.noise > 0.01
    choice = SUMS.model_copy(update={"output": "multiple_choice"})
    assert make_lock(claim, choice).noise == 0
    near = make_measurement(shuffled(1230, 1600, 3))
    unmeasured = judge(claim, criterion, make_run(), near, now=NOW, benchmark=SUMS)
    assert unmeasured.outcome is Outcome.inconclusive and unmeasured.reasons[0].code == "needs_repeats"
    signals = {"flip_rate": 0.0, "flip_items": 1600.0}
    measured = judge(claim, criterion, make_run(signals=signals), near, now=NOW, benchmark=SUMS)
    assert measured.outcome is Outcome.below_claim


CASES = [
    ("aime25", 0.6),
    pytest.param("gpqa_diamond_cot_n_shot", 0.6, marks=pytest.mark.long),
    pytest.param("math500", 0.75, marks=pytest.mark.long),
    pytest.param("ifeval", 0.75, marks=pytest.mark.long),
    pytest.param("gsm8k", 0.78, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("name", "score"), CASES)
@pytest.mark.parametrize("flips", [pytest.param(0.02, marks=pytest.mark.long), 0.2])
def test_an_honest_claim_is_hardly_ever_flagged_in_a_year_of_weeks(name: str, score: float, flips: float) -> None:
    """52 whole runs of one honest claim, through criterion and judge, with the flip rate as measured in each."""
    known, rng, lives = benchmark(name), random.Random(5), 20
    wrong = sum(_flagged_ever(known, score, flips, rng) for _ in range(lives))
    assert wrong <= 2  # of 20; more than 2 have a probability of .08 at 5 %


def _flagged_ever(known: Benchmark, score: float, flips: float, rng: random.Random) -> bool:
    items = known.items or 0
    chances = _chances(items, score, flips, rng)
    said = f"{100 * sum(rng.random() < p for p in chances) / items:.1f}"
    claim = make_claim(said, known.protocol, benchmark=known.name)
    for before in range(52):
        values: list[float | None] = [float(rng.random() < p) for p in chances]
        twice = min(100, items)
        rate = sum(value != float(rng.random() < p) for value, p in zip(values[:twice], chances, strict=False)) / twice
        criterion = make_criterion(claim, known, order_seed=1, now=NOW, runs_before=before)
        run: Run = make_run(known.protocol, signals={"flip_rate": rate, "flip_items": float(twice)})
        measurement = make_measurement(
            values, items, benchmark=known.name, metric=criterion.metric, filter=criterion.filter
        )
        if judge(claim, criterion, run, measurement, now=NOW, benchmark=known).outcome is Outcome.below_claim:
            return True
    return False


def _chances(items: int, score: float, flips: float, rng: random.Random) -> list[float]:
    """Probability of each item to be answered rightly: some always, some never, the rest half of the time, so that two
    runs differ on a share `flips` of the items."""
    unsure = round(2 * flips * items)
    right = round(score * items - unsure / 2)
    chances = [0.5] * unsure + [1.0] * right + [0.0] * (items - unsure - right)
    rng.shuffle(chances)
    return chances


@pytest.mark.parametrize("metric", ["exact_match_pass@8", "exact_match_maj@8"])
def test_the_best_of_several_answers_is_one_draw(metric: str) -> None:
    """Items of pass@k and maj@k are 0 or 1 whatever their answers do: that they never lie between shows no noise. An
    honest pass@8 of 30 hard items, drawn twice, is not contradicted."""
    rng = random.Random(2)
    known = benchmark("aime25")
    settings = known.protocol.model_copy(update={"repeats": 8, "temperature": 0.6, "metric": metric})
    flagged = 0
    for _ in range(20):
        chances = [1 - (1 - rng.random() * 0.3) ** 8 for _ in range(30)]
        said = sum(rng.random() < chance for chance in chances) / 30
        claim = make_claim(f"{100 * said:.1f}", settings, benchmark=known.name)
        criterion = make_criterion(claim, known, order_seed=1, now=NOW, settings=settings)
        values: list[float | None] = [float(rng.random() < chance) for chance in chances]
        measurement = make_measurement(values, 30, benchmark=known.name, metric=metric, filter=criterion.filter)
        verdict = judge(claim, criterion, make_run(settings), measurement, now=NOW, benchmark=known)
        flagged += verdict.outcome is Outcome.below_claim
        assert f"{'best' if 'pass' in metric else 'vote'} of 8 answers each" in verdict.headline
    assert flagged == 0


def test_several_answers_of_an_item_are_one_item() -> None:
    """avg@4: the rule and the judge see item means, and the verdict says how many answers each is of."""
    rng, settings = random.Random(4), SUMS.protocol.model_copy(update={"repeats": 4, "temperature": 0.6})
    values: list[float | None] = [sum(rng.random() < 0.8 for _ in range(4)) / 4 for _ in range(1600)]
    claim = make_claim("90.0", settings)
    criterion = make_criterion(claim, SUMS, order_seed=1, now=NOW, settings=settings)
    seen = stop_at(ClaimRule([criterion]), values)
    run = make_run(settings)
    verdict = judge(claim, criterion, run, make_measurement(values[:seen], 1600), now=NOW, benchmark=SUMS)
    assert seen < 800 and verdict.outcome is Outcome.below_claim and verdict.items == seen
    assert "mean of 4 answers each" in verdict.headline
