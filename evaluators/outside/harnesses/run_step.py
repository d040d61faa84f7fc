"""Run one command of a harness: nothing of our environment, a limit in time, and nothing of it outlives us."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from evaluators.backends.process import WATCH
from evaluators.outside.harnesses.harness import Step
from evaluators.outside.redact import PLACEHOLDER

LAST_LINES = 3
"""Lines of a log that are told where a command failed."""
OUT_OF_TIME = 124
"""Exit code of a command whose time was over."""
ENDING = 30.0
"""Seconds that a command may take to end."""


def run_step(step: Step, folder: Path, key: str | None) -> int:
    """Run it in `folder`; its output is appended to `log.txt` there. Returns its exit code, 124 after its time.

    The key is in its environment only, and is taken out of every file of the folder afterwards. If this process ends,
    however it does, so does the command with all that it started (`backends/supervisor.py`).
    """
    log = folder / "log.txt"
    private = folder / "home"
    private.mkdir(parents=True, exist_ok=True)
    environment = step_environment(step, private, key)
    # the supervisor writes the log and ends the command at the end of this pipe
    command = [sys.executable, "-I", "-S", str(WATCH), str(log.absolute()), *step.argv]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment, cwd=folder, start_new_session=True
    )
    assert process.stdin is not None
    try:
        return process.wait(step.seconds)
    except subprocess.TimeoutExpired:
        process.stdin.close()
        process.wait(ENDING)
        return OUT_OF_TIME
    finally:
        if not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        remove_key(folder, key)


def step_environment(step: Step, private: Path, key: str | None) -> Mapping[str, str]:
    """All variables of a command."""
    programs = Path(step.argv[0]).parent
    path = f"{programs}:/usr/local/bin:/usr/bin:/bin" if programs.is_absolute() else "/usr/local/bin:/usr/bin:/bin"
    variables = {"PATH": path, "HOME": str(private.absolute()), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    return variables | dict(step.environment) | dict.fromkeys(step.key_variables, key or "none")


def remove_key(folder: Path, key: str | None) -> None:
    """Put a placeholder in place of the key in every file below a folder: harnesses write what they were started
    with."""
    if not key:
        return
    secret, instead = key.encode(), PLACEHOLDER.encode()
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if secret in content:
            path.write_bytes(content.replace(secret, instead))


def last_words(folder: Path) -> str:
    """The last lines of a folder's log, in one line."""
    try:
        lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "no log"
    told = [line.strip() for line in lines if line.strip()]
    return " / ".join(told[-LAST_LINES:])[-300:] or "its log is empty"
