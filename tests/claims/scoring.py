"""How well cards are read: what the reader found against the hand-made answer sheets."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from warehouse.claim_records import Claim
from warehouse.claims import Reading, read_card

ANSWERS = Path(__file__).parent / "answers"
SHARED = Path(os.environ.get("CLAIMCHECK_SHARED", Path(__file__).parents[3] / "shared"))
CARDS = SHARED / "data/model_cards"
NOW = datetime(2026, 5, 1, tzinfo=UTC)

Fact = tuple[str, str, str, str, float | str]
"""Whose (claim or mention), model, benchmark, unit, value."""


@dataclass(frozen=True)
class Score:
    """One card against its sheet."""

    name: str
    """Name of the sheet."""
    reading: Reading
    """What was read."""
    missed: list[Fact]
    """On the sheet, not read."""
    wrong: list[Fact]
    """Read, not on the sheet."""
    right: int
    """Read and on the sheet."""


def sheets() -> list[Path]:
    """All answer sheets."""
    return sorted(ANSWERS.glob("*.yaml"))


def score(sheet: Path) -> Score:
    """Read the sheet's card and compare as multisets."""
    answers = yaml.safe_load(sheet.read_text(encoding="utf-8"))
    path = CARDS / answers["card"]
    reading = read_card(path.read_text(encoding="utf-8"), model=answers["model"], url=str(path), read_at=NOW)
    wanted: Counter[Fact] = Counter()
    for benchmark, value, unit in answers["claims"]:
        wanted[_wanted("claim", answers["model"], benchmark, value, unit)] += 1
    for model, facts in answers["mentions"].items():
        for benchmark, value, unit in facts:
            wanted[_wanted("mention", model, benchmark, value, unit)] += 1
    found: Counter[Fact] = Counter(_found("claim", claim) for claim in reading.claims)
    found += Counter(_found("mention", claim) for claim in reading.mentions)
    return Score(
        sheet.stem,
        reading,
        sorted((wanted - found).elements(), key=str),
        sorted((found - wanted).elements(), key=str),
        (wanted & found).total(),
    )


def _wanted(kind: str, model: str, benchmark: str, value: float | str, unit: str) -> Fact:
    if isinstance(value, str):
        return kind, model, benchmark, unit, value
    if unit == "percent":
        return kind, model, benchmark, "fraction", round(value / 100, 9)
    return kind, model, benchmark, unit, round(float(value), 9)


def _found(kind: str, claim: Claim) -> Fact:
    interval = claim.interval
    if claim.benchmark is None or interval is None:
        number = float(claim.said) if claim.said.replace(".", "", 1).isdigit() else claim.said
        value = round(number / 100, 9) if isinstance(number, float) else number
        return kind, claim.model, claim.benchmark_text, "fraction", value
    if interval.value is None:
        return kind, claim.model, claim.benchmark, interval.unit, claim.said
    return kind, claim.model, claim.benchmark, interval.unit, round(interval.value, 9)
