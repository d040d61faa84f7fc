"""A run with thinking gives item for item what lm-eval gives with `think_end_token` on the same server."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaluators.harness import run_benchmark
from evaluators.records import Settings
from tests.flows.answering_server import AnsweringServer
from tests.harness.conftest import SUMS
from tests.harness.fakes import ARTIFACT
from tests.harness.test_equality import same, upstream


@pytest.mark.parametrize("shots", [pytest.param(0, marks=pytest.mark.long), 3])
def test_think_end_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shots: int) -> None:
    """Shots as turns, thinking in the answer's text: the same answers, extracted values, scores and errors."""
    monkeypatch.setenv("OPENAI_API_KEY", "")
    settings = Settings(shots=shots, prompt="chat", thinking="on", max_tokens=300)
    with AnsweringServer({"thinking": 0.8, "chat": 0.5, "completion": 0.5}, always=True, stops=False) as server:
        run = run_benchmark(SUMS, ARTIFACT, server, settings, folder=tmp_path, limit=64)
        assert run.status == "finished", run.reason
        rows = pq.read_table(tmp_path / run.run_id / "items.parquet").to_pylist()
        documents = sorted({row["doc_id"] for row in rows})
        theirs = upstream(server, "local-chat-completions", SUMS, settings, documents, think_end_token="</think>")
    same(run, tmp_path, theirs, tolerance=0.0)
