"""Read every file of a data folder, say file by file what was found and what was not, and score the cards.

    python tests/benchmarks/read_everything.py [DATA FOLDER] [--unread N]

The folder holds model_cards, hf_metadata, every_eval_ever, vendor_claims_json and lm_eval_results (default:
../shared/data). Cards are scored against the answer sheets in tests/claims/answers.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from evaluators.records import UserError
from tests.claims.scoring import CARDS, Score, score, sheets
from warehouse.claims import read_any

FOLDERS = ("hf_metadata", "every_eval_ever", "vendor_claims_json", "lm_eval_results")
KINDS = {".md", ".json", ".jsonl", ".yaml"}


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=CARDS.parent)
    parser.add_argument("--unread", type=int, default=5, help="unread parts to print per file")
    given = parser.parse_args()
    if not given.data.is_dir():
        sys.exit(f"no folder {given.data}")
    for folder in FOLDERS:
        for path in sorted((given.data / folder).rglob("*")):
            if path.suffix in KINDS and "schema" not in path.parts:
                _file(path, path.relative_to(given.data), given.unread)
    scores = [score(sheet) for sheet in sheets()]
    for one in scores:
        _card(one, given.unread)
    _total(scores)


def _file(path: Path, name: Path, most: int) -> None:
    try:
        reading = read_any(path, model=f"unknown/{path.stem}" if path.suffix == ".md" or "spec" in name.parts else None)
    except UserError as problem:
        print(f"{name}\n  no claims: {problem}")
        return
    known = sum(claim.benchmark is not None for claim in reading.claims)
    parties = ", ".join(
        f"{count} {party}" for party, count in Counter(c.claimant.value for c in reading.claims).items()
    )
    numbers = sum(claim.interval is not None for claim in reading.claims)
    print(f"{name}\n  {reading.source.kind}: {len(reading.claims)} claims ({parties or 'none'}); ", end="")
    print(f"{known} of benchmarks in the catalogue, {numbers} with an interval; {len(reading.unread)} unread")
    for part in reading.unread[:most]:
        print(f"    unread: {f'line {part.line}: ' if part.line else ''}{part.text[:100]}: {part.reason}")


def _card(one: Score, most: int) -> None:
    reading = one.reading
    print(f"model_cards/{Path(reading.source.url).name} for the sheet {one.name}")
    print(f"  {len(reading.claims)} claims, {len(reading.mentions)} mentions; ", end="")
    print(f"{one.right} right, {len(one.wrong)} wrong, {len(one.missed)} missed; {len(reading.unread)} unread")
    for fact in one.wrong:
        print(f"    wrong: {fact}")
    for fact in one.missed:
        print(f"    missed: {fact}")
    for part in reading.unread[:most]:
        print(f"    unread: line {part.line}: {part.text[:100]}: {part.reason}")


def _total(scores: list[Score]) -> None:
    right, wrong = sum(one.right for one in scores), sum(len(one.wrong) for one in scores)
    missed = sum(len(one.missed) for one in scores)
    print(f"\n{len(scores)} sheets, {right + missed} facts: ", end="")
    print(f"precision {right / max(1, right + wrong):.4f}, recall {right / max(1, right + missed):.4f}")


if __name__ == "__main__":
    main()
