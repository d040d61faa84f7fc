"""Exact probability of a wrong verdict and expected items, by dynamic programming over the hypergeometric law.

    python -m tests.benchmarks.verdict_error [--items 198 541] [--every 1] [--note FILE]

For every benchmark size, claim and margin: the mean share of items until the verdict for scores at the claim, 1, 3, 5,
10 points below and 3 above, and the largest probability of a wrong verdict over these and both sides of both edges of
the zone. Beside it the naive peeker: Wilson's 95 % interval after every item from the 30th, stop when it lies inside or
outside the zone. Exits with 1 if any wrong verdict of ours is likelier than 0.05, or if a share differs from the note's
table (verdicts.md, where given) by more than one point. Then the cost of one look and of one interval.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import sys
import time
import timeit
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import hypergeom

from evaluators.stopping import InterimLook
from tests.verdicts.fixed_size import exact_fixed, wilson
from warehouse.claim_records import Criterion
from warehouse.claims.text.interval import read_interval
from warehouse.verdicts.early_stopping import ClaimRule
from warehouse.verdicts.statistics.control_variate import forecast_hash
from warehouse.verdicts.statistics.likelihood_ratio import sequence_bounds
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import log_e_value
from warehouse.verdicts.statistics.stopping_time import Critical, Law, critical_counts, laws

SIZES = (198, 541, 1319, 12032)
CLAIMS = (0.5, 0.734, 0.852, 0.95)
MARGINS = (0.01, 0.02, 0.03)
OFF = (0.0, -0.01, -0.03, -0.05, -0.10, 0.03)
ALPHA = 0.05
FIRST_PEEK = 30
NOTE = Path(__file__).parents[3] / "shared" / "notes" / "verdicts.md"


@dataclass(frozen=True)
class Row:
    """One claim on one benchmark under one method."""

    shares: list[float]
    """Mean share of the items (percent) for each of OFF; nan where the score would leave [0, 1]."""
    wrong: float
    """Largest probability of a wrong verdict."""
    wrong_if_true: float
    """Probability of a wrong verdict if the claim is exactly true."""


def wilson_peeks(region: AcceptanceRegion, looks: Iterable[int]) -> list[Critical]:
    """Critical counts of the naive peeker."""
    found = []
    for seen in looks:
        if seen < FIRST_PEEK:
            found.append(Critical(seen, seen + 1, -1, -1, seen + 1))
            continue
        low, high = wilson(np.arange(seen + 1), seen)  # type: ignore[arg-type]
        inside_low, inside_high = np.asarray(low) >= region.low, np.asarray(high) <= region.high
        below, above = np.asarray(high) < region.low, np.asarray(low) > region.high
        found.append(Critical(seen, _first(inside_low, seen), _last(inside_high), _last(below), _first(above, seen)))
    return found


def _first(flags: Any, seen: int) -> int:
    return int(np.argmax(flags)) if flags.any() else seen + 1


def _last(flags: Any) -> int:
    return len(flags) - 1 - int(np.argmax(flags[::-1])) if flags.any() else -1


def row(region: AcceptanceRegion, claim: float, critical: Sequence[Critical], sticky: bool) -> Row:
    """Shares and wrong verdicts of one method."""
    total = region.total
    tried = [round(total * (claim + off)) if 0 <= claim + off <= 1 else -1 for off in OFF]
    edges = {region.at_least - 1, region.at_least, region.at_most, region.at_most + 1} & set(range(total + 1))
    counts = sorted({*edges, *(count for count in tried if count >= 0)})
    found = {law.correct: law for law in laws(total, critical, counts, sticky=sticky)}
    shares = [100 * (found[count].mean + found[count].open) / total if count >= 0 else float("nan") for count in tried]
    wrong = [_wrong(region, law) for law in found.values()]
    return Row(shares, max(wrong), _wrong(region, found[tried[0]]))


def _wrong(region: AcceptanceRegion, law: Law) -> float:
    if law.correct < region.total * region.low - ROUNDING:
        return law.confirmed + law.above
    if law.correct > region.total * region.high + ROUNDING:
        return law.confirmed + law.below
    return law.below + law.above


def note_table(path: Path) -> dict[tuple[int, float, int], list[int]]:
    """(items, claim, margin in points) -> mean shares of the note's full table; empty if there is no note."""
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        match = re.fullmatch(r".*\((\d+)\)", cells[0])
        if match and len(cells) == 9 and re.match(r"\d+ / \d+", cells[3]):
            found[int(match[1]), float(cells[1]), int(cells[2])] = [int(cell.split("/")[0]) for cell in cells[3:]]
    return found


def cost(total: int = 12032, seen: int = 3000, correct: int = 2560) -> None:
    """Milliseconds of a look (four tests) and of an interval, against scipy in the same run."""
    region = AcceptanceRegion(total, 0.832, 0.872, 0.02)
    facts = ("at_least_low", "at_most_high", "below", "above")
    jobs = {
        "one look": (lambda: [log_e_value(region, fact, seen, correct) for fact in facts], 500),
        "scipy: four hypergeometric log-probabilities": (
            lambda: [hypergeom.logpmf(correct, total, 10250 + more, seen) for more in range(4)],
            200,
        ),
        "one interval": (lambda: sequence_bounds(total, seen, correct, correct, region.step, ALPHA), 50),
        "scipy: exact interval of one fixed size": (lambda: exact_fixed(total, seen, correct), 5),
    }
    rng = random.Random(1)
    graded = [sum(rng.random() < 0.832 for _ in range(4)) / 4 for _ in range(total)]
    forecast = [round(rng.random(), 3) for _ in range(total)]
    rule, values = _hard_run(total)
    print(
        f"\nStopping rule, asked every 32 of {total:,} undecided items, milliseconds of processor a time (mean, worst):"
    )
    _ask(rule, values, "right or wrong")
    _ask(_hard_run(total)[0], graded, "means of 4 answers")
    _ask(_hard_run(total, forecast)[0], values, "right or wrong, with predictions")
    print(f"Cost at N = {total:,} (best of 5):")
    took = {name: min(timeit.repeat(job, number=n, repeat=5)) / n * 1000 for name, (job, n) in jobs.items()}
    names = list(took)
    for ours, peer in ((names[0], names[1]), (names[2], names[3])):
        print(f"  {ours}: {took[ours]:.3f} ms = {took[ours] / took[peer]:.2g} x {peer} ({took[peer]:.3f} ms)")


def _ask(rule: ClaimRule, values: Sequence[float], what: str) -> None:
    """Print what the looks of one run cost, the first one (which loads what it needs) apart. The collector's passes,
    which come whenever the program's other objects call for one, are no part of a look."""
    took = []
    gc.collect()
    gc.disable()
    for items in range(320, len(values), 32):
        look = InterimLook(items, len(values), {("exact_match", "none"): values[:items]})
        started = time.thread_time()
        rule.stop(look)
        took.append(1000 * (time.thread_time() - started))
    gc.enable()
    print(f"  {what:34} {sum(took[1:]) / len(took[1:]):.3f} {max(took[1:]):.3f}   first look {took[0]:.3f}")


def _hard_run(total: int, predictions: Sequence[float] | None = None) -> tuple[ClaimRule, list[float]]:
    """A rule and items that it cannot decide before the end: the score lies on the edge of the zone."""
    criterion = Criterion(
        criterion_id="",
        claim_id="",
        benchmark="",
        metric="exact_match",
        filter="none",
        interval=read_interval("85.2", "fraction"),
        margin=0.02,
        alpha=ALPHA,
        order_seed=0,
        items=total,
        predictions_sha256=forecast_hash(predictions) if predictions else None,
        stored_at=datetime.now(UTC),
    )
    values = [1.0] * round(total * 0.832) + [0.0] * (total - round(total * 0.832))
    random.Random(0).shuffle(values)
    return ClaimRule(
        [criterion], budget=1.0, predictions={forecast_hash(predictions): predictions} if predictions else None
    ), values


def main() -> int:
    """Print the table; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="*", default=SIZES, help="benchmark sizes")
    parser.add_argument("--every", type=int, default=1, help="items between looks")
    parser.add_argument("--note", type=Path, default=NOTE, help="verdicts.md with the table to compare with")
    options = parser.parse_args()
    noted = note_table(options.note) if options.every == 1 else {}
    worst = peeker = furthest = 0.0
    print("Mean share of items (%) by true score: claim, -1, -3, -5, -10, +3 points; largest P(wrong verdict).")
    head = f"{'N':>6} {'claim':>6} {'±':>2} | {'ours':^29} {'wrong':>7} | "
    print(head + f"{'naive peeking':^29} {'wrong':>7} {'if true':>7}")
    for total in options.items:
        for claim in CLAIMS:
            for margin in MARGINS:
                region = AcceptanceRegion(total, claim - margin, claim + margin, margin)
                looks = range(options.every, total, options.every)
                ours = row(region, claim, critical_counts(region, ALPHA, looks), sticky=True)
                naive = row(region, claim, wilson_peeks(region, looks), sticky=False)
                worst, peeker = max(worst, ours.wrong), max(peeker, naive.wrong)
                for mean, said in zip(ours.shares, noted.get((total, claim, round(100 * margin)), ()), strict=False):
                    furthest = max(furthest, abs(mean - said))
                left, right = (" ".join(f"{share:4.0f}" for share in one.shares) for one in (ours, naive))
                print(
                    f"{total:6} {claim:6} {100 * margin:2.0f} | {left} {ours.wrong:7.4f} | {right} {naive.wrong:7.4f} "
                    f"{naive.wrong_if_true:7.4f}",
                    flush=True,
                )
    print(f"\nLargest probability of a wrong verdict: ours {worst:.4f}, naive peeking {peeker:.4f} (promise: {ALPHA}).")
    if noted:
        print(f"Largest distance from the note's table: {furthest:.2f} points of share.")
    cost()
    return int(worst > ALPHA or furthest > 1.0)


if __name__ == "__main__":
    sys.exit(main())
