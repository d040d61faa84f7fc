"""How well cards are read: what the reader found against the hand-made answer sheets."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from warehouse.claim_records import Claim
from warehouse.claims import Reading, read_card
from warehouse.claims.text.names import resolve_benchmark

ANSWERS = Path(__file__).parent / "answers"
SHARED = Path(os.environ.get("CLAIMCHECK_SHARED", Path(__file__).parents[3] / "shared"))
CARDS = SHARED / "data/model_cards"
EXCERPTS = Path(__file__).parent / "excerpts"
"""Headings, tables, lists and links of cards whose licences allow to ship them."""
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
    settings_stated: int = 0
    """Right claims for which the sheet states settings."""
    settings_right: int = 0
    """Those of them with exactly these settings."""


def sheets(cards: Path = CARDS, answers: Path = ANSWERS) -> list[Path]:
    """The answer sheets whose card lies in the folder."""
    names = {
        sheet: re.search(r"(?m)^card: (.+)$", sheet.read_text(encoding="utf-8")) for sheet in answers.glob("*.yaml")
    }
    return sorted(sheet for sheet, name in names.items() if name and (cards / name[1].strip()).exists())


def score(sheet: Path, cards: Path = CARDS) -> Score:
    """Read the sheet's card and compare as multisets. A claim may have its settings behind its unit; a sheet without
    `mentions` says nothing of what other models' numbers are read."""
    answers = yaml.safe_load(sheet.read_text(encoding="utf-8"))
    path = cards / answers["card"]
    reading = read_card(path.read_text(encoding="utf-8"), model=answers["model"], url=str(path), read_at=NOW)
    wanted: Counter[Fact] = Counter()
    settings: list[tuple[Fact, dict[str, Any]]] = []
    for benchmark, value, unit, *stated in answers["claims"]:
        fact = _wanted("claim", answers["model"], benchmark, value, unit)
        wanted[fact] += 1
        settings += [(fact, stated[0])] if stated else []
    for model, facts in (answers.get("mentions") or {}).items():
        for benchmark, value, unit in facts:
            wanted[_wanted("mention", model, benchmark, value, unit)] += 1
    found: Counter[Fact] = Counter(_found("claim", claim) for claim in reading.claims)
    if "mentions" in answers:
        found += Counter(_found("mention", claim) for claim in reading.mentions)
    return Score(
        sheet.stem,
        reading,
        sorted((wanted - found).elements(), key=str),
        sorted((found - wanted).elements(), key=str),
        (wanted & found).total(),
        *_settings_right(settings, reading.claims),
    )


def _settings_right(wanted: list[tuple[Fact, dict[str, Any]]], claims: list[Claim]) -> tuple[int, int]:
    """How many right claims have settings on the sheet, and how many of those were read with exactly these. `notes`
    and `harness` count only where the sheet states them."""
    left = list(claims)
    stated = right = 0
    for fact, settings in wanted:
        same = [claim for claim in left if _found("claim", claim) == fact]
        if not same:
            continue
        stated += 1
        exact = [claim for claim in same if _deciding(claim, settings) == settings]
        right += bool(exact)
        left.remove((exact or same)[0])
    return stated, right


def _deciding(claim: Claim, wanted: dict[str, Any]) -> dict[str, Any]:
    found = claim.settings.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
    return {name: value for name, value in found.items() if name not in ("notes", "harness") or name in wanted}


def _wanted(kind: str, model: str, benchmark: str, value: float | str, unit: str) -> Fact:
    known = resolve_benchmark(benchmark).name
    if known is None:
        return kind, model, _bare(benchmark), "as printed", round(value, 9) if not isinstance(value, str) else value
    benchmark = known
    if isinstance(value, str):
        return kind, model, benchmark, unit, value
    if unit == "percent":
        return kind, model, benchmark, "fraction", round(value / 100, 9)
    return kind, model, benchmark, unit, round(float(value), 9)


def _found(kind: str, claim: Claim) -> Fact:
    interval = claim.interval
    if claim.benchmark is None or interval is None:
        bare = claim.said.removesuffix("%")
        number = round(float(bare), 9) if bare.replace(".", "", 1).isdigit() else claim.said
        return kind, claim.model, _bare(claim.benchmark_text), "as printed", number
    if interval.value is None:
        return kind, claim.model, claim.benchmark, interval.unit, claim.said
    return kind, claim.model, claim.benchmark, interval.unit, round(interval.value, 9)


def _bare(text: str) -> str:
    """The name of a benchmark that the catalogue lacks, without brackets and arrows: there is no other form of it."""
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]|[↑↓⬆⬇*]", "", text).strip().casefold() or text
