"""Scores of a prefix by lm-eval's own aggregation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from evaluators.catalogue import Benchmark
from evaluators.harness.requests import Item
from evaluators.harness.scoreboard import Board, mean
from evaluators.harness.scoring import Key, as_number
from evaluators.harness.tasks import LoadedTasks
from evaluators.records import ItemStatus, Measurement

SOFT = (
    *(ItemStatus.truncated, ItemStatus.empty, ItemStatus.refused, ItemStatus.unextracted, ItemStatus.timed_out),
    ItemStatus.failed,
)
"""Statuses under which an item's score may not be what the model can do."""


def results(
    loaded: LoadedTasks, raw: dict[str, dict[Key, list[Any]]], iterations: int = 100_000
) -> dict[str, dict[str, Any]]:
    """lm-eval's results by task and group, from raw metric values in document order. Empty tasks are left out."""
    from lm_eval.evaluator_utils import _process_results

    accumulated: Any = {
        name: {"task": loaded.tasks[name], "raw_metrics": defaultdict(list, values), "logged_samples": []}
        for name, values in raw.items()
        if values
    }
    return dict(_process_results(accumulated, loaded.groups, iterations).metrics)


def measurements(
    benchmark: Benchmark, loaded: LoadedTasks, items: Sequence[Item], board: Board, order_seed: int, whole: int
) -> list[Measurement]:
    """One Measurement per metric and filter over the first `board.counted` items; the benchmark's own scores first.

    `whole`: items of the whole benchmark; fewer counted ones are a score at stop.
    """
    first = items[: board.counted]
    keys = _ordered(benchmark, list(board.raw))
    votes = [key for key in keys if "_maj@" in key[0]]
    keys = [key for key in keys if key not in votes]
    final = _aggregate(loaded, first, board, keys, lambda key, position: board.raw[key][position])
    measured: list[Measurement] = []
    for key in keys:
        score, stderr = _pick(loaded, final, first, board, key)
        values = tuple(board.means[key][: board.counted])
        plain = _is_mean(loaded, key[0]) and any(value is not None for value in values)
        statuses = board.statuses[key[1]][: board.counted]
        low = high = None
        if plain and benchmark.unit == "fraction" and all(value is None or 0 <= value <= 1 for value in values):
            low, high = (_bound(loaded, first, board, key, extreme) for extreme in (0.0, 1.0))
        average = Measurement(
            benchmark=benchmark.name,
            metric=key[0],
            filter=key[1],
            score=score,
            stderr=stderr,
            unit=benchmark.unit,
            items=board.counted,
            of=whole,
            values=values if plain else (),
            order_seed=order_seed,
            stopped_early=board.counted < whole,
            low=low,
            high=high,
            **{status.value: sum(status in entry for entry in statuses) for status in SOFT},
        )
        measured += [average, *_pass_at(average, key, board), *_majority(average, key, votes, board)]
    return measured + _composites(benchmark, loaded, final, measured)


def _composites(
    benchmark: Benchmark, loaded: LoadedTasks, final: dict[str, dict[str, Any]], measured: Sequence[Measurement]
) -> list[Measurement]:
    """Scores that are made of others, as the catalogue declares them. They have no value for a single item."""
    made = []
    for declared in benchmark.scores:
        names = declared.mean_of or ((declared.over_tasks,) if declared.over_tasks else ())
        parts = [
            measurement
            for name in names
            for measurement in measured
            if measurement.score_key == (name, declared.filter)
        ]
        if not names or len(parts) < len(names):
            continue
        first = parts[0]
        if declared.over_tasks:
            label = f"{declared.over_tasks},{declared.filter}"
            score = mean([as_number(final.get(name, {}).get(label)) for name in loaded.tasks])
            whole = first.low == first.high  # no answer is in doubt
            low, high = (score, score) if whole else (None, None)
        else:
            score, low, high = (mean([getattr(part, name) for part in parts]) for name in ("score", "low", "high"))
        changes = {"metric": declared.metric, "score": score, "low": low, "high": high, "stderr": None, "values": ()}
        made.append(first.model_copy(update=changes))
    return made


def _ordered(benchmark: Benchmark, keys: list[Key]) -> list[Key]:
    stated = [score.key for score in benchmark.scores if not score.composite]
    return [key for key in stated if key in keys] + [key for key in keys if key not in stated]


def _aggregate(
    loaded: LoadedTasks,
    items: Sequence[Item],
    board: Board,
    keys: Sequence[Key],
    take: Callable[[Key, int], list[Any] | None],
    iterations: int = 100_000,
) -> dict[str, dict[str, Any]]:
    """lm-eval's results over `items`; numbers of several repeats go in as their mean, so that stderr counts items."""
    raw: dict[str, dict[Key, list[Any]]] = {name: {} for name in loaded.tasks}
    for item in sorted(items, key=lambda item: (item.task, item.doc_id)):
        for key in keys:
            values = take(key, item.position)
            if not values or any(value is None for value in values):
                continue
            value = values[0] if len(values) == 1 else mean([as_number(value) for value in values])
            if value is not None:
                raw[item.task].setdefault(key, []).append(value)
    return results(loaded, raw, iterations)


def _pick(
    loaded: LoadedTasks, final: dict[str, dict[str, Any]], items: Sequence[Item], board: Board, key: Key
) -> tuple[float | None, float | None]:
    """Score and standard error of the whole; the mean over items where lm-eval has no aggregate for a group."""
    name = loaded.name if loaded.name in loaded.groups else next(iter(loaded.tasks))
    aggregates = final.get(name, {})
    if (label := f"{key[0]},{key[1]}") in aggregates:
        return as_number(aggregates[label]), as_number(aggregates.get(f"{key[0]}_stderr,{key[1]}"))
    if len(loaded.tasks) == 1:
        return None, None
    values = [value for item in items if (value := board.means[key][item.position]) is not None]
    if not values:
        return None, None
    average = sum(values) / len(values)
    spread = sum((value - average) ** 2 for value in values) / max(len(values) - 1, 1)
    return average, (spread / len(values)) ** 0.5 if len(values) > 1 else None


def _bound(loaded: LoadedTasks, items: Sequence[Item], board: Board, key: Key, extreme: float) -> float | None:
    """Score if every soft item (per repeat) had got `extreme`."""

    def take(key: Key, position: int) -> list[Any] | None:
        statuses = board.statuses[key[1]][position]
        values = board.raw[key][position] or [None] * len(statuses)
        return [extreme if status in SOFT else value for value, status in zip(values, statuses, strict=True)]

    if not any(status in SOFT for item in items for status in board.statuses[key[1]][item.position]):
        take = lambda key, position: board.raw[key][position]  # noqa: E731
    substituted = _aggregate(loaded, items, board, [key], take, iterations=0)
    if len(loaded.tasks) > 1 and not any(group.has_aggregation for group in loaded.groups.values()):
        values = [mean([as_number(value) for value in take(key, item.position) or []]) for item in items]
        numbers = [value for value in values if value is not None]
        return sum(numbers) / len(numbers) if numbers else None
    return _pick(loaded, substituted, items, board, key)[0]


def _is_mean(loaded: LoadedTasks, metric: str) -> bool:
    from lm_eval.api.metrics import mean as lm_eval_mean

    for task in loaded.tasks.values():
        function = task.aggregation().get(metric)
        if function is not None and function is not lm_eval_mean:
            return False
    return True


def _majority(average: Measurement, key: Key, votes: Sequence[Key], board: Board) -> list[Measurement]:
    """maj@k of a metric: the mean over items of the majority's score, in 0 and 1."""
    made = []
    for metric, name in votes:
        if name != key[1] or metric.partition("_maj@")[0] != key[0]:
            continue
        values = board.means[(metric, name)][: board.counted]
        if all(value is None or 0 <= value <= 1 for value in values):
            made += _share_of_items(average, metric, values)
    return made


def _pass_at(average: Measurement, key: Key, board: Board) -> list[Measurement]:
    """pass@k for k = number of repeats, where every value is 0 or 1: share of items with at least one right answer."""
    rows = [values for values in board.raw[key][: board.counted] if values]
    repeats = max((len(values) for values in rows), default=1)
    if repeats < 2 or any(as_number(value) not in (0.0, 1.0, None) for values in rows for value in values):
        return []
    best = [
        None
        if not values or any(value is None for value in values)
        else float(max(as_number(value) or 0.0 for value in values))
        for values in board.raw[key][: board.counted]
    ]
    return _share_of_items(average, f"{key[0]}_pass@{repeats}", best)


def _share_of_items(average: Measurement, metric: str, values: Sequence[float | None]) -> list[Measurement]:
    """The measurement of another metric over the same items, each with a value in 0 and 1; none without any."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return []
    share = sum(numbers) / len(numbers)
    error = (share * (1 - share) / (len(numbers) - 1)) ** 0.5 if len(numbers) > 1 else None
    changes = {"metric": metric, "score": share, "stderr": error, "values": tuple(values), "low": None, "high": None}
    return [average.model_copy(update=changes)]
