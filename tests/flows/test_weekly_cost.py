"""What a proposal for a week costs grows with the releases, never with a connection or a plan for each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.options import RunOptions
from flows.scheduling.weekly_report import propose_week
from flows.verification import run_costs
from tests.benchmarks.large_home import write_large_home
from tests.reports.many_claims import _claim
from tests.verdicts.cases import make_lock
from warehouse import store
from warehouse.load import load_home
from warehouse.queries.verification import costs
from warehouse.verdicts import plan_criterion


def test_one_connection_for_all_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    home = write_large_home(tmp_path / "home", items=60, claims=60, runs=12, answered=0, folders=True)
    load_home(home)
    opened, original = [], store._open_copy
    monkeypatch.setattr(store, "_open_copy", lambda *given: opened.append(given) or original(*given))
    report = propose_week(home, RunOptions(), hours=1e9, weeks=0.0)
    assert [line.became for line in report.lines] == ["to verify"] * 6
    assert all(line.hours_expected for line in report.lines) and len(opened) <= 3


@pytest.mark.long
def test_what_is_read_within_is_of_one_state(tmp_path: Path) -> None:
    """The same answers as one by one; another home has a connection of its own, and afterwards news are seen."""
    home = write_large_home(tmp_path / "home", items=20, claims=20, runs=4, answered=4)
    other = write_large_home(tmp_path / "other", items=10, claims=10, runs=1, answered=0)
    model = "vendor-0/model-00000"
    with store.reading_once(home):
        assert costs(home, model, "llama.cpp") == {} == costs(other, model, "llama.cpp") == {}
        with store.reading(other) as one, store.reading(home) as shared:
            assert [c.execute("select count(*) from claims").fetchall() for c in (one, shared)] == [[(10,)], [(20,)]]
    load_home(home)
    assert costs(home, model, "llama.cpp")


@pytest.mark.long
def test_claims_of_a_benchmark_share_plans(tmp_path: Path) -> None:
    """A hundred claimed scores need a few dozen plans, and the items they expect are near the exact ones."""
    from random import Random

    bar = make_lock(_claim("vendor/model", 0, Random(0)))
    run_costs._plan_if_true.cache_clear()
    expected = {}
    for number in range(1, 100):
        value = number / 100 + 0.003
        moved = {"value": value, "low": value - 0.0005, "high": value + 0.0005}
        one = bar.model_copy(update={"interval": bar.interval.model_copy(update=moved)})
        expected[number] = run_costs._plan_if_true(run_costs._rounded(one), None).prospects[0].items, one
    assert run_costs._plan_if_true.cache_info().misses <= 40
    for number in (12, 33, 57, 88):
        found, one = expected[number]
        assert found == pytest.approx(plan_criterion(one).prospects[0].items, rel=0.1)
