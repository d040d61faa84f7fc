"""`FakeServer`: the small misbehaving server as a ModelServer, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Self

import httpx

from evaluators.records import Artifact, Release, ServerDescription, WeightFile

ROOT = Path(__file__).parents[2]

ARTIFACT = Artifact(
    release=Release(model="fake/model", commit="0", location="/nowhere"),
    format="gguf",
    quantization="f32",
    path="/nowhere/fake.gguf",
    files=(WeightFile(name="fake.gguf", size=1, sha256="0" * 64),),
)


class Reachable:
    """A running fake by its port: all that a forked run needs."""

    backend = "llama.cpp"
    key: str | None = None

    def __init__(self, port: int, slots: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.slots = slots

    def describe(self) -> ServerDescription:
        """Fixed."""
        return ServerDescription(backend="llama.cpp", version="fake", model="fake", slots=self.slots, context=1024)

    def alive(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"{self.url}/counts", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def restart(self) -> None:
        """Not here."""
        raise NotImplementedError

    def stop(self) -> None:
        """Not here."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def counts(self) -> dict[int, int]:
        """Requests by seed."""
        found = httpx.get(f"{self.url}/counts", timeout=30).json()
        return {int(seed): count for seed, count in found.items()}

    def order(self) -> list[int]:
        """Seeds in the order in which they were answered."""
        return list(httpx.get(f"{self.url}/order", timeout=30).json())


class FakeServer(Reachable):
    """Starts the fake, and starts it again on the same port after it died."""

    def __init__(self, slots: int = 8, deaths: int = 0, **options: float | str) -> None:
        """`deaths`: it crashes so often, each time after `dies_after` answers."""
        super().__init__(0, slots)
        self.deaths = deaths
        self.options = dict(options)
        self.starts = 0
        self._start()

    def _start(self) -> None:
        if self.starts == self.deaths:
            self.options.pop("dies_after", None)
        command = [sys.executable, "-m", "tests.harness.fake_server", json.dumps(self.options)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        port = int(self.process.stdout.readline())
        self.options["port"] = port
        self.url = f"http://127.0.0.1:{port}"
        self.starts += 1

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again if it is dead."""
        if self.process.poll() is not None:
            self._start()

    def stop(self) -> None:
        """End it."""
        self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def __enter__(self) -> Self:
        return self
