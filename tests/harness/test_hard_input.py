"""Faults of the server change neither the score nor the counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaluators.backends.retry import times_as_long
from evaluators.harness import RetryLimits, run_benchmark
from evaluators.records import Run, RunStatus, Settings
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import ARTIFACT, FakeServer, Reachable

QUICK = RetryLimits(timeout=1.0, backoff=0.01, longest=0.05)


def run(server: Reachable, folder: Path, **more: object) -> Run:
    """The first 300 demo sums."""
    options = {"limit": 300, "checks": False, "limits": QUICK} | more
    return run_benchmark(FEW_SUMS, ARTIFACT, server, Settings(), folder=folder, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same items from a server without faults."""
    with FakeServer() as server:
        return run(server, tmp_path_factory.mktemp("clean"))


def scores(run: Run) -> list[tuple[object, ...]]:
    """What must not depend on faults."""
    return [(m.metric, m.filter, m.score, m.stderr, m.items, m.of, m.values, m.failed) for m in run.measurements]


UNHEARD = 6
"""Requests that we may have given up, and count as sent, before a busy machine let the server read them."""


def test_errors_silence_and_broken_answers(clean: Run, tmp_path: Path) -> None:
    """5 % HTTP 500, 2 % never answered, 1 % malformed JSON: same score, and each fault costs one more request."""
    with FakeServer(error=0.05, silent=0.02, broken=0.01) as server:
        found = run(server, tmp_path)
        counts = server.counts()
    assert found.status is RunStatus.finished
    assert scores(found) == scores(clean)
    assert 300 < sum(counts.values()) <= found.requests_sent <= sum(counts.values()) + UNHEARD
    assert max(counts.values()) == 2 and len(counts) == 300


def test_server_killed_in_the_middle(clean: Run, tmp_path: Path) -> None:
    """The server dies twice and is started again; the run goes on."""
    with FakeServer(latency=0.005, deaths=2, dies_after=80) as server:
        found = run(server, tmp_path)
        assert server.starts == 3
    assert found.status is RunStatus.finished
    assert scores(found) == scores(clean)


def test_poison_items_are_failed_and_counted(clean: Run, tmp_path: Path) -> None:
    """An item that always fails is recorded as failed after its attempts; one refused with 400 after the first."""
    with FakeServer(poison=0.008, refused=0.008) as server:
        found = run(server, tmp_path)
        counts = server.counts()
    measured = found.measurements[0]
    stubborn = [count for count in counts.values() if count > 1]
    assert measured.failed > len(stubborn) > 0, "both kinds of fault must occur"
    assert set(stubborn) == {QUICK.attempts}
    assert sum(counts.values()) <= found.requests_sent <= sum(counts.values()) + UNHEARD
    assert sum(value is None for value in measured.values) == measured.failed
    for ours, theirs in zip(measured.values, clean.measurements[0].values, strict=True):
        assert ours in (None, theirs)
    good = [value for value in measured.values if value is not None]
    assert measured.score == pytest.approx(sum(good) / len(good))
    assert measured.low == pytest.approx(sum(good) / 300)
    assert measured.high == pytest.approx((sum(good) + measured.failed) / 300)


def test_too_many_failures_make_the_run_invalid_and_it_can_be_tried_again(clean: Run, tmp_path: Path) -> None:
    """More than 2 % failed: invalid, with the reason, and nothing answered is asked again."""
    with FakeServer(refused=0.1) as server:
        found = run(server, tmp_path)
        counts = server.counts()
    assert found.status is RunStatus.invalid and "failed" in str(found.reason)
    assert len(counts) < 300, "it must stop as soon as the run cannot become sound"
    answered = {
        row["seed"]
        for row in pq.read_table(tmp_path / found.run_id / "responses.parquet").to_pylist()
        if row["status"] == "ok"
    }
    with FakeServer() as server:
        again = run(server, tmp_path)
        assert answered and not answered & server.counts().keys()
    assert again.run_id == found.run_id and again.attempts == 2
    assert scores(again) == scores(clean)


def test_a_server_that_answers_nothing_is_not_asked_for_long(tmp_path: Path) -> None:
    with FakeServer(refused=1.0) as server:
        found = run(server, tmp_path, limits=RetryLimits(allowed_failed=0.5, backoff=0.01))
        asked = len(server.counts())
    assert found.status is RunStatus.invalid and "none of the first" in str(found.reason)
    assert found.server_failed
    assert RetryLimits().hopeless <= asked < 150, "those in flight included, of 300"


def test_long_answers_get_time_in_proportion(tmp_path: Path) -> None:
    """What would be cut off at the same time in every attempt."""
    assert times_as_long(RetryLimits(), 32768) * RetryLimits().timeout == pytest.approx(8192)
    assert times_as_long(RetryLimits(), None) == times_as_long(RetryLimits(), 64) == 1
    hasty = RetryLimits(timeout=0.1, attempts=1, allowed_failed=1.0)
    for limits, failed in ((hasty, 8), (replace(hasty, usual=4), 0)):
        with FakeServer(latency=0.4) as server:
            found = run(server, tmp_path / str(failed), limits=limits, limit=8)
        assert found.measurements[0].failed == failed


def test_metric_that_breaks_costs_its_item_only(clean: Run, tmp_path: Path) -> None:
    """lm-eval's own metrics raise on some answers; the item has no score and the run says why."""
    original = f"{FEW_SUMS.tasks_folder}/few_sums.yaml"
    (tmp_path / "demo_sums.yaml").write_text(
        f"include: {original}\ntask: demo_sums\nprocess_results: !function broken.process_results\n", encoding="utf-8"
    )
    (tmp_path / "broken.py").write_text(
        "def process_results(doc, results):\n    return {'exact_match': 1.0 / (doc['id'] % 100 != 7)}\n",
        encoding="utf-8",
    )
    benchmark = FEW_SUMS.model_copy(update={"tasks_folder": str(tmp_path)})
    with FakeServer() as server:
        found = run_benchmark(benchmark, ARTIFACT, server, Settings(), folder=tmp_path / "runs", checks=False)
    measured = found.measurements[0]
    assert found.status is RunStatus.finished
    assert (measured.items, measured.failed, measured.score) == (320, 4, 1.0)
    assert measured.low == pytest.approx(316 / 320) and "ZeroDivisionError" in found.checks["scoring"]
