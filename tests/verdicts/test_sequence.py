"""The sequential tests: against the reference, monotone, recomputable, and never wrong more often than promised."""

from __future__ import annotations

import importlib.util
import random
from math import inf
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.stopping import InterimLook
from tests.verdicts.cases import make_claim, make_lock, shuffled
from tests.verdicts.fixed_size import exact_fixed
from warehouse.verdicts import ClaimRule
from warehouse.verdicts.statistics.betting import log_wealth, paired
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.likelihood_ratio import log_e, sequence_bounds
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import LookMemory, follow, log_e_values
from warehouse.verdicts.statistics.stopping_time import critical_counts, laws

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "sequential_verdicts.py"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    if not REFERENCE.exists():
        pytest.skip("the reference program is not here")
    spec = importlib.util.spec_from_file_location("sequential_verdicts", REFERENCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@st.composite
def samples(draw: st.DrawFn) -> tuple[int, int, int]:
    """(total, seen, successes)."""
    total = draw(st.integers(2, 400))
    seen = draw(st.integers(1, total))
    return total, seen, draw(st.integers(0, seen))


@given(sample=samples(), null=st.integers(0, 400), step=st.floats(1, 20), up=st.booleans())
def test_more_correct_items_never_lower_the_e_value_upwards(
    sample: tuple[int, int, int], null: int, step: float, up: bool
) -> None:
    total, seen, successes = sample
    null = min(null, total)
    if successes == seen:
        successes -= 1
    fewer, more = (log_e(null, total, seen, count, step, up) for count in (successes, successes + 1))
    assert (more >= fewer - 1e-9) if up else (more <= fewer + 1e-9)


@given(sample=samples(), data=st.data())
def test_pending_items_never_create_a_verdict_that_the_final_data_would_not(
    sample: tuple[int, int, int], data: st.DataObject
) -> None:
    total, seen, successes = sample
    pending = data.draw(st.integers(0, seen - successes))
    turned_right = data.draw(st.integers(0, pending))
    region = AcceptanceRegion(total, 0.6, 0.7, 0.05, 0.02)
    final = log_e_values(region, seen, successes + turned_right, successes + turned_right)
    waiting = log_e_values(region, seen, successes, successes + pending)
    assert all(early <= late + 1e-9 for early, late in zip(waiting, final, strict=True))


@settings(max_examples=25)
@given(correct=st.integers(600, 900), seed=st.integers(0, 1000), late=st.integers(0, 40))
def test_recomputing_from_counts_equals_streaming(correct: int, seed: int, late: int) -> None:
    values = shuffled(correct, 1000, seed)
    claim = make_claim("75.0")
    bar = make_lock(claim, items=1000)
    streaming = ClaimRule([bar])
    generator = random.Random(seed)
    for items in range(32, 1000, 32):
        prefix = list(values[:items])
        for place in generator.sample(range(items), min(late, items) if generator.random() < 0.5 else 0):
            prefix[place] = None
        look = InterimLook(items, 1000, {("exact_match", "strict-match"): prefix})
        stopped = streaming.stop(look)
        assert stopped == ClaimRule([bar]).stop(look)
        complete = ClaimRule([bar]).state(
            bar, InterimLook(items, 1000, {("exact_match", "strict-match"): values[:items]})
        )
        assert complete is not None
        if stopped:
            assert complete.side is not None
            break


def test_e_values_and_intervals_equal_the_reference(reference: ModuleType) -> None:
    generator = random.Random(1)
    for _ in range(300):
        total = generator.choice([30, 198, 541, 1319, 12032])
        correct, seen = generator.randint(0, total), generator.randint(1, total)
        successes = generator.randint(max(0, seen - (total - correct)), min(correct, seen))
        null, delta, up = generator.randint(0, total), generator.choice([0.01, 0.02, 0.03]), generator.random() < 0.5
        ours = log_e(null, total, seen, successes, max(1.0, delta * total), up)
        theirs = reference.log_e(null, total, seen, successes, delta, up) if delta * total >= 1 else ours
        assert ours == theirs or ours == pytest.approx(theirs, rel=1e-8, abs=1e-7)
    test = reference.ClaimTest(12032, 0.8515, 0.8525, 0.02)
    test.look(3000, 2600)
    low, high = sequence_bounds(12032, 3000, 2600, 2600, 0.02 * 12032, 0.05)
    assert (low / 12032, high / 12032) == test.interval()


@pytest.mark.parametrize("predicted", [False, True])
@pytest.mark.parametrize("up", [True, False])
def test_betting_equals_the_reference(reference: ModuleType, up: bool, predicted: bool) -> None:
    generator = np.random.default_rng(3)
    total = 300
    forecast = generator.random(total)
    scores = np.clip(forecast * 0.5 + generator.random(total) * 0.6, 0, 1)
    test = reference.BettingTest(total, 0.55, up, 0.03, f=forecast if predicted else None)
    theirs = [test.update(x, f if predicted else 0.0) for x, f in zip(scores, forecast, strict=True)]
    ours = log_wealth(list(scores), total, 0.55, 0.03, up, list(forecast) if predicted else None)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7)


@given(scores=st.lists(st.floats(0, 1), min_size=1, max_size=60), mean=st.floats(0.05, 0.95), up=st.booleans())
def test_betting_never_bets_everything(scores: list[float], mean: float, up: bool) -> None:
    path = log_wealth(scores, 80, mean, 0.02, up)
    assert not np.isnan(path).any() and (path > -inf).all()


def test_graded_scores_keep_the_promise() -> None:
    wrong = 0
    for seed in range(120):
        generator = np.random.default_rng(seed)
        scores = generator.beta(2, 2, 600)
        edge = float(scores.mean())  # the true score lies on the zone's lower edge, just outside
        state = follow(scores.tolist()[:599], AcceptanceRegion(600, edge + 1e-4, edge + 0.06, 0.03), minimum=1)
        wrong += state.side in ("confirmed", "above")
    assert wrong <= 12


def test_paired_differences_and_predictions_save_items() -> None:
    generator = np.random.default_rng(6)
    easy = np.clip(generator.normal(0.7, 0.3, 4000), 0, 1)
    ours = (generator.random(4000) < easy).astype(float)
    region = AcceptanceRegion(4000, float(ours.mean()) + 0.03, 1.0, 0.02)
    plain = follow(ours.tolist(), region, every=32)
    helped = follow(ours.tolist(), region, every=32, predictions=easy.tolist())
    assert plain.side == helped.side == "below"
    assert plain.decided_at is not None and helped.decided_at is not None and helped.decided_at < plain.decided_at
    differences = paired([1.0, 0.0, None], [0.0, 0.0, 1.0])
    assert differences == [1.0, 0.5, None]


@pytest.mark.parametrize("share", [0.5, 0.852, 0.95])
def test_the_law_is_exact_and_wrong_verdicts_are_rare(share: float) -> None:
    total, margin = 198, 0.02
    region = AcceptanceRegion(total, share - margin, share + margin, margin)
    correct = sorted({region.at_least - 1, region.at_least, round(total * share), min(total, region.at_most + 1)})
    found = laws(total, critical_counts(region, 0.05, range(1, total)), correct)
    for law in found:
        inside = region.at_least <= law.correct <= region.at_most
        wrong = (
            (law.below + law.above)
            if inside
            else law.confirmed + (law.above if law.correct < region.at_least else law.below)
        )
        assert wrong <= 0.05
        assert law.confirmed + law.below + law.above + law.open == pytest.approx(1)


def test_the_law_agrees_with_simulation() -> None:
    total, correct = 541, 430
    region = AcceptanceRegion(total, 0.83, 0.87, 0.02)
    law = laws(total, critical_counts(region, 0.05, range(32, total, 32)), [correct], minimum=100)[0]
    ends = []
    for seed in range(200):
        state = follow(shuffled(correct, total, seed)[:540], region)
        ends.append(state.decided_at or 512)
    assert np.mean(ends) == pytest.approx(law.mean, abs=4 * np.std(ends) / 200**0.5 + 2)


@settings(max_examples=30)
@given(correct=st.integers(0, 300), seen=st.integers(1, 299), seed=st.integers(0, 99))
def test_intervals_hold_the_score_they_are_made_from(correct: int, seen: int, seed: int) -> None:
    values = shuffled(correct, 300, seed)
    region = AcceptanceRegion(300, 0.4, 0.6, 0.02)
    low, high = confidence_sequence(values[:seen], region, 0.05)
    known = [value for value in values[:seen] if value is not None]
    assert 0 <= low <= high <= 1
    assert low - 1 / 300 <= sum(known) / seen <= high + 1 / 300
    fixed_low, fixed_high = exact_fixed(300, seen, int(sum(known)))
    assert fixed_low <= sum(known) / seen + 1 / 300 and fixed_high >= sum(known) / seen - 1 / 300
    assert confidence_sequence(values, region, 0.05) == (correct / 300, correct / 300)


def test_unknown_items_are_the_worst_case_never_dropped() -> None:
    values: list[float | None] = [None if place % 10 == 3 else 1.0 for place in range(1000)]
    region = AcceptanceRegion(1000, 0.98, 1.0, 0.02)
    assert follow(values, region).side is None
    assert follow(values[:640], region).side is None
    assert confidence_sequence(values, region, 0.05) == (0.9, 1.0)
    assert follow([value or 0.0 for value in values], region).side == "below"
    assert follow([1.0] * 640, region).side == "confirmed"


@pytest.mark.parametrize("kind", ["counts", "graded", pytest.param("predicted", marks=pytest.mark.long)])
def test_what_was_computed_before_changes_no_look(kind: str) -> None:
    """Looks with a memory are those without, to the last bit, also where items that were pending come in later."""
    rng = random.Random(7)
    for _ in range(12):
        total, every = rng.choice([198, 541]), rng.choice([5, 32])
        claim, margin, noise = rng.uniform(0.2, 0.95), rng.choice([0.02, 0.05]), rng.choice([0.0, 0.02])
        region = AcceptanceRegion(total, claim - margin, min(1.0, claim + margin), margin, noise)
        answers = 4 if kind == "graded" else 1
        values: list[float | None] = [
            sum(rng.random() < claim - 0.04 for _ in range(answers)) / answers for _ in range(total)
        ]
        predictions = [rng.random() for _ in range(total)] if kind == "predicted" else None
        memory = LookMemory()
        for end in sorted({*rng.sample(range(1, total), 5), total}):
            pending = [None if end - 40 < at and rng.random() < 0.3 else one for at, one in enumerate(values[:end])]
            for seen in (pending, values[:end]):
                again = follow(seen, region, predictions=predictions, every=every, minimum=30, memory=memory)
                assert again == follow(seen, region, predictions=predictions, every=every, minimum=30)
        assert len(memory.steps) == total // every
