"""Claims about agent benchmarks, true and false: after how many tasks they are judged, and how often wrongly.

    python -m tests.benchmarks.agent_verdicts [--runs 400]

Each task has a chance of its own to be solved, so that two honest runs differ. An honest vendor publishes the score of
such a run; a liar adds 20 points. Prints for each size how often each is called false, and after how many tasks the
lie is: with the noise of runs that the product allows for, and for the plain sequence without. Exits with 1 if honest
claims are called false in more than 5 % of runs, or if on 127 tasks a lie takes more than 64 tasks without noise, or
nine tenths of them with.
"""

from __future__ import annotations

import argparse
import random
import sys
from statistics import mean

from evaluators.catalogue import Benchmark, benchmark
from evaluators.records import Settings
from evaluators.stopping import InterimLook
from tests.verdicts.cases import NOW, make_claim, make_lock, make_measurement, make_run
from warehouse.claim_records import Criterion, Outcome
from warehouse.verdicts import ClaimRule, judge

KEY = ("resolved", "none")
SIZES = ((127, 0.05, 0.30), (300, 0.04, 0.30), (500, 0.03, 0.55))
"""Tasks, margin and true score."""
LIE = 0.20
SETTINGS = Settings(
    shots=0, prompt="chat", repeats=1, subset="", metric="resolved", filter="none", tools="bash", quantization="bf16",
    scaffold="mini-swe-agent 2.4.6 swebench.yaml@1a2b3c4d steps 250",
)  # fmt: skip


def attempt(chances: list[float], draw: random.Random) -> list[float | None]:
    """One run: tasks in a random order, each solved or not."""
    order = draw.sample(chances, len(chances))
    return [float(draw.random() < chance) for chance in order]


def verdict(entry: Benchmark, said: float, values: list[float | None]) -> tuple[Outcome, int, int]:
    """What is said about a claim, after how many tasks, and after how many if runs had no noise."""
    claim = make_claim(f"{100 * said:.1f}", Settings(scaffold="mini-swe-agent"), benchmark="demo_repairs")
    lock = make_lock(claim, entry)
    seen, plain = stopped(lock, values), stopped(lock.model_copy(update={"noise": 0.0}), values)
    names = {"benchmark": "demo_repairs", "metric": "resolved", "filter": "none"}
    run = make_run(SETTINGS, benchmark="demo_repairs", evaluator="outside", evaluator_version="mini-swe-agent 2.4.6")
    measured = make_measurement(values[:seen], len(values), **names)
    return judge(claim, lock, run, measured, now=NOW, benchmark=entry).outcome, seen, plain


def stopped(lock: Criterion, values: list[float | None]) -> int:
    """Tasks until the rule says stop."""
    rule, total = ClaimRule([lock]), len(values)
    looks = range(1, total)
    return next((many for many in looks if rule.stop(InterimLook(many, total, {KEY: values[:many]}))), total)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=400)
    runs, failed = parser.parse_args().runs, False
    print(f"{'tasks':>6}{'honest called false':>21}{'lie called false':>18}{'after':>7}{'without noise':>15}")
    for total, margin, score in SIZES:
        entry = benchmark("demo_repairs").model_copy(update={"items": total, "margin": margin})
        draw = random.Random(1)
        honest, lies, used, plain = 0, 0, [], []
        for _ in range(runs):
            chances = [draw.betavariate(score, 1 - score) for _ in range(total)]
            said = mean(value or 0.0 for value in attempt(chances, draw))
            honest += verdict(entry, said, attempt(chances, draw))[0] is Outcome.below_claim
            outcome, seen, least = verdict(entry, min(said + LIE, 1.0), attempt(chances, draw))
            lies += outcome is Outcome.below_claim
            used.append(seen)
            plain.append(least)
        wrong, right = f"{honest / runs:.1%}", f"{lies / runs:.1%}"
        print(f"{total:>6}{wrong:>21}{right:>18}{mean(used):>7.0f}{mean(plain):>15.0f}")
        failed |= honest > 0.05 * runs
        failed |= total == 127 and (mean(plain) > 64 or mean(used) > 0.9 * total)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
