"""Of two verdicts on a claim the one stored later stands, whatever the clock said."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluators.files import write_atomic
from flows.runtime.notify import new_verdicts
from tests.warehouse.test_store import claim
from warehouse.claim_records import Verdict
from warehouse.home import Home
from warehouse.load import load_home, rebuild_database, save_claims, save_verdicts
from warehouse.queries.scheduling import last_verdicts
from warehouse.queries.table import details, table_rows
from warehouse.verdicts import could_not_run

NOW = datetime(2026, 11, 26, tzinfo=UTC)
AHEAD = NOW + timedelta(days=3650)
CLAIM = claim(1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    save_claims(Home(tmp_path), [CLAIM, claim(2)])
    return Home(tmp_path)


def because(text: str, now: datetime) -> Verdict:
    return could_not_run(CLAIM, "memory", text, now=now)


def standing(home: Home) -> str:
    [row] = [row for row in table_rows(home) if row["claim_id"] == CLAIM.claim_id]
    [verdict] = last_verdicts(home, [CLAIM.claim_id]).values()
    told = details(home, CLAIM.claim_id).verdicts[0]["reasons"][0]["text"]
    assert row["reasons"][0] == verdict.reasons[0].text == told
    return verdict.reasons[0].text


def test_a_clock_that_was_ahead_hides_nothing_later(home: Home) -> None:
    for text, moment in (("first", NOW), ("ahead", AHEAD), ("later", NOW + timedelta(hours=1))):
        save_verdicts(home, [because(text, moment)])
        assert standing(home) == text
    rebuild_database(home)
    assert standing(home) == "later"


def test_verdicts_without_a_number_come_before_all_others_and_keep_their_order(home: Home) -> None:
    for name, text, moment in (("a1", "old", NOW), ("a2", "ahead", AHEAD)):
        write_atomic(home.verdicts / f"{name}.json", because(text, moment).model_dump_json().encode())
    load_home(home)
    assert standing(home) == "ahead"
    save_verdicts(home, [because("now", NOW)])
    assert standing(home) == "now"


def test_what_lies_on_disk_counts_although_the_tables_lack_it(home: Home) -> None:
    """As after a copy of a home without its database."""
    save_verdicts(home, [because("first", NOW), because("ahead", AHEAD)])
    for path in (home.database, *home.private.glob("working.duckdb*")):
        path.unlink(missing_ok=True)
    save_verdicts(home, [because("later", NOW)])
    load_home(home)
    assert standing(home) == "later"


def test_a_verdict_that_only_repeats_what_stands_is_not_new(home: Home) -> None:
    """A run that was taken over after its verdict is judged once more; another run, or another outcome, is news."""
    first = because("first", NOW).model_copy(update={"run_id": "run-1"})
    save_verdicts(home, new_verdicts(home, [first]))
    repeated = first.model_copy(update={"judged_at": NOW + timedelta(minutes=15)})
    assert new_verdicts(home, [repeated]) == []
    for other in ({"run_id": "run-2"}, {"headline": "another"}, {"run_id": None}):
        assert new_verdicts(home, [repeated.model_copy(update=other)]) != []


def test_two_machines_that_judged_one_run_gave_one_verdict(tmp_path: Path) -> None:
    """One was lost after its verdict and before others knew of it; another took the run over and got its files."""
    lost, other = Home(tmp_path / "lost"), Home(tmp_path / "other")
    first = because("first", NOW).model_copy(update={"run_id": "run-1"})
    for home, minutes in ((lost, 0), (other, 15)):
        save_claims(home, [CLAIM])
        save_verdicts(home, [first.model_copy(update={"judged_at": NOW + timedelta(minutes=minutes)})])
    for path in lost.verdicts.iterdir():
        shutil.copy(path, other.verdicts)
    load_home(other)
    [one] = details(other, CLAIM.claim_id).verdicts
    assert datetime.fromisoformat(one["judged_at"]) == NOW and standing(other) == "first"
    save_verdicts(other, [because("second", NOW), first])  # which then says the same again is no twin of it
    told = [verdict["reasons"][0]["text"] for verdict in details(other, CLAIM.claim_id).verdicts]
    assert sorted(told) == ["first", "first", "second"] and standing(other) == "first"
