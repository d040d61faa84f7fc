"""What else the machine did while we measured: other programs' share of the processor, brakes on the GPU."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from evaluators.backends import ModelServer
from evaluators.hardware import query_gpus

if TYPE_CHECKING:
    import psutil

LOCAL = {"127.0.0.1", "localhost", "::1"}
PROGRAMS = {"ollama": ("ollama", "llama-server")}
"""Programs of servers that we did not start, by backend, as process names begin."""
BRAKES = ("hw_thermal_slowdown", "sw_thermal_slowdown", "hw_power_brake_slowdown")


@dataclass(frozen=True)
class Moment:
    """Processor seconds used so far, and when."""

    at: float
    busy: float
    """By all programs, those of other virtual machines on ours (steal) included."""
    ours: float
    """By us and by the server."""


class Load:
    """Reads how much of the processor others use. Readable only where the server runs on this machine and its processes
    can be told apart."""

    def __init__(self, *servers: ModelServer) -> None:
        self._servers = servers

    def moment(self) -> Moment | None:
        """Now; None where it cannot be read."""
        import psutil

        trees = [_processes(server) for server in self._servers]
        ours = [psutil.Process()]
        for tree in trees:
            if tree is None:
                return None
            ours += tree
        used = 0.0
        for process in {process.pid: process for process in ours}.values():
            with contextlib.suppress(psutil.Error):
                spent = process.cpu_times()
                used += spent.user + spent.system
        return Moment(time.monotonic(), _busy(), used)

    def others(self, before: Moment | None, after: Moment | None) -> float | None:
        """Share of all processor cores, 0 to 1, that other programs used between two moments; None if not readable."""
        return None if before is None or after is None else others(before, after)


def others(before: Moment, after: Moment) -> float | None:
    """Share of all processor cores, 0 to 1, that other programs used between two moments; None for no time at all."""
    if after.at <= before.at:
        return None
    spent = (after.busy - before.busy) - (after.ours - before.ours)
    return min(max(spent / (after.at - before.at) / (os.cpu_count() or 1), 0.0), 1.0)


def moment_with_children() -> Moment:
    """Now, for programs that we start and wait for: ours are we and those of them that have ended."""
    spent = os.times()
    used = spent.user + spent.system + spent.children_user + spent.children_system
    return Moment(time.monotonic(), _busy(), used)


def _busy() -> float:
    import psutil

    times = psutil.cpu_times()
    busy: float = sum(times) - times.idle - getattr(times, "iowait", 0.0)
    # guest time is counted in user time already
    return busy - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)


def _processes(server: ModelServer) -> list[psutil.Process] | None:
    """The server's processes; None if they are not here or not known."""
    import psutil

    if urlsplit(server.url).hostname not in LOCAL:
        return None
    pid = getattr(getattr(server, "process", None), "pid", None)
    if pid is not None:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            return [root, *root.children(recursive=True)]
        return None
    names = PROGRAMS.get(server.backend)
    if names is None:
        return None
    processes = [process for process in psutil.process_iter(["name"]) if (process.info["name"] or "").startswith(names)]
    return processes or None  # in a container, or under another name: what it uses would pass for other programs


def gpu_state() -> tuple[int | None, tuple[str, ...] | None]:
    """SM clock (MHz) of the slowest NVIDIA GPU in use, and the brakes that are on now (heat, power); None for what
    cannot be read."""
    for family in ("clocks_event_reasons", "clocks_throttle_reasons"):  # today's name and that of drivers before 535
        rows = query_gpus(["clocks.sm", *(f"{family}.{brake}" for brake in BRAKES)])
        if rows is not None:
            return read_gpu_state(rows)
    return None, None


def read_gpu_state(rows: Sequence[Sequence[str]]) -> tuple[int | None, tuple[str, ...] | None]:
    """nvidia-smi's rows (clock, then one `Active` or `Not Active` a brake) -> lowest clock, brakes that are on; None
    where no row says so."""
    clocks = [int(row[0]) for row in rows if row[0].isdigit()]
    states = [(brake, state) for row in rows for brake, state in zip(BRAKES, row[1:], strict=False)]
    if not any(state in ("Active", "Not Active") for _, state in states):
        return (min(clocks) if clocks else None), None
    return (min(clocks) if clocks else None), tuple(dict.fromkeys(name for name, state in states if state == "Active"))
