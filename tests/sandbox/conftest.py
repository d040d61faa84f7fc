"""Who runs the attempts: root and an ordinary user, always in mounts of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evaluators.sandbox import bubblewrap

OWN_MOUNTS = ("unshare", "-m", "--propagation", "private")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
SYSTEM_PYTHON = Path("/usr/bin/python3")


def start_as(user: str, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script as `root` or `nobody`; skips where this machine cannot.

    As nobody it runs under the system's Python, because ours may lie in a folder that is closed to others.
    """
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
        command = [*OWN_MOUNTS, *NOBODY, str(SYSTEM_PYTHON), "-B", str(script), *arguments]
    bwrap = bubblewrap.program()
    path = f"{bwrap.parent if bwrap else ''}:{os.environ['PATH']}"
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={"PATH": path}, cwd="/")
