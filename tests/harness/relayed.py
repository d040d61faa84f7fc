"""`Relayed`: a real model server behind the relay that counts and misbehaves, as a ModelServer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from evaluators.backends import ModelServer
from evaluators.records import ServerDescription
from tests.harness.fakes import Reachable

ROOT = Path(__file__).parents[2]


class Relayed(Reachable):
    """A real server by the port of its relay. It can be handed to another process, where it cannot be restarted."""

    def __init__(self, port: int, server: ModelServer) -> None:
        self.description = server.describe()
        super().__init__(port, self.description.slots)
        self.backend, self.key = server.backend, server.key
        self.server: ModelServer | None = server

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "server": None}

    def describe(self) -> ServerDescription:
        """The real server's."""
        return self.description

    def alive(self) -> bool:
        """Whether the real server answers."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            return httpx.get(f"{self.url}/v1/models", headers=headers, timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def restart(self) -> None:
        """Start the real server again."""
        assert self.server is not None
        self.server.restart()


@contextmanager
def relayed(server: ModelServer, **options: object) -> Iterator[Relayed]:
    """The server behind a relay with these options."""
    command = [sys.executable, "-m", "tests.harness.relay", json.dumps({"target": server.url, **options})]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Relayed(int(process.stdout.readline()), server)
        finally:
            process.kill()
