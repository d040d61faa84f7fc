"""A sound server passes every check; a broken one stops the run before the first item."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends import ModelServer
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, RunStatus, ServerDescription, Settings, UserError
from tests.harness.conftest import FACTS, SUMS
from tests.harness.fakes import ARTIFACT, FakeServer


@pytest.mark.parametrize("prompt", ["completion", "chat"])
def test_sound_server_generates(server: ModelServer, artifact: Artifact, tmp_path: Path, prompt: str) -> None:
    """Every check has a finding and none fails."""
    thinking = "off" if prompt == "chat" else None
    settings = Settings(prompt=prompt, thinking=thinking, temperature=0.8, repeats=2)
    run = run_benchmark(SUMS, artifact, server, settings, folder=tmp_path, limit=8)
    assert run.status is RunStatus.finished
    wanted = {"answers", "deterministic", "max_tokens", "temperature", "stop", "model", "context", "context_budget"}
    wanted |= {"template"} if prompt == "chat" else {"bos"}
    assert wanted <= run.checks.keys()
    assert not run.failed_checks and run.greedy_repeats
    assert run.checks["deterministic"] == "yes"
    assert [run.checks[name] for name in ("max_tokens", "stop", "temperature")] == ["honoured"] * 3
    assert run.signals["bos_doubled"] == 0 and run.signals["answers"] == 16
    assert run.signals["template_applied"] == (prompt == "chat")
    assert run.signals["repeats_identical_share"] < 1


def test_sound_server_scores(server: ModelServer, artifact: Artifact, tmp_path: Path) -> None:
    """Log-probabilities are examined where a run needs them."""
    run = run_benchmark(FACTS, artifact, server, Settings(), folder=tmp_path, limit=8)
    assert run.status is RunStatus.finished and run.checks["logprobs"].startswith("between")


def test_ignored_stop_strings_are_said(tmp_path: Path) -> None:
    """The fake ignores stop strings: answers are cut here, and the run says so."""
    with FakeServer() as server:
        run = run_benchmark(SUMS, ARTIFACT, server, Settings(), folder=tmp_path, limit=8)
    assert run.status is RunStatus.finished and "cut here" in run.checks["stop"]


class Narrow(FakeServer):
    """A server whose limit is smaller than the answers'."""

    def describe(self) -> ServerDescription:
        """A context of 32."""
        return super().describe().model_copy(update={"context": 32})


def test_limit_that_would_empty_the_prompt(tmp_path: Path) -> None:
    """An error before the first request."""
    with Narrow() as server, pytest.raises(UserError, match="no room for a prompt"):
        run_benchmark(SUMS, ARTIFACT, server, Settings(max_tokens=32), folder=tmp_path, limit=8)


def test_copies_are_refused(tmp_path: Path) -> None:
    """Repeats at temperature 0 would be paid for nothing."""
    with FakeServer() as server, pytest.raises(UserError, match="copies"):
        run_benchmark(SUMS, ARTIFACT, server, Settings(repeats=4), folder=tmp_path, limit=8)
        assert not server.counts()
