"""An environment of its own for each harness: their pins exclude each other, and lm-eval's.

<home>/harnesses/<name>-<version>/           made by uv, once
<home>/harnesses/<name>-<version>/lock.txt   every package with its version, written last
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from evaluators.files import write_atomic
from evaluators.outside.harnesses.harness import HarnessMissing

LOCK = "lock.txt"
LATEST = 14
"""Python 3.x up to which interpreters are looked for."""
INSTALL_SECONDS = 3600.0
"""Seconds that an installation may take; the largest environments hold torch."""


@dataclass(frozen=True)
class HarnessEnvironment:
    """An environment that is complete."""

    python: Path
    """Its interpreter."""
    lock: str
    """SHA-256 (hex) over its packages with their versions."""

    @property
    def programs(self) -> Path:
        """Folder of its programs."""
        return self.python.parent


def harness_environment(
    home: Path,
    name: str,
    version: str,
    packages: Sequence[str],
    *,
    python: str | None = None,
    without_dependencies: Sequence[str] = (),
) -> HarnessEnvironment:
    """The environment of a harness, made now if it is not there. `packages`: as pip names them, each pinned
    (`swebench==5.0.2`). `python`: the least that the harness runs with (`3.12`), where it is later than 3.11.
    `without_dependencies`: packages of which nothing else is installed than what `packages` name.

    Raises HarnessMissing where uv, the Python or the packages cannot be had.
    """
    every = home.absolute() / "harnesses"
    every.mkdir(parents=True, exist_ok=True)
    folder = every.resolve() / f"{name}-{version}"  # programs name their interpreter by its path: no links in it
    interpreter = folder / "bin" / "python"
    with FileLock(folder.parent / f"{name}-{version}.lock"):
        lock = folder / LOCK
        if not lock.exists():
            shutil.rmtree(folder, ignore_errors=True)
            uv = _uv()
            _call([str(uv), "venv", "--quiet", "--python", _python(python), str(folder)], f"a Python for {name}")
            _call([str(uv), "pip", "install", "--quiet", "--python", str(interpreter), *packages], " ".join(packages))
            if without_dependencies:
                alone = [str(uv), "pip", "install", "--quiet", "--no-deps", "--python", str(interpreter)]
                _call([*alone, *without_dependencies], " ".join(without_dependencies))
            frozen = _call([str(uv), "pip", "freeze", "--python", str(interpreter)], "the list of packages")
            write_atomic(lock, frozen.encode())
        return HarnessEnvironment(interpreter, hashlib.sha256(lock.read_bytes()).hexdigest())


def _python(version: str | None) -> str:
    """Path of an interpreter. One that runs us is newer than 3.11; others must be installed."""
    if version is None or sys.version_info[:2] >= tuple(int(part) for part in version.split(".")):
        return sys.executable
    major, _, minor = version.partition(".")
    for name in (f"python{major}.{later}" for later in range(int(minor), LATEST + 1)):
        interpreter = shutil.which(name)
        # what pyenv lays on PATH is a script, which may stand for no Python
        if interpreter and not subprocess.run([interpreter, "-c", ""], capture_output=True, check=False).returncode:
            return interpreter
    raise HarnessMissing(f"this harness needs Python {version}, which is not installed; install python{version}")


def _uv() -> Path:
    beside = Path(sys.executable).parent / "uv"
    uv = beside if beside.exists() else shutil.which("uv")
    if not uv:
        raise HarnessMissing("environments of harnesses are made by uv, which is not installed; pip install uv")
    return Path(uv)


def _call(command: list[str], what: str) -> str:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HarnessMissing(f"cannot install {what} ({error}); see whether the package index is reached") from None
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["no reason told"])[-1]
        raise HarnessMissing(f"cannot install {what}: {told[:200]}; see whether the package index is reached")
    return done.stdout
