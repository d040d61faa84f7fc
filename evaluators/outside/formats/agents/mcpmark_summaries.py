"""MCPMark's `summary.json`: of one run of one model and service, and of an experiment with several models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import finite, json_document, mapping, moment, text, whole
from evaluators.outside.formats.agents.mcpmark_runs import SERVICES, STANDARD_SERVICES
from evaluators.outside.outside_records import LeftOut, OutsideResult, OutsideRun
from evaluators.records import Settings
from evaluators.user_error import UserError

OF_RUN = {"total_tasks", "successful_tasks", "success_rate"}
BESIDE = {"model_name", "category_breakdown"}
"""One of these is in a summary too: versions name the model otherwise, or do not tell the categories."""
STANDARD = ("", "standard")
"""Names of the task set whose score is MCPMark's."""


def is_mcpmark_summary(content: Any) -> bool:
    """Whether a JSON value is a summary of either kind."""
    if not isinstance(content, dict):
        return False
    several = isinstance(content.get("overall"), dict) and {"k", "experiment_name"} <= content.keys()
    return several or (content.keys() >= OF_RUN and not BESIDE.isdisjoint(content))


def read_mcpmark_summary(path: Path) -> OutsideRun:
    """The rates of every model. Whose failure an unsuccessful task was is not told here, as it is in the tasks' own
    folders. Raises UserError for another file."""
    content = json_document(path)
    if not is_mcpmark_summary(content):
        raise UserError(f"{path} is no summary of MCPMark; it needs overall and k, or total_tasks and successful_tasks")
    results = list(_of_experiment(content)) if "overall" in content else list(_of_run(path, content))
    left = [] if results else [LeftOut(place=str(path), reason="no model has tasks with a rate")]
    return OutsideRun(
        format="MCPMark summary",
        path=str(path),
        harness="mcpmark",
        model=text(content.get("model_name")) or text(content.get("model")),
        finished=moment(content.get("generated_at")),
        results=tuple(results),
        left_out=tuple(left),
    )


def _of_experiment(content: dict[str, Any]) -> Iterator[OutsideResult]:
    repeats = whole(content.get("k")) or 1
    services = sorted(name for name, rates in content.items() if name in SERVICES and mapping(rates))
    missing = STANDARD_SERVICES - set(services)
    tasks = text(content.get("task_set")) or ""
    part = f"the {tasks} tasks" if tasks not in STANDARD else f"the services {', '.join(services)}" if missing else None
    for name, told in content["overall"].items():
        rates = mapping(told)
        # a model that was run once has no pass@k
        ran = repeats if f"pass@{repeats}" in rates or repeats == 1 else 1
        for metric in dict.fromkeys(("pass@1", f"pass@{repeats}", f"pass^{repeats}")):
            value = rates.get(metric)
            score = finite(mapping(value).get("avg") if isinstance(value, dict) else value)
            if score is None or not 0 <= score <= 1 or (ran == 1 and metric != "pass@1"):
                continue
            yield _result(metric, score, whole(rates.get("total_tasks")), ran, part, model=str(name)[:200])


def _of_run(path: Path, content: dict[str, Any]) -> Iterator[OutsideResult]:
    total, right = whole(content["total_tasks"]), whole(content["successful_tasks"])
    if not total or right is None or right > total:
        return
    names = (part.rpartition("__")[2] for part in reversed(path.parts[:-1]))
    service = next((name for name in names if name in SERVICES), None)
    yield _result("pass@1", right / total, total, 1, f"the service {service}" if service else None, model=None)


def _result(
    metric: str, score: float, count: int | None, repeats: int, part: str | None, *, model: str | None
) -> OutsideResult:
    return OutsideResult(
        task="MCPMark",
        names=("mcpmark",),
        metric=metric,
        score=score,
        count=count,
        limited=f"one part of the benchmark, {part}" if part else None,
        doubts=("a task that the infrastructure failed counts as the model's failure in this summary",),
        settings=Settings(metric=metric, repeats=repeats, subset=part or "", harness="mcpmark"),
        model=model,
    )
