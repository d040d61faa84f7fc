"""Every way in which a table can mislead: the right claims with their settings, or unread with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.claims.scoring import NOW
from warehouse.claim_records import Claim
from warehouse.claims import read_card

_FOLDER = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    case
    for name in ("cases.yaml", "cases_around.yaml")
    for case in yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
]


def _facts(claim: Claim, names: set[str]) -> tuple[str | None, str, str]:
    settings = claim.settings.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
    return claim.benchmark, claim.said, str(sorted((name, settings.get(name)) for name in names))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_a_card_is_read_right_or_left(case: dict[str, Any]) -> None:
    reading = read_card(case["card"], model=case["model"], url="u", read_at=NOW)
    deciding = {"subset", "shots", "notes", "scaffold", "tools", "quantization"}
    names = deciding | {name for _, _, settings in case["claims"] for name in settings}
    if not any("metric" in settings for _, _, settings in case["claims"]):
        names -= {"metric"}
    skipped = {"notes"} if case.get("claimant") else set()
    wanted = sorted(
        (benchmark or "", said, str(sorted((name, settings.get(name)) for name in names - skipped)))
        for benchmark, said, settings in case["claims"]
    )
    found = sorted((b or "", said, rest) for b, said, rest in (_facts(c, names - skipped) for c in reading.claims))
    assert found == wanted
    if "mentions" in case:
        assert {claim.model for claim in reading.mentions} == set(case["mentions"])
    for words in case.get("unread", ()):
        assert any(words in part.reason and part.line for part in reading.unread)
    if "claimant" in case:
        assert {claim.claimant.value for claim in reading.claims} == {case["claimant"]}


def test_a_recovery_is_about_the_pair_where_the_arithmetic_bears_it_out() -> None:
    link = "[Odd-8B](https://huggingface.co/maker/Odd-8B)"
    rows = (
        "| MMLU (5-shot) | 68.3 | 66.9 | 97.9% |\n| ARC Challenge (25-shot) | 60.4 | 60.2 | 99.7 |\n"
        "| GSM8K (5-shot) | 82.8 | 82.9 | 98.1% |\n| **Average** | 70.5 | 70.0 | 99.3% |\n"
    )

    def kept(reference: str, body: str = rows) -> list[tuple[str, str, str | None]]:
        head = f"| Benchmark | {reference} | Odd-8B-quantized.w4a16 (this model) | Recovery (%) |\n|---|---|---|---|\n"
        reading = read_card(head + body, model="lab/Odd-8B-quantized.w4a16", url="card", read_at=NOW)
        pairs = [claim for claim in reading.claims if claim.interval and claim.interval.unit == "recovery"]
        return [(claim.benchmark or "", claim.said, claim.settings.denominator) for claim in pairs]

    assert kept(link) == [
        ("mmlu", "Recovery 97.9%", "maker/Odd-8B"),
        ("arc_challenge", "Recovery 99.7", "maker/Odd-8B"),
    ]
    assert kept("GPT-4") == [], "a name without an id says not which weights"
    assert kept(f"Other | {link}", "| MMLU | 60.0 | 68.3 | 66.9 | 97.9% |\n") == [], "of two, nobody knows which"
