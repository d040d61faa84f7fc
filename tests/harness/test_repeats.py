"""Repeats are different answers, each scored, averaged per item (avg@k), and the best of them counts for pass@k."""

from __future__ import annotations

import statistics
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaluators.harness import run_benchmark
from evaluators.records import RunStatus, Settings
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import ARTIFACT, FakeServer

ITEMS, REPEATS = 60, 4


def test_average_and_pass_at_k(tmp_path: Path) -> None:
    """Against the answers themselves."""
    settings = Settings(temperature=0.8, repeats=REPEATS)
    with FakeServer(wrong=0.5) as server:
        run = run_benchmark(FEW_SUMS, ARTIFACT, server, settings, folder=tmp_path, limit=ITEMS, checks=False)
        counts = server.counts()
    assert run.status is RunStatus.finished and run.settings.repeats == REPEATS
    assert len(counts) == ITEMS * REPEATS and set(counts.values()) == {1}, "every repeat has a seed of its own"
    rows = [
        row
        for row in pq.read_table(tmp_path / run.run_id / "items.parquet").to_pylist()
        if row["filter"] == "strict-match"
    ]
    by_item: dict[int, list[float]] = {}
    for row in rows:
        if row["metric"] != "exact_match":
            continue
        assert row["value"] == (row["extracted"] == row["target"].split("#### ")[1])
        by_item.setdefault(row["position"], []).append(row["value"])
    assert [len(values) for values in by_item.values()] == [REPEATS] * ITEMS
    means = [statistics.mean(by_item[position]) for position in range(ITEMS)]
    average, best = run.measurements[0], run.measurements[1]
    assert average.values == pytest.approx(means)
    assert average.score == pytest.approx(statistics.mean(means))
    assert average.stderr == pytest.approx(statistics.stdev(means) / ITEMS**0.5), "items are the sample, not answers"
    assert best.metric == f"exact_match_pass@{REPEATS}"
    bests = [float(max(by_item[position])) for position in range(ITEMS)]
    assert best.values == tuple(bests)
    assert best.score == pytest.approx(statistics.mean(bests))
    assert statistics.mean(bests) > statistics.mean(means)
    voted = next(one for one in run.measurements if (one.metric, one.filter) == ("exact_match_maj@4", "strict-match"))
    answers: dict[int, list[tuple[str, float]]] = {}
    for row in rows:
        if row["metric"] == "exact_match":
            answers.setdefault(row["position"], []).append((row["extracted"], row["value"]))
    expected = [
        dict(answers[position])[statistics.mode(answer for answer, _ in answers[position])] for position in range(ITEMS)
    ]
    assert voted.values == tuple(expected)
