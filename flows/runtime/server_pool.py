"""One server for all the runs on an artifact: started when first needed, ended with the flow."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.backends.registry import backend
from evaluators.records import Artifact
from evaluators.weights import using
from flows.runtime.progress_lines import say
from flows.verification.ratio_sides import Side

SECONDS_BETWEEN_WORDS = 60.0
"""Between two lines that say what is waited for."""


class ServerPool:
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
        """The server of this artifact. Raises UserError with the root cause if it cannot be started."""
        if self._server is not None and self._served == artifact.key:
            return self._server
        self.close()
        self._hold(artifact.release.model, self.backend)
        self._stack.enter_context(using(artifact))
        server = self._stack.enter_context(open_server(self.backend, artifact, self.options, self.logs))
        self._server, self._served = server, artifact.key
        return server

    @contextmanager
    def pair(self, one: Side, other: Side) -> Iterator[tuple[ModelServer, ModelServer]]:
        """Two servers at a time on the one device, for runs that take turns, each with its own backend and options.
        Ends the server that was handed out."""
        self.close()
        self._hold(one.artifact.release.model, one.backend, other.backend)
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

    def _hold(self, model: str, *backends: str) -> None:
        if any(backend(name).ours for name in backends):
            self._stack.enter_context(
                devices_held(lambda device, holder: say(f"{model} waits for {device}: {holder} runs on it"), model)
            )


def devices() -> tuple[str, ...]:
    """Names of the devices a local server will use: the visible GPUs, or `cpu`."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return tuple(f"gpu{name.strip()}" for name in sorted(visible.split(",")))
    count = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
    return tuple(f"gpu{number}" for number in range(count)) or ("cpu",)


def lock_folder() -> Path:
    """Where the lock files lie: one folder a machine, whoever runs claimcheck and from wherever."""
    return Path(os.environ.get("CLAIMCHECK_LOCKS") or Path(tempfile.gettempdir()) / "claimcheck-devices")


@contextmanager
def devices_held(waiting: Callable[[str, str], None], model: str = "") -> Iterator[None]:
    """Hold every device that a local server will use, for a model. Where it has to wait, `waiting(device, holder)` is
    told at once and every minute."""
    folder = lock_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        folder.chmod(0o1777)  # whoever comes first makes it for all users of the machine, whatever the umask
    with ExitStack() as held:
        for device in devices():
            lock, note = FileLock(folder / f"{device}.lock", mode=0o666), folder / f"{device}.holder"
            timeout = 0.0
            while not lock.is_locked:
                try:
                    lock.acquire(timeout=timeout)
                except Timeout:
                    waiting(device, _holder(note))
                    timeout = SECONDS_BETWEEN_WORDS
            held.callback(lock.release)
            with suppress(OSError):
                note.write_text(f"{model or 'another verification'} (process {os.getpid()})", encoding="utf-8")
                note.chmod(0o666)
        yield


def _holder(note: Path) -> str:
    """Who holds a device, by its own note."""
    try:
        return note.read_text(encoding="utf-8")[:200] or "another verification"
    except (OSError, UnicodeDecodeError):
        return "another verification"
