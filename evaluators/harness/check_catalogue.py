"""Whether a catalogue entry says of its lm-eval task what lm-eval says: task, output, scores, shots, and items."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluators.catalogue import Benchmark
from evaluators.harness.tasks import load_tasks, no_such_task, task_folders
from evaluators.records import UserError


@dataclass(frozen=True)
class EntryFinding:
    """One thing that an entry says."""

    what: str
    """`task`, `output`, `score METRIC,FILTER`, `shots` or `items`."""
    state: str
    """`ok`, `wrong` or `not checked`."""
    text: str
    """What lm-eval says, or why it could not be asked."""


def check_entry(benchmark: Benchmark, *, data: bool = False) -> list[EntryFinding]:
    """Everything that an entry says of its lm-eval task, against lm-eval's own configuration.

    data: load the data set too and count its items; without it, or where it cannot be loaded, `items` is not checked.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    try:
        configs = task_configs(benchmark)
    except UserError as error:
        return [EntryFinding("task", "wrong", str(error))]
    findings = [EntryFinding("task", "ok", f"{len(configs)} tasks" if len(configs) > 1 else benchmark.task or "")]
    outputs = {str(config.get("output_type", "generate_until")) for config in configs}
    findings.append(
        EntryFinding("output", "ok" if outputs == {benchmark.output} else "wrong", ", ".join(sorted(outputs)))
    )
    findings += _scores(benchmark, configs)
    findings.append(_shots(benchmark, configs))
    findings.append(_items(benchmark, data))
    return findings


def task_configs(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The configuration of each leaf task, read without its data. Raises UserError for a task that does not exist."""
    from lm_eval.tasks import TaskManager

    assert benchmark.task is not None
    paths = [str(path) for path in task_folders(benchmark)]
    index = TaskManager(include_path=paths, include_defaults=False).task_index
    configs = list(_leaves(index, benchmark.task, set()))
    if not configs:  # a group may name tasks of other folders: only then is the whole index worth its seconds
        configs = list(_leaves(TaskManager(include_path=paths).task_index, benchmark.task, set()))
    if not configs:
        raise no_such_task(benchmark.task)
    return configs


def _leaves(index: Any, name: str, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Configurations below a task, group or tag."""
    if name in seen:
        return
    seen.add(name)
    entry = index.get(name)
    if entry is not None and entry.kind.name == "TASK":
        yield entry.cfg or {}
        return
    below = (entry.cfg or {}).get("task") if entry is not None else None
    for child in below if isinstance(below, list) else ():
        yield from _child(index, child, seen)
    for other in list(index):
        if name in index[other].tags:
            yield from _leaves(index, other, seen)


def _child(index: Any, child: Any, seen: set[str]) -> Iterator[dict[str, Any]]:
    """What one line of a group's `task` stands for: a name, a group written out, or a task with changes."""
    if isinstance(child, str):
        yield from _leaves(index, child, seen)
    elif isinstance(child.get("task"), list):
        for member in child["task"]:
            yield from _child(index, member, seen)
    elif isinstance(child.get("task"), str):
        base = next(_leaves(index, child["task"], set(seen)), {})
        yield {**base, **child}
    elif isinstance(child.get("group"), str):
        yield from _leaves(index, child["group"], seen)


def _scores(benchmark: Benchmark, configs: list[dict[str, Any]]) -> Iterator[EntryFinding]:
    listed = [metric.get("metric") for config in configs for metric in config.get("metric_list") or ()]
    # a metric that is a function, and a task's own process_results, name their numbers in Python
    named_in_code = any("/" in str(metric) or callable(metric) for metric in listed) or (
        not listed and any("process_results" in config for config in configs)
    )
    metrics = {str(metric) for metric in listed}
    filters = {str(entry.get("name")) for config in configs for entry in config.get("filter_list") or ()} or {"none"}
    for score in benchmark.scores:
        wrong = []
        parts = {*score.mean_of, *([score.over_tasks] if score.over_tasks else [])} or {score.metric}
        if not parts <= metrics and not named_in_code:
            wrong.append(f"metrics {', '.join(sorted(metrics)) or 'of its own'}")
        if score.filter not in filters and not benchmark.sandboxed:  # sandboxed tasks have grades of ours beside theirs
            wrong.append(f"filters {', '.join(sorted(filters))}")
        text = f"it has {' and '.join(wrong)}" if wrong else "named in code" if named_in_code else ""
        yield EntryFinding(f"score {score.metric},{score.filter}", "wrong" if wrong else "ok", text)


def _shots(benchmark: Benchmark, configs: list[dict[str, Any]]) -> EntryFinding:
    fixed = {config["num_fewshot"] for config in configs if config.get("num_fewshot") is not None}
    stated = benchmark.protocol.shots
    if stated is None or not fixed:
        return EntryFinding("shots", "ok", f"lm-eval fixes none; the entry's {stated} are asked for")
    said = ", ".join(map(str, sorted(fixed)))
    if fixed == {0} and stated:
        return EntryFinding("shots", "wrong", "lm-eval fixes 0, which no option raises")
    return EntryFinding("shots", "ok", f"lm-eval's own are {said}")


def _items(benchmark: Benchmark, data: bool) -> EntryFinding:
    if not data:
        return EntryFinding(
            "items", "not checked", f"{benchmark.items or 'not stated'}; --data loads the data set and counts"
        )
    try:
        loaded = load_tasks(benchmark)
    except UserError as error:
        return EntryFinding("items", "not checked", str(error))
    count = sum(len(task.eval_docs) for task in loaded.tasks.values())
    return EntryFinding("items", "ok" if count == benchmark.items else "wrong", f"the data set has {count:,}")
