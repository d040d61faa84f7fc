"""Agent benchmarks of several machines in one store: no task is paid for twice, and a lost machine's are taken over."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import Benchmark
from evaluators.catalogue.benchmark import Score
from evaluators.outside.harnesses.harness import Harness, HarnessSetup
from evaluators.outside.harnesses.harness_registry import HARNESSES
from evaluators.outside.harnesses.run_harness import run_agent_benchmark
from evaluators.outside.harnesses.task_journal import TASKS, TaskJournal, open_journal
from evaluators.outside.harnesses.task_loop import RunBudget
from evaluators.outside.outside_records import OutsideItem
from evaluators.records import ItemStatus, Run, RunStatus, Settings
from evaluators.stopping import InterimLook
from flows.sharing.file_store import FileStore
from flows.sharing.journal_parts import PartWriter
from flows.sharing.leases import take_lease
from flows.sharing.shared_runs import SharedRuns
from tests.harness.fakes import ARTIFACT, Reachable
from tests.outside.small_harness import KEY, SmallHarness, answering

ITEMS = 24
ENTRY = Benchmark(
    name="small_tasks", title="Small tasks", evaluator="outside", harness="small", items=ITEMS,
    scores=(Score(metric="resolved", filter="none"),),
)  # fmt: skip


def small(setup: HarnessSetup) -> Harness:
    """The harness of `ENTRY`, as the registry makes it."""
    return SmallHarness(ITEMS)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HARNESSES, "small", f"{__name__}:small")


@pytest.fixture(params=[pytest.param("folder", marks=pytest.mark.long), "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "folder" else f"memory://{uuid.uuid4().hex}"


class StopAfter:
    def __init__(self, items: int) -> None:
        self.items = items

    def stop(self, look: InterimLook) -> bool:
        return look.items >= self.items


class Served(Reachable):
    """The server of the tasks, whose weights are known."""

    key = KEY

    def alive(self) -> bool:
        return True


def run(server: Any, home: Path, store: SharedRuns | None, **more: Any) -> Run:
    served = Served(server.server_address[1], slots=4)
    return run_agent_benchmark(ENTRY, ARTIFACT, served, Settings(), home=home, store=store, **more)


@pytest.mark.long
def test_two_machines_pay_once(address: str, tmp_path: Path) -> None:
    stores = [SharedRuns(address, share=0.05, beat=0.1) for _ in range(2)]
    with answering(lambda name: name.endswith("1")) as server, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(run, server, tmp_path / str(n), store) for n, store in enumerate(stores)]
        runs = [future.result() for future in waiting]
        assert len(server.asked) == len(set(server.asked)) == ITEMS
    assert runs[0].run_id == runs[1].run_id and runs[0].measurements == runs[1].measurements
    assert stores[0].store.listing("journals") == []


def test_tasks_of_a_lost_machine_are_taken_over(address: str, tmp_path: Path) -> None:
    store = FileStore(address)
    with answering(lambda name: True) as server:
        broken_off = run(server, tmp_path / "a", None, budget=RunBudget(tasks=10))
        folder = tmp_path / "a" / "runs" / broken_off.run_id
        (folder / "run.json").unlink()  # as if it had been killed before it ended
        with (folder / TASKS).open("ab") as journal:
            journal.write(b'{"kind": "close", "it')  # in the middle of a line
        assert PartWriter(store, folder.name, folder, "lost machine").write() > 0
        take_lease(store, folder.name, lambda machine: None)  # and it is never heard of again
        made = run(server, tmp_path / "b", SharedRuns(address, silence=0.0, share=0.05))
        assert len(server.asked) == len(set(server.asked)) == ITEMS
    assert (made.status, made.requests_reused, made.measurements[0].items) == (RunStatus.finished, 10, ITEMS)
    assert store.listing(f"journals/{folder.name}") == []


@pytest.mark.long
def test_a_stopped_run_goes_on_at_another_machine(address: str, tmp_path: Path) -> None:
    with answering(lambda name: True) as server:
        first = run(server, tmp_path / "a", SharedRuns(address), stop=StopAfter(5))
        second = run(server, tmp_path / "b", SharedRuns(address), stop=StopAfter(15))
        assert len(server.asked) == len(set(server.asked)) == 16
    assert second.continues == first.run_id and second.measurements[0].items == 15


UNREADABLE = (b"", b"{}\n", b"[1]\n", b'{"kind": "taken"}\n', b"\xff\n", b'{"kind": "close"}\n')


@pytest.mark.parametrize(
    "content", [*UNREADABLE[:1], *(pytest.param(content, marks=pytest.mark.long) for content in UNREADABLE[1:])]
)
def test_what_cannot_be_read_costs_its_tasks_only(content: bytes, tmp_path: Path) -> None:
    with answering(lambda name: True) as server:
        stopped = run(server, tmp_path, None, stop=StopAfter(5))
        folder = tmp_path / "runs" / stopped.run_id
        (folder / "tasks-other.jsonl").write_bytes(content)
        gone_on = run(server, tmp_path, None, stop=StopAfter(15))
        assert len(server.asked) == len(set(server.asked)) == 16
    assert gone_on.measurements[0].items == 15


def test_an_open_batch_loses_what_another_machine_has_finished(tmp_path: Path) -> None:
    with answering(lambda name: True) as server:
        other = run(server, tmp_path / "a", None, budget=RunBudget(tasks=4))
    theirs = TaskJournal(tmp_path / "a" / "runs" / other.run_id / TASKS)
    ours = TaskJournal(tmp_path / TASKS)
    ours.begin()
    ours.open_batch("batches/00001", (*list(theirs.items)[:3], "item-unfinished"))
    assert ours.take_over(theirs, failed=False) == 4
    assert ours.take_over(theirs, failed=False) == 0
    again = TaskJournal(tmp_path / TASKS)
    assert again.open is not None and again.open.ids == ("item-unfinished",) and again.items == theirs.items


def test_what_another_machine_failed_at_is_tried_here(tmp_path: Path) -> None:
    """Its broken engine is no reason to give an item up; earlier runs of the same chain keep theirs."""
    theirs = TaskJournal(tmp_path / "a" / "tasks-other.jsonl")
    theirs.path.parent.mkdir()
    theirs.begin()
    theirs.open_batch("batches/00001", ("item-1", "item-2"))
    broken = OutsideItem(id="item-2", score=None, status=ItemStatus.failed, error="no engine")
    theirs.close_batch([OutsideItem(id="item-1", score=1.0), broken], ("item-2",), 1)
    here = open_journal(tmp_path / "a")
    assert list(here.items) == ["item-1"] and here.failures == {}
    (tmp_path / "b").mkdir()
    goes_on = open_journal(tmp_path / "b", [tmp_path / "a"])
    assert set(goes_on.items) == {"item-1", "item-2"} and goes_on.failures == {"item-2": 1}
