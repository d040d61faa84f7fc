"""What is due and in which order; a dry run says what would be done, why and at what cost, and writes nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluators.records import UserError
from flows.demo import RELEASE
from flows.runtime.under_way import cut_off, under_way
from flows.scheduling.priority import Priority, due_releases
from tests.flows.conftest import Place
from warehouse.home import Home
from warehouse.queries.scheduling import CurrentVerdict

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
JUDGED = CurrentVerdict("acme/a", 3, 0, None, None, ("b1",), None, None, None, "hub")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def judged(model: str, when: datetime, **more: Any) -> CurrentVerdict:
    return replace(JUDGED, model=model, oldest=when, newest=when, **more)


NEW = CurrentVerdict("acme/new", 0, 0, None, None, (), ago(days=1), ago(hours=1), None, None)
NEW_WEIGHTS = judged("acme/pushed", ago(days=2), created=ago(days=400), pushed=ago(days=1))
OPEN = judged("acme/open", ago(days=1), unjudged=2)
LAUNCHED = judged("acme/launched", ago(days=6), created=ago(days=8), pushed=ago(days=8))
OLD = judged("acme/old", ago(weeks=5))
ENGINE = judged("acme/engine", ago(days=1), engines=("b0", "b1"))


def test_order_of_worth_and_reasons() -> None:
    found, left = due_releases([ENGINE, OLD, LAUNCHED, OPEN, NEW_WEIGHTS, NEW], now=NOW, engine="b1")
    assert [(one.model, one.priority, one.again) for one in found] == [
        ("acme/new", Priority.new_release, False),
        ("acme/pushed", Priority.new_release, False),
        ("acme/open", Priority.never_checked, False),
        ("acme/launched", Priority.launch_week, True),
        ("acme/old", Priority.old_verdict, True),
        ("acme/engine", Priority.engine_changed, True),
    ]
    assert "new weights" in found[1].why and "2 of 3 claims" in found[2].why and "from b0 to b1" in found[5].why
    assert left == {}


def test_what_was_cut_off_goes_on_first() -> None:
    found, _ = due_releases([NEW, OPEN, OLD], now=NOW, engine="b1", cut={"acme/old", "acme/settled"})
    assert [(one.model, one.again) for one in found] == [("acme/old", True), ("acme/new", False), ("acme/open", False)]
    assert "cut off" in found[0].why and "older than" in found[0].why


def test_a_note_stays_where_the_end_never_came(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with under_way(home, "acme/ended"):
        assert cut_off(home) == {"acme/ended"}
    with suppress(UserError), under_way(home, "acme/failed"):
        raise UserError("told")
    assert cut_off(home) == set()
    for error in (KeyboardInterrupt, SystemExit):
        with suppress(error), under_way(home, f"acme/{error.__name__}"):
            raise error
    (home.private / "under-way" / "x.json").write_text("[")
    assert cut_off(home) == {"acme/KeyboardInterrupt", "acme/SystemExit"}


@pytest.mark.parametrize(
    "standing",
    [
        judged("acme/settled", ago(days=1)),
        judged("acme/seen-again", ago(days=8), created=ago(days=20), pushed=ago(days=20)),  # judged after its week
        judged("acme/still-in-its-week", ago(days=2), created=ago(days=3), pushed=ago(days=3)),
        replace(NEW, created=ago(days=90), pushed=ago(days=80)),  # tried for long enough
    ],
    ids=lambda one: one.model,
)
def test_nothing_is_due_twice(standing: CurrentVerdict) -> None:
    assert due_releases([standing], now=NOW, engine="b1") == ([], {})


def test_an_unknown_engine_is_no_change() -> None:
    assert due_releases([ENGINE], now=NOW, engine=None) == ([], {})


def test_what_cannot_be_verified_has_its_reason(tmp_path: Path) -> None:
    gated = replace(OPEN, model="acme/gated", excluded="gated: its licence must be accepted")
    named = replace(OPEN, model="Acme 3 Large", location=None)
    gone = replace(OPEN, model="local", location=str(tmp_path / "gone"))
    here = replace(OPEN, model="kept", location=str(tmp_path))
    found, left = due_releases([gated, named, gone, here], now=NOW)
    assert [one.target for one in found] == [str(tmp_path)]
    assert left["acme/gated"] == gated.excluded and "hub id" in left["Acme 3 Large"] and "local" in left


def test_what_is_asked_for_is_due_once(tmp_path: Path) -> None:
    old = judged("local", ago(weeks=9), location=str(tmp_path))
    [one] = due_releases([old], now=NOW, asked=[str(tmp_path)])[0]
    assert (one.priority, one.again) == (Priority.old_verdict, True)
    [one] = due_releases([replace(old, oldest=NOW, newest=NOW)], now=NOW, asked=[str(tmp_path)])[0]
    assert (one.why, one.again) == ("asked for", False)


def dry_run(place: Place, *arguments: str) -> dict[str, Any]:
    place.environment = {**place.environment, "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = place.run("weekly", "--dry-run", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_a_dry_run_says_what_why_and_at_what_cost_and_writes_nothing(place: Place, tmp_path: Path) -> None:
    empty = tmp_path / "empty-model"
    empty.mkdir()
    (empty / "README.md").write_text("# empty-model\n")
    found = dry_run(place, "--release", str(RELEASE), "--release", str(empty), "--release", "nobody/unreachable")
    lines = {one["model"]: one for one in found["releases"]}
    demo = next(one for one in lines.values() if one["claims"] > 5)
    assert (demo["became"], demo["due"]) == ("to verify", "asked for")
    assert 0 < demo["hours_expected"] == found["expected_hours"] and "defaults" in demo["why"]
    assert "no claim" in lines["empty-model"]["why"]
    assert "cannot reach the hub" in lines["nobody/unreachable"]["why"]
    assert "cannot reach the hub" in found["not_scanned"]["hub"]
    tight = dry_run(place, "--release", str(RELEASE), "--hours", "0.01")
    assert tight["releases"][0]["became"] == "skipped" and "0.0 h of the budget" in tight["releases"][0]["why"]
    assert not place.root.exists()
