"""Simulated releases whose claims leave the protocol open: who is flagged, who is confirmed, and what it costs.

    python -m tests.benchmarks.protocol_simulation [--releases 200] [--seed 1]

Half of the releases are honest: the claim is the score under exactly one of three plausible protocols, at any place in
their order, and the two others lie 1 to 30 points lower or (one in five) higher. For the other half the claim is 1 to
30 points above the score under every protocol. Benchmarks have 198 to 12,032 items. Every protocol is run as the flows
run it: most plausible first, by the stopping rule with the criterion stored before, until one confirms; then the
verdicts are combined. Beside it the rule that this replaces: only the first protocol is run, at the whole alpha, and
"below" is flagged.

Prints, for both: honest releases flagged, false ones confirmed (of those whose gap is wider than the margin), false
ones flagged, releases left open, and the items used as a share of running every protocol whole. Exits with 1 if an
honest release is flagged, or if more than 5 % of the false ones are confirmed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.records import Protocol, Settings
from tests.verdicts.cases import NOW, SUMS, make_claim, make_measurement, make_run, stop_at
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import ClaimRule, combine_protocols, judge, make_criterion
from warehouse.verdicts.by_protocol import decides

SIZES = (198, 541, 1319, 12032)
NAMES = ("thinking", "chat", "completion")
STATED = Settings(metric="exact_match", filter="strict-match")
MARGIN = 0.02


@dataclass(frozen=True)
class SimulatedRelease:
    """One claim and its true scores."""

    items: int
    claimed: float
    """As a fraction, with one decimal of a percent."""
    scores: tuple[float, float, float]
    """Under each protocol."""
    honest: bool
    gap: float
    """Claimed minus the best score, for false claims."""


def draw(source: random.Random, honest: bool) -> SimulatedRelease:
    """A release at random."""
    items, gap = source.choice(SIZES), source.uniform(0.01, 0.30)
    claimed = round(source.uniform(0.45, 0.95), 3)
    if honest:
        true = source.randrange(3)
        others = [
            min(1.0, max(0.0, claimed + (1 if source.random() < 0.2 else -1) * source.uniform(0.01, 0.30)))
            for _ in NAMES
        ]
        scores = [claimed if place == true else other for place, other in enumerate(others)]
    else:
        best = source.randrange(3)
        scores = [max(0.0, claimed - gap - (0 if place == best else source.uniform(0, 0.15))) for place in range(3)]
    return SimulatedRelease(items, claimed, (scores[0], scores[1], scores[2]), honest, gap)


def values_of(source: random.Random, score: float, items: int) -> list[float | None]:
    """Items of a whole run with this score, in random order."""
    right = round(score * items)
    values: list[float | None] = [1.0] * right + [0.0] * (items - right)
    source.shuffle(values)
    return values


def verify_release(release: SimulatedRelease, source: random.Random, names: Sequence[str]) -> tuple[Verdict, int]:
    """The verdict, and the items that it took, with `names` as the plausible protocols."""
    benchmark = SUMS.model_copy(update={"items": release.items, "margin": MARGIN, "chance": 0.0})
    claim = make_claim(f"{100 * release.claimed:.1f}", STATED)
    prompts = {name: "completion" if name == "completion" else "chat" for name in names}
    protocols = [
        Protocol(name=name, settings=STATED.model_copy(update={"prompt": prompt})) for name, prompt in prompts.items()
    ]
    parts: list[tuple[Protocol, Verdict]] = []
    spent = 0
    for protocol, score in zip(protocols, release.scores, strict=False):
        values = values_of(source, score, release.items)
        criterion = make_criterion(
            claim, benchmark, order_seed=1, now=NOW, settings=protocol.settings, plausible=len(names),
            protocol=protocol.name,
        )  # fmt: skip
        stopped = stop_at(ClaimRule([criterion]), values)
        spent += stopped
        run = make_run(protocol.settings.model_copy(update={"quantization": "F16", "tools": "none"}))
        measurement = make_measurement(values[:stopped], release.items)
        parts.append((protocol, judge(claim, criterion, run, measurement, now=NOW, benchmark=benchmark)))
        if decides(parts[-1][1]):
            break
    return combine_protocols(claim, protocols, parts, now=NOW), spent


def main() -> int:
    """Simulate and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--releases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    source = random.Random(options.seed)
    releases = [draw(source, honest=number % 2 == 0) for number in range(options.releases)]
    bad = False
    for title, names in (("every plausible protocol", NAMES), ("the first protocol only", NAMES[:1])):
        count: Counter[str] = Counter()
        spent = whole = 0
        shares = []
        for number, release in enumerate(releases):
            verdict, items = verify_release(release, random.Random(f"{options.seed}|{number}"), names)
            spent, whole = spent + items, whole + len(NAMES) * release.items
            shares.append(items / (len(NAMES) * release.items))
            kind = "honest" if release.honest else "false" if release.gap > MARGIN else "within the margin"
            confirmed = verdict.outcome is Outcome.confirmed
            what = "confirmed" if confirmed else "flagged" if verdict.flagged else "open"
            count[f"{kind}, {what}"] += 1
            count[kind] += 1
        print(f"{title}:")
        for kind in ("honest", "false", "within the margin"):
            parts = [f"{count[f'{kind}, {what}']} {what}" for what in ("confirmed", "flagged", "open")]
            print(f"  {kind:18} {count[kind]:4}: {', '.join(parts)}")
        print(
            f"  items: {spent / whole:.1%} of running every protocol whole; mean over releases "
            f"{sum(shares) / len(shares):.1%}"
        )
        if len(names) > 1:
            bad = count["honest, flagged"] > 0 or count["false, confirmed"] > 0.05 * count["false"]
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
