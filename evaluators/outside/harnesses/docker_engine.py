"""Whether containers can be run here, and for how much there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from evaluators.catalogue import Benchmark

SECONDS = 10.0
"""Seconds that the engine may take to answer."""
LEAST_GB = 10
"""Free disk in GB without which no image is pulled: one takes 1 to 5 GB."""
PASSED_ON = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""Variables that say where the engine is."""


def docker_lacks(benchmark: Benchmark) -> str | None:
    """What a benchmark whose tasks bring container images lacks on this machine, in one line; None if it lacks nothing
    or needs no containers. Asks the engine once a process."""
    if not benchmark.in_containers:
        return None
    program = shutil.which("docker")
    lacking = "Docker is not installed" if program is None else _engine_lacks(program)
    if lacking is None and benchmark.harness == "harbor" and not _composes(program or ""):
        lacking = "`docker compose` is not installed"
    if lacking is None:
        return None
    needs = "a Docker engine, "
    needs += f"{benchmark.images_gb} GB of disk for all images" if benchmark.images_gb else "disk for its images"
    needs += f", and the hub's {benchmark.dataset}" if benchmark.dataset else ""
    return f"{benchmark.title} runs in containers of its tasks, and {lacking}; it needs {needs}"


def docker_variables() -> dict[str, str]:
    """Where the engine is, for programs that have another home than ours."""
    variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return variables | {"DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")}


@cache
def _engine_lacks(program: str) -> str | None:
    try:
        done = subprocess.run(
            [program, "info", "--format", "{{.ServerVersion}} {{.DockerRootDir}}"],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "the Docker engine does not answer"
    version, _, root = done.stdout.rstrip().partition(" ")
    if done.returncode or not version:
        return "no Docker engine runs"
    if not root or not Path(root).is_dir():
        return None  # an engine elsewhere: its disk is not seen
    free = shutil.disk_usage(root).free / 1e9
    return None if free >= LEAST_GB else f"{root} has {free:.0f} GB left"


@cache
def _composes(program: str) -> bool:
    command = [program, "compose", "version"]
    try:
        return not subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
