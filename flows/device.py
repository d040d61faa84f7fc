"""One model server at a time on a device. The kernel gives the lock back, also after kill -9."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


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
def devices_held(waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold every device that a local server will use; `waiting(device)` is told once where it has to wait."""
    folder = lock_folder()
    folder.mkdir(mode=0o777, parents=True, exist_ok=True)
    with ExitStack() as held:
        for device in devices():
            lock = FileLock(folder / f"{device}.lock", mode=0o666)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                waiting(device)
                lock.acquire()
            held.callback(lock.release)
        yield
