"""The Docker mode against a real engine, where one runs (`DOCKER_HOST` says where; `tests/make_docker_engine.sh` starts
one). Images are built from `CLAIMCHECK_TEST_IMAGE`, which has bash, git, python and pytest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators.catalogue import Benchmark, benchmark
from evaluators.outside.harnesses.docker_engine import docker_lacks
from evaluators.outside.harnesses.small_repositories import build_repositories
from evaluators.outside.harnesses.swebench_data import REPOSITORIES, ROWS
from evaluators.records import RunStatus
from tests.demo_agents.scripted_model import SOURCE, scripted_model
from tests.demo_agents.test_mini_swe_agent import ENVIRONMENTS, KEY, home, run, scores, truth
from tests.demo_agents.test_swebench_docker import errors

NAME = "engine_repairs"
BASE = os.environ.get("CLAIMCHECK_TEST_IMAGE")
pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(not BASE, reason="no CLAIMCHECK_TEST_IMAGE"),
    pytest.mark.skipif(docker_lacks(benchmark("swe_bench_verified")) is not None, reason="no Docker engine"),
]
__all__ = ["home"]


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def entry(home: Path, tmp_path: Path) -> Iterator[Benchmark]:
    """Six tasks of the demo, as if read from the hub, each with an image that holds its repository."""
    made = build_repositories(SOURCE, tmp_path / "made")
    kept = ENVIRONMENTS / "data" / NAME
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    rows = [json.loads(line) for line in (made / ROWS).read_text().splitlines()[:6]]
    for row in rows:
        row["image"] = row["image_name"] = f"demo/{row['instance_id']}:latest"
        repository = made / REPOSITORIES / row["instance_id"]
        owned = "RUN chown -R root:root /testbed && git config --global --add safe.directory /testbed"
        (repository / "Dockerfile").write_text(f"FROM {BASE}\nCOPY . /testbed\n{owned}\nWORKDIR /testbed\n")
        (repository / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
        docker("build", "--quiet", "--tag", row["image"], str(repository))
    (kept / ROWS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    yield benchmark("swe_bench_verified").model_copy(update={"name": NAME, "items": 6})
    shutil.rmtree(kept, ignore_errors=True)
    docker("image", "rm", "--force", *(row["image"] for row in rows))


def test_tasks_are_done_and_graded_and_no_container_is_left(entry: Benchmark, home: Path) -> None:
    before = docker("ps", "--all", "--quiet")
    with scripted_model(4, key=KEY) as server:
        measured = run(home, entry, server)
    assert scores(measured, home) == truth(6, 4), errors(measured, home)
    assert (measured.status, measured.settings.sandbox) == (RunStatus.finished, "docker")
    assert measured.checks["control_gold"] == "6 of 6 tasks solved"
    assert measured.checks["control_nothing"] == "0 of 6 tasks solved"
    assert docker("ps", "--all", "--quiet") == before
    files = [path for path in (home / "runs").rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
