"""The ledger: once, superseded and kept, conflicts shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.records import UserError
from tests.claims.scoring import NOW
from tests.claims.shipped import shipped_ledgers
from warehouse.claims import read_card
from warehouse.claims.ledger import (
    claim_by_id,
    conflicting_claims,
    count_claims,
    current_claims,
    list_claims,
    save_reading,
)
from warehouse.claims.readers.manual import claim_by_hand
from warehouse.claims.source_store import keep_page, page
from warehouse.home import Home

CARD = "| Benchmark | Odd-7B | Other |\n|---|---|---|\n| MMLU | 70.1 | 60.0 |\n| GSM8K | 80.2 | 61.0 |\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def read(home: Home, text: str, url: str = "https://example.org/README.md") -> int:
    return save_reading(home, read_card(text, model="maker/Odd-7B", url=url, read_at=NOW), text)


def test_the_first_ledger_comes_in_completely_and_once(home: Home) -> None:
    assert shipped_ledgers(home) == 71
    assert shipped_ledgers(home) == 0
    claims = current_claims(home)
    assert len(claims) == 71
    assert all(claim.benchmark is not None for claim in claims)
    assert {claim.source.kind for claim in claims} == {"ledger"}


def test_reading_twice_adds_nothing_and_a_change_supersedes(home: Home) -> None:
    assert read(home, CARD) == 4
    assert read(home, CARD) == 0
    changed = CARD.replace("70.1", "71.5")
    assert read(home, changed) == 1
    ours = list_claims(home, benchmark="mmlu", claimant="vendor")
    assert [row["said"] for row in ours] == ["71.5"]
    old = claim_by_id(home, str(ours[0]["supersedes"]))
    assert old.said == "70.1"
    assert count_claims(home) == 4
    assert len(list_claims(home, everything=True)) == 5
    assert page(home, old.source.sha256).decode() == CARD


def test_a_shifted_table_replaces_itself(home: Home) -> None:
    read(home, CARD)
    read(home, "# Odd-7B\n\n" + CARD)
    assert count_claims(home) == 4


def test_two_sources_of_one_vendor_that_disagree_are_a_conflict(home: Home) -> None:
    read(home, CARD)
    read(home, CARD.replace("70.1", "70.9").replace("80.2", "80.2"), url="https://example.org/blog")
    found = conflicting_claims(home)
    assert [(one.model, one.benchmark) for one in found] == [("maker/Odd-7B", "mmlu")]
    assert [row["said"] for row in found[0].claims] in (["70.1", "70.9"], ["70.9", "70.1"])


def test_stated_settings_that_differ_are_no_conflict(home: Home) -> None:
    read(home, CARD.replace("MMLU", "MMLU (5-shot)"))
    read(home, CARD.replace("MMLU", "MMLU (0-shot)").replace("70.1", "66.0"), url="https://example.org/blog")
    assert conflicting_claims(home) == []


def test_a_damaged_page_is_found(home: Home) -> None:
    address = keep_page(home, "text")
    path = home.sources / f"{address}.gz"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match="damaged"):
        page(home, address)


def test_a_claim_by_hand_needs_a_known_benchmark_and_setting(home: Home) -> None:
    base = {"model": "m/x", "said": "56.7", "source": "https://x", "claimant": "press", "read_at": NOW}
    reading, text = claim_by_hand(benchmark="MMLU-Pro (5-shot)", settings={"temperature": "0.6"}, **base)  # type: ignore[arg-type]
    assert save_reading(home, reading, text) == 1
    assert (reading.claims[0].settings.shots, reading.claims[0].settings.temperature) == (5, 0.6)
    with pytest.raises(UserError, match="did you mean mmlu_pro"):
        claim_by_hand(benchmark="MMLU Prro", **base)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="unknown setting"):
        claim_by_hand(benchmark="MMLU", settings={"shot": "5"}, **base)  # type: ignore[arg-type]
