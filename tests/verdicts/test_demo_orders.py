"""On item results as large as the demo's: true claims confirmed, inflated ones refuted, whatever the order."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.verdicts.cases import NOW, SUMS, make_claim, make_lock, make_measurement, make_run, shuffled
from warehouse.claim_records import Outcome
from warehouse.verdicts import judge
from warehouse.verdicts.noise import contradict_level
from warehouse.verdicts.statistics.region import acceptance_region
from warehouse.verdicts.statistics.sequential_test import follow

RECORDED = Path(__file__).parents[1] / "demo_model" / "measured.json"
SEEDS = 60


def outcomes(bits: list[float], said: str) -> tuple[list[Outcome], float]:
    """Outcome under each order seed, and the mean share of the items."""
    claim, total = make_claim(said), len(bits)
    bar = make_lock(claim, items=total)
    found, used = [], 0
    for seed in range(SEEDS):
        values: list[float | None] = list(bits)
        random.Random(seed).shuffle(values)
        contradict = contradict_level(bar.level, bar.noise)
        state = follow(values[:-1], acceptance_region(bar, total), bar.level, contradict=contradict)
        items = state.decided_at or total
        measurement = make_measurement(values[:items], total)
        benchmark = SUMS.model_copy(update={"items": total, "chance": None})
        found.append(judge(claim, bar, make_run(), measurement, now=NOW, benchmark=benchmark).outcome)
        used += items
    return found, used / SEEDS / total


def held(bits: list[float]) -> None:
    score = 100 * sum(bits) / len(bits)
    true, share = outcomes(bits, f"{score:.1f}")
    assert true.count(Outcome.confirmed) >= 0.95 * SEEDS
    assert share < 0.85
    inflated, share = outcomes(bits, f"{min(99.9, score + 12):.1f}")
    assert inflated.count(Outcome.below_claim) >= 0.95 * SEEDS
    assert share < 0.2


def test_simulated_items() -> None:
    held([value or 0.0 for value in shuffled(1280, 1600, 0)])


@pytest.mark.parametrize(
    "name", ["demo_sums/completion/0/strict-match", pytest.param("demo_facts/completion/0/acc", marks=pytest.mark.long)]
)
def test_recorded_items_of_the_demo(name: str) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    held([float(bit) for bit in recorded[name]["bits"]])
