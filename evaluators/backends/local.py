"""What all servers that we start ourselves have in common: readiness, identity, health, restart, end."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Self

import httpx

from evaluators.backends.process import LOOPBACK, ServerProcess, port_is_free
from evaluators.records import UserError

KILLED = (
    "the system killed it, most likely because memory ran out; ask for a smaller context, fewer slots or a smaller "
    "quantization"
)
POLL = (0.02, 0.5)
"""Seconds between two looks at a starting server: at first, and at most."""
PORT_RELEASE = 10.0
"""Most seconds until the system frees the port of a server that was killed."""
HEALTH_TIMEOUT = 10.0
"""Seconds a busy server may take to answer its health check."""


class LocalServer:
    """A model server in a child process. A backend gives the command line, the causes of failure and `describe`."""

    backend: str
    program: str
    """Name of the program in messages."""
    ready_path = "/health"
    guarded_path = "/v1/models"
    """Answers only to who knows the key."""

    def __init__(self, port: int, key: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.port = port
        self.url = f"http://{LOOPBACK}:{port}"
        self.key: str | None = key
        self.log = log
        self.start_timeout = 600.0
        self.process = ServerProcess(command, log, environment)
        # loopback without TLS: loading certificates and reading proxies from the environment would be in the way
        self._client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, verify=False
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it is ready and known to be ours.

        Raises UserError with the root cause if it ends, if something else answers on its port, or if it is not ready
        within `start_timeout` seconds. Whatever is raised, no process is left.
        """
        if not port_is_free(self.port):
            raise UserError(f"port {self.port} on {LOOPBACK} is in use; end what uses it or choose another port")
        try:
            self.process.start()
            self._wait()
            self._identify()
            self.check()
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start it again on the same port with the same flags, after it died or hangs. Raises UserError if
        it cannot."""
        self.stop()
        deadline = time.monotonic() + PORT_RELEASE
        while not port_is_free(self.port) and time.monotonic() < deadline:
            time.sleep(POLL[0])  # threads of the killed server may still hold the socket
        self.start()

    def stop(self) -> None:
        """End it and everything it started. Harmless when it is gone already."""
        self.process.stop()

    def alive(self) -> bool:
        """Whether it still answers its health check."""
        if not self.process.running():
            return False
        try:
            return self._client.get(self.ready_path, timeout=HEALTH_TIMEOUT).status_code == 200
        except httpx.HTTPError:
            return False

    def check(self) -> None:
        """Refuse a server that came up with something else than what was asked for; raises UserError."""

    def cause(self, output: str) -> str:
        """The root cause of a failed start in what the program printed, in one line without a full stop."""
        raise NotImplementedError

    def get(self, path: str) -> dict[str, object]:
        """A JSON object from the server; raises UserError if it does not answer with one."""
        try:
            answer = self._client.get(path, timeout=30)
            answer.raise_for_status()
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UserError(f"{self.program} does not answer {path} ({error}); see {self.log}") from None
        if not isinstance(content, dict):
            raise UserError(f"{self.program} answers {path} with no JSON object; see {self.log}")
        return content

    def offered_model(self) -> dict[str, object]:
        """What an OpenAI-like server says of the one model that it offers; raises UserError if it offers none."""
        rows = self.get("/v1/models").get("data")
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            raise UserError(f"{self.program} offers no model; see {self.log}")
        return rows[0]

    def _wait(self) -> None:
        deadline = time.monotonic() + self.start_timeout
        pause = POLL[0]
        while True:
            if not self.process.running():
                code = self.process.exit_code()
                cause = KILLED if code == 128 + signal.SIGKILL else self.cause(self.process.output())
                raise UserError(f"{self.program} did not start: {cause} (exit code {code})")
            try:
                if self._client.get(self.ready_path, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > deadline:
                raise UserError(
                    f"{self.program} was not ready after {self.start_timeout:g} s; see {self.log}, "
                    "or allow it more time (start timeout)"
                )
            time.sleep(pause)
            pause = min(pause * 1.1, POLL[1])

    def _identify(self) -> None:
        """Only our own server refuses a wrong key and takes ours."""
        answers: list[int | str] = []
        for key in ("wrong", self.key):
            try:
                headers = {"Authorization": f"Bearer {key}"}
                answers.append(self._client.get(self.guarded_path, headers=headers, timeout=30).status_code)
            except httpx.HTTPError as error:
                answers.append(str(error))
        if answers != [401, 200]:
            raise UserError(
                f"what answers on port {self.port} is not the {self.program} that was started ({answers}); "
                f"see {self.log} and start again"
            )
