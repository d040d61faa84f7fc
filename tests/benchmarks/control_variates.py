"""Items until a verdict with and without control variates, and how often verdicts are wrong.

    python -m tests.benchmarks.control_variates [--items 1319] [--runs 100]

Items have difficulties and models have abilities (logistic); a model answers an item again as before but for a share
of flips. Predictions: its own earlier whole run at 2, 5, 10 and 20 % flips, or the mean of 8 other models. Claims are
true, 5 points too high, or at the honest edge of the zone, where a verdict may be wrong in at most 5 % of the runs.
Exits with 1 if one is wrong more often (three standard errors allowed).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from warehouse.verdicts.statistics.control_variate import forecast
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import EVERY, LookMemory, follow

MARGIN, ALPHA = 0.02, 0.05
Scores = NDArray[np.float64]


def answers(ability: float, difficulty: Scores, rng: np.random.Generator) -> Scores:
    """Right or wrong on each item."""
    return (rng.random(difficulty.size) < 1 / (1 + np.exp(difficulty - ability))).astype(float)


def flipped(values: Scores, share: float, rng: np.random.Generator) -> Scores:
    """The answers of another run."""
    return np.where(rng.random(values.size) < share, 1 - values, values)


def own_run(share: float, values: Scores, difficulty: Scores, rng: np.random.Generator) -> Scores:
    """The model's own earlier run."""
    return flipped(values, share, rng)


def others(difficulty: Scores, rng: np.random.Generator) -> Scores:
    """Mean of eight other models."""
    rows = [answers(ability, difficulty, rng).tolist() for ability in rng.normal(2.0, 0.6, 8)]
    return np.asarray(forecast(rows))


def items_until(
    values: Sequence[float], region: AcceptanceRegion, predictions: Sequence[float] | None
) -> tuple[int, str]:
    """Items at the first verdict, and the verdict."""
    memory = LookMemory()
    for seen in (*range(128, region.total, EVERY), region.total):
        side = follow(values[:seen], region, ALPHA, predictions=predictions, memory=memory).side
        if side is not None:
            return seen, side
    return region.total, "none"


def main() -> int:
    """Print the table; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1319)
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    made: dict[str, Callable[[Scores, Scores, np.random.Generator], Scores] | None] = {"none": None}
    for share in (0.02, 0.05, 0.10, 0.20):
        made[f"own run, {share:.0%} flips"] = partial(own_run, share)
    made["8 other models"] = lambda _, difficulty, rng: others(difficulty, rng)
    made["nothing but noise"] = lambda values, _, rng: rng.random(values.size)
    base: dict[str, float] = {}
    worst = 0.0
    print(f"N = {options.items:,}, margin {100 * MARGIN:g}, {options.runs} runs: mean items (saved), wrong verdicts")
    for name, predict in made.items():
        cells = []
        for claim, off in (("true", 0.0), ("5 points high", 0.05), ("at the edge", MARGIN)):
            rng, spent, wrong = np.random.default_rng(3), 0.0, 0
            for _ in range(options.runs):
                difficulty = rng.normal(0.0, 2.0, options.items)
                values = answers(2.5, difficulty, rng)
                predictions = None if predict is None else tuple(predict(values, difficulty, rng).tolist())
                claimed = float(values.mean()) + off
                region = AcceptanceRegion(options.items, claimed - MARGIN, min(claimed + MARGIN, 1.0), MARGIN)
                seen, side = items_until(values.tolist(), region, predictions)
                spent += seen / options.runs
                wrong += side not in (("below", "none") if off > MARGIN else ("confirmed", "none"))
            worst = max(worst, wrong / options.runs)
            base.setdefault(claim, spent)
            cells.append(f"{claim} {spent:6.0f} ({100 * (1 - spent / base[claim]):+3.0f} %) {wrong:3d}")
        print(f"  {name:22} " + "   ".join(cells), flush=True)
    allowed = ALPHA + 3 * (ALPHA * (1 - ALPHA) / options.runs) ** 0.5
    print(f"wrong at most {worst:.3f}; promised {ALPHA}, allowed here {allowed:.3f}")
    return int(worst > allowed)


if __name__ == "__main__":
    sys.exit(main())
