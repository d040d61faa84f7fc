"""Which GPUs a verification holds while its server runs: one lock file a device, whoever runs claimcheck on it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from evaluators.hardware import device_names

UNKNOWN_HOLDER = "another verification"
SECONDS_BETWEEN_WORDS = 60.0
"""Between two lines that say what is waited for."""


def lock_folder() -> Path:
    """Where the lock files lie: one folder a machine, whoever runs claimcheck and from wherever."""
    return Path(os.environ.get("CLAIMCHECK_LOCKS") or Path(tempfile.gettempdir()) / "claimcheck-devices")


def holder_of(device: str) -> str:
    """Who holds a device, by its own note."""
    try:
        return (lock_folder() / f"{device}.holder").read_text(encoding="utf-8")[:200] or UNKNOWN_HOLDER
    except (OSError, UnicodeDecodeError):
        return UNKNOWN_HOLDER


@contextmanager
def devices_held(
    waiting: Callable[[str], None], least: int | None = None, most: int | None = None, *, model: str = ""
) -> Iterator[tuple[str, ...]]:
    """Hold the devices that a local server will use, and give their names as CUDA_VISIBLE_DEVICES has them.

    least, most: GPUs; without them all visible ones, 0 for the processor. What is free beyond `least` is taken in
    multiples of it, up to `most`. `waiting(device)` is told at once and every minute where it has to wait, and others
    are told that `model` runs on them. Whoever collects GPUs holds the gate, so that two that each hold some never wait
    for each other.
    """
    folder = lock_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        folder.chmod(0o1777)  # whoever comes first makes it for all users of the machine, whatever the umask
    names = device_names() if least != 0 else ()
    least = min(least or len(names), len(names)) or 1
    most = min(max(most or least, least), max(len(names), 1))
    locks = {
        name: FileLock(folder / f"{name}.lock", mode=0o666) for name in [f"gpu{name}" for name in names] or ["cpu"]
    }
    with ExitStack() as held, ExitStack() as gate:
        if len(locks) > 1:
            _acquire(FileLock(folder / "gate.lock", mode=0o666), "the GPUs", waiting, gate)
        free = [name for name, lock in locks.items() if _acquired(lock, held)]
        for name in [name for name in locks if name not in free][: max(0, least - len(free))]:
            _acquire(locks[name], name, waiting, held)
            free.append(name)
        kept = free[: min(most, len(free)) // least * least]
        for name in set(free) - set(kept):
            locks[name].release()
        gate.close()
        for name in kept:
            with suppress(OSError):
                note = folder / f"{name}.holder"
                note.write_text(f"{model or UNKNOWN_HOLDER} (process {os.getpid()})", encoding="utf-8")
                note.chmod(0o666)
        yield tuple(name.removeprefix("gpu") for name in locks if name in kept and names)


def _acquire(lock: FileLock, name: str, waiting: Callable[[str], None], held: ExitStack) -> None:
    """Acquire a lock, waiting for it where somebody has it."""
    timeout = 0.0
    while not _acquired(lock, held, timeout):
        waiting(name)
        timeout = SECONDS_BETWEEN_WORDS


def _acquired(lock: FileLock, held: ExitStack, timeout: float = 0.0) -> bool:
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        return False
    held.callback(lock.release)
    return True
