"""The loop of all harnesses, with a small harness whose batches are real subprocesses that ask a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluators.outside.harnesses.harness import Endpoint, Step
from evaluators.outside.harnesses.run_step import run_step
from evaluators.outside.harnesses.task_journal import TaskJournal
from evaluators.outside.harnesses.task_loop import LoopEnd, LoopOrder, RunBudget, fixed_order, run_tasks
from evaluators.outside.outside_records import OutsideItem
from evaluators.stopping import InterimLook, RunAll, StoppingRule
from tests.outside.small_harness import KEY, SmallHarness, answering

SCORE = ("resolved", "none")


def odd(name: str) -> bool:
    return int(name[-3:]) % 2 == 1


def start(
    folder: Path,
    server: Any,
    harness: SmallHarness,
    *,
    rule: StoppingRule | None = None,
    slots: int = 4,
    budget: RunBudget | None = None,
) -> LoopEnd:
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    order = LoopOrder(
        folder=folder,
        endpoint=Endpoint(address, "model", slots),
        idle=Endpoint("http://127.0.0.1:9/v1", "idle"),
        key=KEY,
        alive=lambda: not server.dead,
        rule=rule or RunAll(),
        score=SCORE,
        order_seed=7,
        budget=budget or RunBudget(),
    )
    return run_tasks(harness, TaskJournal(folder / "tasks.jsonl"), order)


def test_every_item_is_asked_once_in_the_fixed_order(tmp_path: Path) -> None:
    harness = SmallHarness(12)
    with answering(odd) as server:
        end = start(tmp_path, server, harness, slots=6)
    order = fixed_order(harness.ids, 7)
    assert [item.id for item in end.prefix] == list(order) == server.asked
    assert [item.score for item in end.prefix] == [float(odd(name)) for name in order]
    assert (end.reason, end.stopped_by, end.chance, end.total) == (None, None, 0.0, 12)


def test_the_rule_is_asked_after_every_item_and_ends_the_run(tmp_path: Path) -> None:
    seen: list[int] = []

    class AfterFive:
        def stop(self, look: InterimLook) -> bool:
            seen.append(look.items)
            assert len(look.values[SCORE]) == look.items
            return look.items >= 5

    with answering(odd) as server:
        end = start(tmp_path, server, SmallHarness(40), rule=AfterFive())
    assert seen == [1, 2, 3, 4, 5]
    assert len(end.prefix) == 5
    assert end.stopped_by == "rule"
    assert len(server.asked) == 8  # two batches of four slots


def test_a_server_that_dies_half_way_costs_nothing(tmp_path: Path) -> None:
    harness = SmallHarness(20)
    with answering(odd, dies_after=10) as server:
        end = start(tmp_path, server, harness)
        first = list(server.asked)
    assert end.reason is not None
    assert "does not answer" in end.reason
    assert all(item.score is not None for item in end.prefix)
    with answering(odd) as server:
        end = start(tmp_path, server, harness)
        asked = Counter(first + server.asked)
    assert end.reason is None
    assert {item.id: item.score for item in end.prefix} == {name: float(odd(name)) for name in harness.ids}
    assert set(asked.values()) == {1}
    assert len(asked) == 20


def test_a_kill_costs_nothing(tmp_path: Path) -> None:
    """The process of the loop is killed by SIGKILL when five items were answered."""
    harness = SmallHarness(16)
    with answering(odd) as server:
        code = (
            "import sys; from pathlib import Path; from types import SimpleNamespace\n"
            "from tests.outside.test_task_loop import start; from tests.outside.small_harness import SmallHarness\n"
            f"server = SimpleNamespace(server_address=('', {server.server_address[1]}), dead=False)\n"
            f"start(Path({str(tmp_path)!r}), server, SmallHarness(16), slots=2)"
        )
        process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        with server.answered:
            assert server.answered.wait_for(lambda: len(server.asked) >= 5, timeout=120)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        end = start(tmp_path, server, harness, slots=2)
        asked = Counter(server.asked)
    assert {item.id: item.score for item in end.prefix} == {name: float(odd(name)) for name in harness.ids}
    # the one request under way when everything was killed may have been answered to nobody
    assert sum(asked.values()) - len(asked) <= 1
    assert len(asked) == 16


def test_a_torn_line_of_the_journal_never_counted(tmp_path: Path) -> None:
    journal = TaskJournal(tmp_path / "tasks.jsonl")
    journal.begin()
    journal.open_batch("batches/00001", ["a"])
    journal.close_batch([OutsideItem(id="a", score=1.0)], (), 1)
    path = tmp_path / "tasks.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    again = TaskJournal(path)
    assert again.items == {}
    assert again.open is not None
    assert again.open.ids == ("a",)
    again.close_batch([OutsideItem(id="a", score=1.0)], (), 1)
    assert TaskJournal(path).items["a"].score == 1.0


def test_failures_of_the_infrastructure_are_tried_again_and_are_no_zeros(tmp_path: Path) -> None:
    class Flaky(SmallHarness):
        """One item fails always, another twice."""

        def read(self, folder: Path) -> Any:
            for item in super().read(folder):
                tries = int(folder.name) if folder.parent.name == "batches" else 0
                if (item.id == "item-001" and tries) or (item.id == "item-003" and 0 < tries <= 2):
                    yield OutsideItem(id=item.id, score=None, status="failed", error="no space left")
                else:
                    yield item

    harness = Flaky(60)
    with answering(odd) as server:
        end = start(tmp_path, server, harness, slots=60)
        asked = Counter(server.asked)
    scores = {item.id: item.score for item in end.prefix}
    assert scores["item-001"] is None
    assert scores["item-003"] == 1.0
    assert asked["item-001"] == asked["item-003"] == 3
    assert len(asked) == 60
    assert sum(asked.values()) == 64
    assert end.reason is None  # one of sixty is below two in a hundred


def test_a_run_with_too_many_failures_is_unsound(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with answering(odd) as server:
        end = start(tmp_path, server, SmallHarness(60, broken=["item-007"]), slots=60)
        assert end.reason is None
        assert end.refused == ("item-007",)
        assert "item-007" not in server.asked
    with answering(odd) as server:
        end = start(
            tmp_path / "second", server, SmallHarness(60, broken=["item-007"], solved_by_nothing=["item-009"]), slots=60
        )
    assert end.reason is not None
    assert "2 of 60 tasks have no score" in end.reason
    assert set(end.refused) == {"item-007", "item-009"}


def test_doing_nothing_measures_the_chance(tmp_path: Path) -> None:
    harness = SmallHarness(8, solved_by_nothing=["item-001", "item-002"], each_item=False)
    with answering(odd) as server:
        end = start(tmp_path, server, harness, slots=8)
    assert end.chance == 0.25
    assert end.refused == ()
    assert len(end.prefix) == 8


def test_a_budget_ends_a_run_between_batches(tmp_path: Path) -> None:
    with answering(odd) as server:
        end = start(tmp_path, server, SmallHarness(20), budget=RunBudget(tasks=6))
        assert (len(end.prefix), end.stopped_by, len(server.asked)) == (6, "6 tasks", 6)
        end = start(tmp_path, server, SmallHarness(20), slots=14)
        assert (len(end.prefix), len(server.asked)) == (20, 20)
    spent = OutsideItem(id="a", score=1.0, tokens_in=10**6, tokens_out=10**5)
    assert RunBudget(dollars=1.0, dollars_read=0.5, dollars_generated=4.0).used_up([spent], 0) is None
    assert RunBudget(dollars=0.9, dollars_read=0.5, dollars_generated=4.0).used_up([spent], 0) == "0.9 dollars"
    assert RunBudget(tokens=10**6).used_up([spent], 0) == "1,000,000 tokens"
    assert RunBudget(hours=1).used_up([], 3600) == "1 hours"


def test_the_key_is_in_no_file(tmp_path: Path) -> None:
    with answering(odd, dies_after=2) as server:
        start(tmp_path, server, SmallHarness(4))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("[secret removed]" in path.read_text() for path in files)
    assert [path for path in files if KEY in path.read_text()] == []


def test_a_step_gets_nothing_of_our_environment_and_ends_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET", "leaked")
    code = "import json, os; json.dump(dict(os.environ), open('seen.json', 'w'))"
    assert run_step(Step((sys.executable, "-c", code), 60, key_variables=("A_KEY",)), tmp_path, None) == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert "MY_SECRET" not in seen
    assert seen["HOME"] == str(tmp_path / "home")
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    assert run_step(Step((sys.executable, "-c", code), 0.5), tmp_path, None) == 124
