"""What a benchmark in containers lacks on a machine: told before anything is pulled, with what it would cost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluators.catalogue import Benchmark, benchmark, catalogue
from evaluators.outside.harnesses.docker_engine import docker_lacks, docker_variables
from evaluators.outside.harnesses.harness import HarnessMissing, HarnessSetup
from evaluators.outside.harnesses.harness_registry import harness_for
from flows.cli import run_command
from flows.verification.jobs import plan_jobs
from tests.outside.docker_stand_in import lay_docker
from tests.outside.test_import_results import claim

VERIFIED = benchmark("swe_bench_verified")
IN_CONTAINERS = [entry for entry in catalogue().values() if entry.images_gb is not None]


def engine(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `docker` that does this, before all others."""
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'Cannot connect to the Docker daemon' >&2; exit 1", "no Docker engine runs"),
        ("echo ' /var/lib/docker'", "no Docker engine runs"),
        ("echo '28.0 /proc'", "has 0 GB left"),
    ],
)
def test_one_clear_reason(script: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(tmp_path / "bin", script, monkeypatch)
    text = str(docker_lacks(VERIFIED))
    assert told in text and "120 GB" in text and "SWE-bench/SWE-bench_Verified" in text and "\n" not in text
    with pytest.raises(HarnessMissing) as raised:
        harness_for(HarnessSetup(VERIFIED, tmp_path, tmp_path))
    assert (raised.value.reason, str(raised.value)) == ("tools_missing", text)
    plan = plan_jobs([claim("org/model", "swe_bench_verified", "73.4")])
    assert [(one.reason, one.text) for one in plan.refused] == [("tools_missing", text)] and not plan.jobs


def test_without_docker_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Docker is not installed" in str(docker_lacks(VERIFIED))
    assert docker_lacks(benchmark("demo_repairs")) is None


def test_an_engine_that_runs_lacks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = lay_docker(tmp_path, "/nowhere")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine:2375")
    assert docker_lacks(VERIFIED) is None
    assert docker_variables()["DOCKER_HOST"] == "tcp://engine:2375"
    assert [job.benchmark.name for job in plan_jobs([claim("org/model", "swe_bench_verified", "73.4")]).jobs] == [
        "swe_bench_verified"
    ]


@pytest.mark.parametrize("entry", IN_CONTAINERS, ids=[one.name for one in IN_CONTAINERS])
def test_entries_say_what_they_take(entry: Benchmark) -> None:
    assert entry.dataset and entry.margin_reason and (entry.minimum, entry.every) == (30, 5)
    assert entry.protocol.scaffold is None, "a claim that names no scaffold is never refuted"
    assert entry.margin >= 0.03


def test_the_plan_says_what_is_missing_and_what_it_would_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    engine(tmp_path / "bin", "exit 1", monkeypatch)
    folder = tmp_path / "coder"
    folder.mkdir()
    (folder / "README.md").write_text("# coder\n\n| Benchmark | coder |\n|---|---|\n| SWE-bench Verified | 73.4 |\n")
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    assert run_command(["plan", str(folder), "--json"]) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    (run,), (row,) = found["runs"], found["claims"]
    assert "no Docker engine runs" in run["lacking"] and any("no Docker engine" in one for one in row["cannot"])
    assert run["written"] == run["items"] * 15_000 and run["seconds"] > 0
    assert 30 <= row["expected_items"]["10"] < 500
    assert found["total"] == found["total"] | {"runs": 0, "hours": 0.0, "tokens_written": 0}
    assert run_command(["plan", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "this machine has not what the runs need" in told and "not in the totals" in told


def test_tasks_of_harbor_need_compose_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = benchmark("terminal_bench_2")
    engine(tmp_path / "bin", '[ "$1" = info ] && echo "28.0 " || exit 1', monkeypatch)
    assert "`docker compose` is not installed" in str(docker_lacks(terminal))
    engine(tmp_path / "all", 'echo "28.0 "', monkeypatch)
    assert docker_lacks(terminal) is None
