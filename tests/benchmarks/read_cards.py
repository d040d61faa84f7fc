"""How well a folder of cards is read, against answer sheets made by hand.

    python tests/benchmarks/read_cards.py CARDS [--answers FOLDER] [--held-out NAME ...]

CARDS holds the cards, and the sheets too unless --answers names another folder. A sheet is YAML: `card` (file name),
`model` (the release), `claims` ([benchmark, value, unit] or [benchmark, value, unit, {setting: value}]) and
`mentions` (model -> list of the same); a benchmark that the catalogue lacks bears its printed name. Printed are
precision, recall and the share of claims with all stated settings right, each with a 95 % interval from 10,000
bootstrap samples of whole cards, because the numbers of one card stand or fall together. The peer in the same run is
a reader that takes every number of a table for the release's own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.claims.scoring import ANSWERS, CARDS, Score, score, sheets

SAMPLES = 10_000


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cards", nargs="?", type=Path, default=CARDS)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--held-out", nargs="*", default=[], help="names of sheets to score apart")
    parser.add_argument("--wrong", action="store_true", help="list what is wrong and missed")
    given = parser.parse_args()
    answers = given.answers or (ANSWERS if given.cards == CARDS else given.cards)
    found = sheets(given.cards, answers)
    if not found:
        sys.exit(f"no answer sheet in {answers} for a card in {given.cards}")
    scores = [score(sheet, given.cards) for sheet in found]
    for one in scores:
        wrong, missed = len(one.wrong), len(one.missed)
        print(f"{one.name}: {one.right} right, {wrong} wrong, {missed} missed, {len(one.reading.unread)} unread")
        for fact in (*one.wrong, *one.missed) if given.wrong else ():
            print(f"    {'wrong' if fact in one.wrong else 'missed'}: {fact}")
    report("all", scores)
    if given.held_out:
        report("held out", [one for one in scores if one.name in given.held_out])


def report(name: str, scores: Sequence[Score]) -> None:
    """Print the three shares with their intervals, and the peer's precision."""

    def peer(one: Score) -> tuple[int, int]:
        everything = len(one.reading.claims) + len(one.reading.mentions)
        return len(one.reading.claims) - sum(fact[0] == "claim" for fact in one.wrong), everything

    shares: dict[str, Callable[[Score], tuple[int, int]]] = {
        "precision": lambda one: (one.right, one.right + len(one.wrong)),
        "recall": lambda one: (one.right, one.right + len(one.missed)),
        "settings right": lambda one: (one.settings_right, one.settings_stated),
        "precision of the peer, which takes every number for the release's": peer,
    }
    print(f"{name}: {len(scores)} readings of cards")
    for label, share in shares.items():
        low, high = bootstrap([share(one) for one in scores])
        hits, of = (sum(part) for part in zip(*map(share, scores), strict=True))
        print(
            f"  {label}: {hits / of:.3f} [{low:.3f}, {high:.3f}] ({hits} of {of})" if of else f"  {label}: none stated"
        )


def bootstrap(counts: Sequence[tuple[int, int]], seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the ratio of sums over resampled cards; counts are (hits, of) a card."""
    table = np.array(counts, dtype=float)
    drawn = table[np.random.default_rng(seed).integers(0, len(table), (SAMPLES, len(table)))].sum(axis=1)
    ratios = drawn[:, 0][drawn[:, 1] > 0] / drawn[:, 1][drawn[:, 1] > 0]
    if not len(ratios):
        return float("nan"), float("nan")
    return float(np.quantile(ratios, 0.025)), float(np.quantile(ratios, 0.975))


if __name__ == "__main__":
    main()
