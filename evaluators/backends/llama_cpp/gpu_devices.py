"""Which GPUs a llama-server can use: one that was built without them, or that may not open them, serves on the CPU
without an error, and its speed and its memory would be told of a GPU that did nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from evaluators.hardware import gpus

TIMEOUT = 60
"""Seconds for the first start of a driver."""
HEADING = "available devices:"
DEVICE = re.compile(r"^\s+(\w+\d+): ", re.MULTILINE)
FAILED = re.compile(r"\bggml_cuda_init: (?:error: )?(failed to initialize \w+.*|no \w+ devices found.*)", re.IGNORECASE)


def uses_gpus(executable: str, extra: Mapping[str, str]) -> bool:
    """Whether a llama-server, started with these further flags, puts the model on the GPUs of this machine. A program
    that cannot say so is believed to."""
    if extra.get("--gpu-layers") == "0" or extra.get("--device", "").lower() == "none" or not gpus():
        return False
    return gpu_devices(executable) != ()


def gpu_devices(executable: str) -> tuple[str, ...] | None:
    """Names of the devices that `llama-server --list-devices` tells, as `CUDA0`; None for a program that has no such
    option or gives no list."""
    try:
        return _devices(executable, Path(executable).stat().st_mtime_ns)
    except OSError:
        return None


@cache
def _devices(executable: str, changed: int) -> tuple[str, ...] | None:
    try:
        done = subprocess.run(
            [executable, "--list-devices"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    _, heading, listed = done.stdout.lower().partition(HEADING)
    return tuple(name.upper() for name in DEVICE.findall(listed)) if heading else None


def gpu_failure(log: str) -> str | None:
    """What a server says of an NVIDIA or AMD GPU that it could not use; None if it says nothing of that kind. Of other
    drivers' lines none is asked: a build may hold several, and one that finds no device of its own is no failure.

    log: what it wrote since its last start, since the file keeps earlier ones.
    """
    match = FAILED.search(log)
    return match[1].strip() if match else None
