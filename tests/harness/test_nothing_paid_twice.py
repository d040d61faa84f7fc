"""kill -9 at random moments: no answer that is on disk is asked for again, and the score does not change."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import time
from pathlib import Path

import pytest

from evaluators.backends import ModelServer
from evaluators.harness import run_benchmark
from evaluators.harness.concurrency import in_flight
from evaluators.records import Artifact, Run, RunStatus, Settings
from tests.harness.conftest import SUMS
from tests.harness.fakes import Reachable
from tests.harness.relayed import relayed

ITEMS = 500
KILLS = 5
SETTINGS = [(Settings(), 1), (Settings(temperature=0.7, repeats=4), 4)]


def run(server: Reachable, artifact: Artifact, folder: Path, settings: Settings) -> Run:
    """The first 500 demo sums, in whatever process this is called."""
    return run_benchmark(SUMS, artifact, server, settings, folder=folder, limit=ITEMS, checks=False)


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


def survive(server: Reachable, artifact: Artifact, folder: Path, settings: Settings, repeats: int) -> None:
    """Kills at random counts of requests, a run to the end, and one without any kill."""
    total = ITEMS * repeats
    chance = random.Random(repeats)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["evaluators.harness.run", "lm_eval.tasks", "lm_eval.evaluator_utils", __name__])
    snapshots = []
    for _ in range(KILLS):
        moment = sum(server.counts().values()) + chance.randint(1, total // (KILLS + 2))
        child = context.Process(target=run, args=(server, artifact, folder / "runs", settings))
        child.start()
        while child.is_alive() and sum(server.counts().values()) < moment:
            time.sleep(0.002)
        assert child.is_alive(), "it must be killed, not finished"
        child.kill()
        child.join()
        snapshots.append((server.counts(), written(folder / "runs")))
    final = run(server, artifact, folder / "runs", settings)
    counts = server.counts()
    assert final.attempts == KILLS + 1
    for before, safe in snapshots:
        for seed in safe:
            assert counts[seed] == before[seed], "an answer on disk was asked for again"
    assert len(counts) == total
    lost = KILLS * 2 * in_flight(server.slots)  # under way, and answered but not yet on disk
    assert sum(counts.values()) - total <= lost, "more was lost than may be under way"
    straight = run(server, artifact, folder / "straight", settings)
    assert final.status is RunStatus.finished
    assert final.measurements == straight.measurements
    assert abs(final.requests_sent - sum(counts.values())) <= lost
    assert straight.requests_sent == total and straight.attempts == 1
    strict = final.measurements[0]
    assert strict.items == ITEMS and len(strict.values) == ITEMS


@pytest.mark.long
@pytest.mark.parametrize(
    ("settings", "repeats"), [pytest.param(*SETTINGS[0], id="greedy"), pytest.param(*SETTINGS[1], id="sampled")]
)
def test_many_kills(server: ModelServer, artifact: Artifact, tmp_path: Path, settings: Settings, repeats: int) -> None:
    """On a real llama.cpp."""
    with relayed(server) as counting:
        survive(counting, artifact, tmp_path, settings, repeats)
