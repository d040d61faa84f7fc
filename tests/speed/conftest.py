"""Servers of a known pace, and what surrounds a speed claim."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluators.records import Artifact, Hardware, Release, ServerDescription, Settings, WeightFile
from warehouse.claim_records import Claim, Claimant, ClaimSource
from warehouse.claims.text.interval import read_interval

PROGRAM = Path(__file__).with_name("paced_server.py")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class Paced:
    """A running paced server, in the shape of a ModelServer."""

    url: str
    process: subprocess.Popen[str]
    backend: str = "llama.cpp"
    key: str | None = None
    described: dict[str, object] = field(default_factory=dict)

    def describe(self) -> ServerDescription:
        given = {"version": "b1", "model": "paced", "context": 4096, "slots": 4, "hardware": Hardware(cpu="Paced 9000")}
        return ServerDescription(backend=self.backend, **{**given, **self.described})

    def alive(self) -> bool:
        return True

    def restart(self) -> None: ...

    def stop(self) -> None: ...

    def __enter__(self) -> Paced:
        return self

    def __exit__(self, *exc: object) -> None: ...


@contextmanager
def paced_servers() -> Iterator[Callable[..., Paced]]:
    """A function that starts a paced server with these settings (see paced_server.PACE); `backend` says which it passes
    for. All are ended at the end."""
    running: list[subprocess.Popen[str]] = []

    def start(backend: str = "llama.cpp", **pace: object) -> Paced:
        process = subprocess.Popen([sys.executable, str(PROGRAM), json.dumps(pace)], stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout
        return Paced(f"http://127.0.0.1:{int(process.stdout.readline())}", process, backend)

    try:
        yield start
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture
def paced() -> Iterator[Callable[..., Paced]]:
    """Start paced servers that end with the test."""
    with paced_servers() as start:
        yield start


def artifact_of(quantization: str = "F16") -> Artifact:
    """An artifact of a release that exists nowhere."""
    file = WeightFile(name="paced.gguf", size=1, sha256=hashlib.sha256(quantization.encode()).hexdigest())
    release = Release(model="maker/paced", commit="0", location="/nowhere")
    return Artifact(
        release=release, format="gguf", quantization=quantization, path="/nowhere/paced.gguf", files=(file,)
    )


def claim_of(said: str, benchmark: str = "output_speed", unit: str = "tok/s", **settings: object) -> Claim:
    """A claim about it, the number read as it would be from a card."""
    return Claim(
        claim_id=hashlib.sha256(f"{said} {benchmark} {settings}".encode()).hexdigest()[:16],
        model="maker/paced",
        benchmark=benchmark,
        benchmark_text=benchmark,
        said=said,
        interval=read_interval(said, unit),
        claimant=Claimant.vendor,
        settings=Settings(**settings),
        source=ClaimSource(url="card", sha256="0" * 64, read_at=NOW, kind="model_card"),
        place="line 1",
    )
