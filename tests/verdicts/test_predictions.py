"""Control variates: whatever the predictions are, a verdict is wrong at most five times in a hundred."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from tests.verdicts.cases import NOW, SUMS, make_claim, make_lock, make_measurement, make_run, shuffled, stop_at
from warehouse.claim_records import Outcome
from warehouse.verdicts import ClaimRule, judge, with_predictions
from warehouse.verdicts.statistics.control_variate import forecast_hash
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import follow

TOTAL = 541
REGION = AcceptanceRegion(TOTAL, 0.8, 0.9, 0.03)
Kind = Callable[[Sequence[float], random.Random], list[float]]
KINDS: dict[str, Kind] = {
    "noise": lambda values, rng: [rng.random() for _ in values],
    "the truth": lambda values, rng: list(values),
    "the opposite": lambda values, rng: [1 - value for value in values],
    "true at first, false later": lambda values, rng: [v if i < 200 else 1 - v for i, v in enumerate(values)],
    "a few far out": lambda values, rng: [1000.0 * (rng.random() < 0.01) for _ in values],
    "falling": lambda values, rng: [-float(place) for place in range(len(values))],
    "high where it is wrong, late": lambda values, rng: [(1 - v) * i for i, v in enumerate(values)],
}
"""Made by whoever knows all answers, but before the order is drawn."""


def wrong(kind: Kind, correct: int, runs: int) -> int:
    """Runs with a wrong verdict at this count of right items."""
    rng, found = random.Random(5), 0
    for seed in range(runs):
        rows = [1.0] * correct + [0.0] * (TOTAL - correct)
        pairs = list(zip(rows, kind(rows, rng), strict=True))
        random.Random(seed).shuffle(pairs)
        values, predictions = [x for x, _ in pairs], [f for _, f in pairs]
        side = follow(values[:-1], REGION, predictions=predictions, minimum=32).side
        inside = REGION.at_least <= correct <= REGION.at_most
        found += side is not None and (
            side != "confirmed" if inside else side != ("below" if correct < 450 else "above")
        )
    return found


@pytest.mark.parametrize("name", list(KINDS))
def test_garbage_is_hardly_ever_wrong(name: str) -> None:
    assert wrong(KINDS[name], REGION.at_least, 40) <= 6


@pytest.mark.long
@pytest.mark.parametrize("name", list(KINDS))
def test_at_both_sides_of_both_edges_five_in_a_hundred(name: str) -> None:
    runs = 400
    for correct in (REGION.at_least - 1, REGION.at_least, REGION.at_most, REGION.at_most + 1):
        assert wrong(KINDS[name], correct, runs) <= 0.05 * runs + 3 * (0.05 * 0.95 * runs) ** 0.5


def test_a_verdict_rests_on_the_predictions_of_its_criterion() -> None:
    values = shuffled(1280, 1600, 5)
    rng = random.Random(2)
    predictions = [value if rng.random() < 0.95 else 1 - (value or 0.0) for value in values]
    claim, quiet = make_claim("80.0"), SUMS.model_copy(update={"output": "multiple_choice"})
    plain = make_lock(claim, quiet)
    named = with_predictions(plain, forecast_hash(predictions))
    assert named.criterion_id != plain.criterion_id and with_predictions(plain, None) is plain
    items = stop_at(ClaimRule([named], predictions={forecast_hash(predictions): predictions}), values)
    assert items < 0.7 * stop_at(ClaimRule([plain]), values)
    found = judge(
        claim, named, make_run(), make_measurement(values[:items]), now=NOW, benchmark=quiet, predictions=predictions
    )
    assert found.outcome is Outcome.confirmed and any(reason.code == "predictions" for reason in found.reasons)
    assert found.low is not None and found.high is not None and found.score is not None
    assert found.low < found.score < found.high, "the score is adjusted as the interval is"
    assert found.low + 0.01 >= 0.78 and found.high - 0.01 <= 0.82, "the interval is that of the test that decided"


def test_predictions_of_another_list_of_items_are_left_aside() -> None:
    values, predictions = shuffled(1280, 1600, 5), [0.5, 0.25]
    named = with_predictions(make_lock(make_claim("80.0")), forecast_hash(predictions))
    rule = ClaimRule([named], predictions={forecast_hash(predictions): predictions})
    assert stop_at(rule, values) == stop_at(ClaimRule([make_lock(make_claim("80.0"))]), values)
