"""Task folders in Harbor's format: those of an entry's `data_folder`, else a data set that Harbor downloads (`task`, as
`terminal-bench@2.0`) and that is kept below `<home>/harnesses/data/`; remove that folder to download it again."""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import finite, mapping
from evaluators.outside.harnesses.harness import HarnessMissing, HarnessSetup, Step
from evaluators.outside.harnesses.run_step import last_words, run_step

CONFIG = "task.toml"
DOWNLOAD_SECONDS = 3600.0
"""Seconds that a data set may take to arrive."""
PASSED_ON = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")
"""Variables that say how the network is reached."""
REGISTRY: tuple[str, ...] = ()
"""Words that name another registry than Harbor's own."""
PHASES = {"agent": 600.0, "verifier": 600.0, "environment": 600.0}
"""Seconds of a task's phases where its file says nothing: Harbor's own."""


@dataclass(frozen=True)
class TaskFolders:
    """Tasks that lie on this machine."""

    folder: Path
    """Holds a folder for each task."""
    seconds: dict[str, float]
    """By name of the task, in order: seconds that it may take, the start of its containers included."""
    version: str
    """`sha256:<hex>` over the tasks' files."""


def tasks_at_hand(setup: HarnessSetup, harbor: Path, variables: dict[str, str]) -> TaskFolders:
    """The tasks of an entry, downloaded now if they are not here. `harbor`: the program.

    Raises HarnessMissing, with the next step, where they cannot be had.
    """
    given = setup.benchmark.data_folder
    folder = Path(given).absolute() if given else _downloaded(setup, harbor, variables)
    paths = sorted(path.parent for path in folder.glob(f"*/{CONFIG}"))
    if not paths:
        text = f"{folder} holds no task in Harbor's format; lay folders with {CONFIG} there"
        raise HarnessMissing(text, "dataset_missing")
    return TaskFolders(folder, {path.name: _seconds(path / CONFIG) for path in paths}, _version(folder, paths))


def _downloaded(setup: HarnessSetup, harbor: Path, variables: dict[str, str]) -> Path:
    entry = setup.benchmark
    kept = setup.home.absolute() / "harnesses" / "data" / entry.name
    if kept.is_dir():
        return kept
    if not entry.task:
        raise HarnessMissing(f"{entry.title} names no task and no data_folder; give its entry one", "dataset_missing")
    half = kept.with_name(f".{kept.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    argv = (str(harbor), "download", entry.task, "--export", "--output-dir", str(half / "tasks"), *REGISTRY)
    code = run_step(Step(argv, DOWNLOAD_SECONDS, variables | known), half, None)
    configs = sorted((half / "tasks").rglob(CONFIG), key=lambda path: len(path.parts))
    if code or not configs:
        told = last_words(half)
        raise HarnessMissing(f"the tasks of {entry.title} cannot be downloaded: {told}", "dataset_missing")
    configs[0].parents[1].rename(kept)  # with or without a folder of the data set's name
    shutil.rmtree(half, ignore_errors=True)
    return kept


def _seconds(path: Path) -> float:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"{path} cannot be read ({str(error)[:100]}); correct it or remove the task"
        raise HarnessMissing(text, "dataset_missing") from None
    total = 0.0
    for phase, usual in PHASES.items():
        word = "build_timeout_sec" if phase == "environment" else "timeout_sec"
        total += finite(mapping(content.get(phase)).get(word)) or usual
    return total


def _version(folder: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(file for task in paths for file in task.rglob("*") if file.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()}"
