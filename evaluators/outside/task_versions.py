"""Version of a task in the installed lm-eval, read from its YAML: another version may ask or score otherwise.

lm-eval's own index would import the whole package; the few files of one folder are enough.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

VERSION = re.compile(r"^\s+version:\s*['\"]?(\d+(?:\.\d+)?)", re.M)
INCLUDED = re.compile(r"^include:\s*['\"]?([\w./-]+)", re.M)
MOST_FILES = 500
"""Files of a folder that are looked through."""


@lru_cache(maxsize=1000)
def installed_task_version(task: str) -> float | None:
    """The version of a task or group; None where its YAML is not found or states none."""
    task_file = _file_of(task)
    for _ in range(4):
        if task_file is None or not task_file.is_file():
            return None
        content = task_file.read_text(encoding="utf-8")
        if version := VERSION.search(content):
            return float(version[1])
        included = INCLUDED.search(content)
        task_file = task_file.parent / included[1] if included else None
    return None


def _file_of(task: str) -> Path | None:
    """The YAML that defines a task, in the folder that bears its name or the beginning of it."""
    package = find_spec("lm_eval")
    if package is None or not package.submodule_search_locations or not re.fullmatch(r"[\w-]+", task):
        return None
    tasks = Path(next(iter(package.submodule_search_locations))) / "tasks"
    named = re.compile(rf"^(?:task|group):\s*['\"]?{re.escape(task)}['\"]?\s*$", re.M)
    parts = task.split("_")
    for length in range(len(parts), 0, -1):
        folder = tasks / "_".join(parts[:length])
        if not folder.is_dir():
            continue
        for task_file in sorted(folder.rglob("*.y*ml"))[:MOST_FILES]:
            if named.search(task_file.read_text(encoding="utf-8", errors="replace")):
                return task_file
    return None
