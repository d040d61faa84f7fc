"""One server for all the runs on an artifact: started when first needed, ended with the flow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from evaluators.records import Artifact
from evaluators.servers import ModelServer, ServerOptions, open_server
from evaluators.weights import using
from flows.device import devices_held
from flows.progress import say
from flows.sides import Side


class Desk:
    """Hands out the server of an artifact; starts it on first use, and holds the device while it runs."""

    def __init__(self, backend: str, options: ServerOptions, logs: Path) -> None:
        self.backend = backend
        self.options = options
        self.logs = logs
        self._stack = ExitStack()
        self._served: str | None = None
        self._server: ModelServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server, if one runs, and give the device back."""
        self._server = self._served = None
        self._stack.close()

    def server(self, artifact: Artifact) -> ModelServer:
        """The server of this artifact. Raises Problem with the root cause if it cannot be started."""
        if self._server is not None and self._served == artifact.key:
            return self._server
        self.close()
        self._hold(self.backend)
        self._stack.enter_context(using(artifact))
        server = self._stack.enter_context(open_server(self.backend, artifact, self.options, self.logs))
        self._server, self._served = server, artifact.key
        return server

    @contextmanager
    def pair(self, one: Side, other: Side) -> Iterator[tuple[ModelServer, ModelServer]]:
        """Two servers at a time on the one device, for runs that take turns, each with its own backend and options.
        Ends the server that was handed out."""
        self.close()
        self._hold(one.backend, other.backend)
        try:
            with (
                using(one.artifact),
                using(other.artifact),
                open_server(one.backend, one.artifact, one.options, self.logs / "numerator") as first,
                open_server(other.backend, other.artifact, other.options, self.logs / "denominator") as second,
            ):
                yield first, second
        finally:
            self.close()

    def _hold(self, *backends: str) -> None:
        if set(backends) != {"attached"}:
            self._stack.enter_context(
                devices_held(lambda device: say(f"waiting for {device}: another verification runs on it"))
            )
