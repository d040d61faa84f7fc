"""The benchmark catalogue: one YAML a benchmark that can be run or read, one file for all that cannot.

    benchmark           the fields of an entry
    *.yaml              an entry each; its file is named for it
    not_runnable.yaml   benchmarks that claims name and that nothing here runs, each with its reason
    known_by_name.yaml  benchmarks of which only the names are known

A user's own entries lie in `<home>/catalogue/*.yaml`, their tasks in folders beside them; an entry there replaces ours
of the same name. Reading the catalogue imports pydantic and PyYAML only.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluators.catalogue.benchmark import CHAT_ANSWER as CHAT_ANSWER
from evaluators.catalogue.benchmark import Benchmark as Benchmark
from evaluators.catalogue.benchmark import Score as Score
from evaluators.records import UserError
from evaluators.safe_load import load_yaml

FOLDER = Path(__file__).parent
NOT_RUNNABLE = "not_runnable.yaml"
BY_NAME = "known_by_name.yaml"


def catalogue() -> dict[str, Benchmark]:
    """All benchmarks by name, the user's own included. Raises UserError for an entry of theirs that does not fit."""
    return _read(own_folder())


def own_folder() -> Path:
    """Where a user's own entries lie: `catalogue` in the home folder (CLAIMCHECK_HOME)."""
    return Path(os.environ.get("CLAIMCHECK_HOME") or "claimcheck-data").absolute() / "catalogue"


@cache
def _read(own: Path) -> dict[str, Benchmark]:
    benchmarks = dict(_shipped())
    for path in sorted(own.glob("*.yaml")):
        try:
            benchmarks[path.stem] = _own(path)
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror})") from None
    return benchmarks


def _by_name(name: str, title: str, *aliases: str) -> dict[str, Any]:
    """The entry of a benchmark of which only the names are known."""
    measures = ("EM", "exact match", "acc", "accuracy", "Pass@1", "Acc.", "score")
    return {
        "name": name,
        "title": title,
        "evaluator": "none",
        "scores": [{"metric": "acc", "filter": "none", "aliases": measures}],
        "decides": ("shots", "prompt", "thinking", "metric", "repeats", "subset", "tools", "scaffold", "judge"),
        "aliases": aliases,
        "cannot_run": "No evaluator for it is built in.",
        "needs": "A task for it.",
    }


@cache
def _shipped() -> dict[str, Benchmark]:
    entries = {path: load_yaml(path.read_text(encoding="utf-8"), path.name) for path in sorted(FOLDER.glob("*.yaml"))}
    rest = [{"evaluator": "none", **entry} for entry in entries.pop(FOLDER / NOT_RUNNABLE)]
    rest += [_by_name(name, *names) for name, names in entries.pop(FOLDER / BY_NAME).items()]
    benchmarks = {entry["name"]: Benchmark.model_validate(entry) for entry in rest}
    return benchmarks | {path.stem: _checked(path, entry) for path, entry in entries.items()}


def _own(path: Path) -> Benchmark:
    entry = load_yaml(path.read_text(encoding="utf-8"), str(path))
    if isinstance(entry, dict) and isinstance(entry.get("tasks_folder"), str):
        folder = (path.parent / entry["tasks_folder"]).resolve()
        if not folder.is_dir():
            raise UserError(f"{path}: there is no folder {folder}; correct tasks_folder")
        entry["tasks_folder"] = str(folder)
    if isinstance(entry, dict) and isinstance(entry.get("data_folder"), str):
        folder = (path.parent / entry["data_folder"]).resolve()
        if not folder.is_dir():
            raise UserError(f"{path}: there is no folder {folder}; correct data_folder")
        entry["data_folder"] = str(folder)
    return _checked(path, entry)


def _checked(path: Path, entry: Any) -> Benchmark:
    """The entry of a file. Raises UserError, one line that names the file and the field."""
    try:
        benchmark = Benchmark.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the entry"
        raise UserError(f"{path}: {field}: {first['msg']}; compare it with {FOLDER / 'gsm8k.yaml'}") from None
    if benchmark.name != path.stem:
        raise UserError(f"{path}: name is {benchmark.name}; name the file {benchmark.name}.yaml")
    return benchmark


def benchmark(name: str) -> Benchmark:
    """The benchmark of this name. Raises UserError, with the names that look alike, if there is none."""
    try:
        return catalogue()[name]
    except KeyError:
        import difflib

        near = difflib.get_close_matches(name, catalogue(), n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `claimcheck benchmarks list` lists them"
        raise UserError(f"unknown benchmark {name}{hint}") from None
