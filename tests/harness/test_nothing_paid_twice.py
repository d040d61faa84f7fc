"""kill -9 at random moments: no answer that is on disk is asked for again, and the score does not change."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import time
from pathlib import Path

import pytest

from evaluators.harness import run_benchmark
from evaluators.records import Run, RunStatus, Settings
from tests.harness.conftest import SUMS
from tests.harness.fakes import ARTIFACT, FakeServer, Reachable

ITEMS = 500
GREEDY = Settings()
SAMPLED = Settings(temperature=0.7, repeats=4)


def run(port: int, slots: int, folder: Path, settings: Settings) -> Run:
    """The first 500 demo sums, in whatever process this is called."""
    server = Reachable(port, slots)
    return run_benchmark(SUMS, ARTIFACT, server, settings, folder=folder, limit=ITEMS, checks=False)


def written(folder: Path) -> set[int]:
    """Seeds of the responses that the journal holds."""
    found: set[int] = set()
    for path in folder.glob("*/journal.sqlite"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            try:
                rows = connection.execute("SELECT payload ->> '$.seed' FROM responses").fetchall()
            except sqlite3.OperationalError:
                rows = []
        found |= {int(seed) for (seed,) in rows}
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "repeats"), [(GREEDY, 1), (SAMPLED, 4)], ids=["greedy", "sampled"])
def test_ten_kills(tmp_path: Path, settings: Settings, repeats: int) -> None:
    """Ten kills at random counts of requests."""
    total, slots, kills = ITEMS * repeats, 8, 10
    chance = random.Random(repeats)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["evaluators.harness.run", "lm_eval.tasks", "lm_eval.evaluator_utils", __name__])
    with FakeServer(latency=0.01, slots=slots) as server:
        port = int(server.url.rpartition(":")[2])
        snapshots = []
        for _ in range(kills):
            moment = sum(server.counts().values()) + chance.randint(1, total // (kills + 2))
            child = context.Process(target=run, args=(port, slots, tmp_path / "runs", settings))
            child.start()
            while child.is_alive() and sum(server.counts().values()) < moment:
                time.sleep(0.002)
            assert child.is_alive(), "it must be killed, not finished"
            child.kill()
            child.join()
            snapshots.append((server.counts(), written(tmp_path / "runs")))
        final = run(port, slots, tmp_path / "runs", settings)
        counts = server.counts()
        assert final.attempts == kills + 1
        for before, safe in snapshots:
            for seed in safe:
                assert counts[seed] == before[seed], "an answer on disk was asked for again"
        assert len(counts) == total
        lost = kills * 2 * (slots + 1)
        assert sum(counts.values()) - total <= lost, "more was lost than may be under way"
        straight = run(port, slots, tmp_path / "straight", settings)
    assert final.status is RunStatus.finished
    assert final.measurements == straight.measurements
    assert abs(final.requests_sent - sum(counts.values())) <= lost
    assert straight.requests_sent == total and straight.attempts == 1
    strict = final.measurements[0]
    assert strict.items == ITEMS and len(strict.values) == ITEMS
