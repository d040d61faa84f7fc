"""A run that was stopped is gone on with for a rule that wants more, and pays for nothing twice."""

from __future__ import annotations

from pathlib import Path

from evaluators.catalogue import benchmark
from evaluators.harness import run_benchmark
from evaluators.records import Run, Settings
from evaluators.stopping import InterimLook, StoppingRule
from tests.harness.fakes import ARTIFACT, FakeServer


class After:
    """Stops after so many items."""

    def __init__(self, items: int) -> None:
        self.items = items

    def stop(self, look: InterimLook) -> bool:
        return look.items >= self.items


def run(server: FakeServer, folder: Path, rule: StoppingRule | None, limit: int | None = None) -> Run:
    return run_benchmark(
        benchmark("demo_sums"), ARTIFACT, server, Settings(), folder=folder, stop=rule, limit=limit, checks=False
    )


def test_a_stopped_run_is_gone_on_with(tmp_path: Path) -> None:
    with FakeServer() as server:
        first = run(server, tmp_path, After(128))
        paid = sum(server.counts().values())
        assert run(server, tmp_path, After(64)).run_id == first.run_id  # a rule that is content sends nothing
        assert sum(server.counts().values()) == paid
        second = run(server, tmp_path, After(320))
        assert second.continues == first.run_id and second.run_id != first.run_id
        assert second.measurements[0].items >= 320 > first.measurements[0].items
        assert sum(server.counts().values()) - paid == second.requests_sent
        third = run(server, tmp_path, After(480))
        assert third.continues == first.run_id
        assert run(server, tmp_path, After(480)).run_id == third.run_id
        values = third.measurements[0].values
        assert values[: first.measurements[0].items] == first.measurements[0].values


def test_a_run_of_the_first_items_is_whole(tmp_path: Path) -> None:
    with FakeServer() as server:
        first = run(server, tmp_path, None, limit=64)
        paid = sum(server.counts().values())
        assert run(server, tmp_path, None, limit=64).run_id == first.run_id
        assert sum(server.counts().values()) == paid
