"""A real llama.cpp that dies, and faults between it and us, change neither the score nor the counts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from evaluators.backends import ModelServer, ServerOptions
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer
from evaluators.catalogue import Benchmark
from evaluators.harness import Progress, RetryLimits, run_benchmark
from evaluators.records import Artifact, Run, RunStatus, Settings
from tests.harness.conftest import FACTS, FEW_SUMS, SUMS
from tests.harness.relayed import relayed

PATIENCE = RetryLimits(timeout=2.0, backoff=0.01, longest=0.05)
OPTIONS = ServerOptions(slots=2, threads=1, context=1024, kv_type="f32", flash_attention="off")
ITEMS = 120


def scores(run: Run) -> list[tuple[object, ...]]:
    """What must not depend on faults."""
    assert run.status is RunStatus.finished, run.reason
    return [(m.metric, m.filter, m.score, m.stderr, m.items, m.of, m.values, m.failed) for m in run.measurements]


@pytest.mark.long
@pytest.mark.parametrize("benchmark", [SUMS, FACTS], ids=["generation", "choices"])
def test_faults_on_the_way(server: ModelServer, artifact: Artifact, tmp_path: Path, benchmark: Benchmark) -> None:
    """5 % HTTP 500, 2 % never answered, 1 % cut off: each fault costs one more request, and that is all."""

    def run(asked: ModelServer, name: str) -> Run:
        return run_benchmark(
            benchmark, artifact, asked, Settings(), folder=tmp_path / name, limit=120, checks=False, limits=PATIENCE
        )

    clean = run(server, "clean")
    with relayed(server, error=0.05, silent=0.02, broken=0.01) as faulty:
        found = run(faulty, "faulty")
        counts = faulty.counts()
    assert scores(found) == scores(clean)
    assert found.requests_sent == sum(counts.values()) > len(counts)
    assert max(counts.values()) == 2


def test_the_server_dies_in_the_middle(
    server: ModelServer, artifact: Artifact, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """kill -9 of llama.cpp: it is started again and the run goes on."""
    clean = run_benchmark(FEW_SUMS, artifact, server, Settings(), folder=tmp_path / "clean", limit=ITEMS, checks=False)
    with LlamaCppServer(artifact, OPTIONS, tmp_path) as mortal:
        killed: list[int] = []

        def kill(now: Progress) -> None:
            if now.done >= ITEMS // 10 and not killed and mortal.process.pid:
                killed.append(mortal.process.pid)
                os.kill(mortal.process.pid, signal.SIGKILL)

        found = run_benchmark(
            FEW_SUMS, artifact, mortal, Settings(), folder=tmp_path / "mortal", limit=ITEMS, checks=False,
            progress=kill, limits=PATIENCE,
        )  # fmt: skip
        assert killed and mortal.process.pid != killed[0]
    assert scores(found) == scores(clean)
