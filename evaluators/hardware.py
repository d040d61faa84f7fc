"""What the machine is: read from it, never guessed."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from evaluators.records import Hardware

GPU_FIELDS = ("name", "memory.total", "driver_version", "clocks.sm")
MIB = 1024 * 1024


def cores() -> int:
    """Logical processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def physical_cores() -> int:
    """Physical cores, at most those that this process may use."""
    import psutil

    return min(cores(), psutil.cpu_count(logical=False) or cores())


def memory() -> int:
    """Main memory in bytes: the machine's, or the control group's limit where that is lower."""
    import psutil

    total = psutil.virtual_memory().total
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        if limit.exists() and (text := limit.read_text().strip()).isdigit():
            total = min(total, int(text))
    return total


def cpu_name() -> str | None:
    """Processor name, e.g. `AMD EPYC 9654`."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip() or None
    if platform.system() == "Darwin":
        return _answer(["sysctl", "-n", "machdep.cpu.brand_string"])
    return platform.processor() or None


def gpus() -> list[dict[str, str]]:
    """One row a visible NVIDIA GPU with GPU_FIELDS as keys; empty without a driver."""
    rows = query_gpus(GPU_FIELDS) or ()
    return [dict(zip(GPU_FIELDS, row, strict=True)) for row in rows if len(row) == len(GPU_FIELDS)]


def query_gpus(fields: Sequence[str]) -> list[list[str]] | None:
    """nvidia-smi's cells, one row a visible NVIDIA GPU; None without a driver, or where it does not know a field."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return []
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    text = _answer([*command, f"--id={visible.strip()}"] if visible else command)
    return None if text is None else gpu_rows(text)


def gpu_rows(text: str) -> list[list[str]]:
    """Cells of nvidia-smi's lines."""
    return [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()]


def device_names() -> tuple[str, ...]:
    """Index or UUID of each visible NVIDIA GPU, as CUDA_VISIBLE_DEVICES names it; empty without any."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return tuple(name.strip() for name in sorted(visible.split(",")) if name.strip() not in ("", "-1"))
    count = len(list(Path("/proc/driver/nvidia/gpus").glob("*"))) or len(gpus())
    return tuple(str(number) for number in range(count))


def device_environment(devices: tuple[str, ...]) -> dict[str, str]:
    """Variables that let a server see these GPUs only, numbered as nvidia-smi does; none where it may see all."""
    return {"CUDA_VISIBLE_DEVICES": ",".join(devices), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if devices else {}


def read_hardware() -> Hardware:
    """The machine as it is now; the GPU clock is the one at this moment."""
    devices = gpus()
    first = devices[0] if devices else {}
    fixed = _fixed()
    return Hardware(
        cpu=fixed[0],
        cores=cores(),
        memory=fixed[1],
        gpu=first.get("name"),
        gpus=len(devices),
        gpu_memory=_number(first.get("memory.total"), MIB),
        driver=first.get("driver_version"),
        gpu_clock=_number(first.get("clocks.sm")),
    )


def without_gpus(machine: Hardware) -> Hardware:
    """The same machine for a server that uses no GPU."""
    return machine.model_copy(update={"gpu": None, "gpus": 0, "gpu_memory": None, "driver": None, "gpu_clock": None})


@lru_cache(maxsize=1)
def _fixed() -> tuple[str | None, int]:
    return cpu_name(), memory()


def _number(text: str | None, factor: int = 1) -> int | None:
    return int(float(text) * factor) if text and text.replace(".", "", 1).isdigit() else None


def _answer(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
