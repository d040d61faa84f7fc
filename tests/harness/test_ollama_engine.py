"""The engine through Ollama: a stand-in takes the weights, and a real llama.cpp answers in its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Settings, UserError
from tests.harness.conftest import FACTS, SUMS
from tests.harness.relayed import relayed
from tests.servers.ollama_stand_in import ollama

ITEMS = 32


@pytest.fixture
def ollama_server(
    server: ModelServer, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelServer]:
    """An Ollama into which the demo model was put."""
    monkeypatch.setenv("OLLAMA_TEST_KEY", server.key or "")
    with ollama() as store, relayed(server, routes={"/api/": store.url, "/v1/models": store.url}) as front:
        options = ServerOptions(url=front.url, key_variable="OLLAMA_TEST_KEY", context=1024)
        with open_server("ollama", artifact, options, tmp_path) as running:
            yield running


@pytest.mark.parametrize("prompt", ["completion", "chat"])
def test_generation(
    ollama_server: ModelServer, server: ModelServer, artifact: Artifact, tmp_path: Path, prompt: str
) -> None:
    """Item for item what llama.cpp itself gives, preflight included."""
    chat = prompt == "chat"
    settings = Settings(prompt=prompt, thinking="on" if chat else None, max_tokens=200 if chat else 24)
    ours, theirs = (
        run_benchmark(SUMS, artifact, asked, settings, folder=tmp_path / asked.backend, limit=ITEMS)
        for asked in (ollama_server, server)
    )
    assert ours.status == theirs.status == "finished", (ours.reason, theirs.reason)
    assert ours.server is not None and ours.server.backend == "ollama" and ours.server.artifact_key == artifact.key
    assert [m.values for m in ours.measurements] == [m.values for m in theirs.measurements]
    assert ours.run_id != theirs.run_id


def test_choices_are_refused_before_anything_is_paid_for(
    ollama_server: ModelServer, artifact: Artifact, tmp_path: Path
) -> None:
    """Ollama tells no log-probabilities of a prompt."""
    with pytest.raises(UserError, match="no log-likelihoods; serve the model with"):
        run_benchmark(FACTS, artifact, ollama_server, Settings(), folder=tmp_path, limit=ITEMS)
