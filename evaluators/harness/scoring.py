"""Score one document with lm-eval's own filters and metrics."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evaluators.harness.requests import Item
from evaluators.protocols.chat_answers import NOT_FOUND
from evaluators.records import ItemScore, ItemStatus, RequestKind, Response, ResponseStatus

if TYPE_CHECKING:
    from lm_eval.api.task import Task

Key = tuple[str, str]
"""Metric and filter."""

GRAVITY = (ResponseStatus.failed, ResponseStatus.refused, ResponseStatus.truncated, ResponseStatus.empty)
"""Of several answers of an item the gravest gives it its status."""


@dataclass(slots=True)
class Scored:
    """What became of one document. `raw[key][r]`: lm-eval's metric value of repeat r, None where the repeat failed."""

    raw: dict[Key, list[Any]] = field(default_factory=dict)
    statuses: dict[str, list[ItemStatus]] = field(default_factory=dict)
    """By filter, one per repeat."""
    extracted: dict[str, list[str | None]] = field(default_factory=dict)
    """By filter, one per repeat: what the filter took (generation only)."""
    target: str | None = None
    broken: str | None = None
    """Why it cannot be scored: the document and the error."""


def value_of(response: Response) -> Any:
    """A response as lm-eval's filters want it."""
    if response.kind is RequestKind.generate:
        return response.text or ""
    if response.kind is RequestKind.loglikelihood:
        return (response.logprob, response.greedy)
    return response.logprob


def score(
    task: Task,
    item: Item,
    responses: Sequence[Response],
    repeats: int,
    together: bool,
    recording: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Scored:
    """Filters and metrics of one document.

    `repeats`: answers per request. `together`: the task's own filters work on all repeats at once (majority vote,
    pass@k), so there is one score; otherwise each repeat is scored by itself. Uses the document that the request was
    built from: lm-eval may shuffle it anew when it is read again. `recording`: makes the record of what the programs of
    one answer did (`GradingRecord`), for tasks that run code.
    """
    responses_of = {(response.index, response.repeat): response for response in responses}
    scored = Scored()
    document = item.instances[0].doc
    target = task.doc_to_target(document)
    scored.target = None if target is None else str(target)
    rounds = [range(repeats)] if together else [range(repeat, repeat + 1) for repeat in range(repeats)]
    for number, turn in enumerate(rounds):
        turn_responses = [responses_of[(instance.idx, repeat)] for instance in item.instances for repeat in turn]
        status = gravest(turn_responses)
        if status is ItemStatus.failed:
            for name in _filters(task):
                _note(scored, name, status, None)
                for metric in task.aggregation():
                    _enter(scored, (metric, name), number, None)
            continue
        for name in _apply(task, item, responses_of, turn):
            filtered = [instance.filtered_resps[name] for instance in item.instances]
            with recording() as record:
                values: Mapping[str, Any] = task.process_results(document, filtered)
            for metric, value in values.items():
                _enter(scored, (metric, name), number, value)
            taken = _taken(turn_responses[0].kind, filtered)
            missing = status is ItemStatus.ok and taken is not None and taken.strip() in NOT_FOUND
            ended = ItemStatus.unextracted if missing else status
            if ended is ItemStatus.ok and record is not None and record.timed_out:
                ended = ItemStatus.timed_out
            _note(scored, name, ended, taken)
    for instance in item.instances:
        instance.resps, instance.filtered_resps = [], {}
    for entries in scored.raw.values():
        entries += [None] * (len(rounds) - len(entries))
    if len(rounds) > 1:
        _vote(scored, len(rounds))
    return scored


def _vote(scored: Scored, rounds: int) -> None:
    """maj@k: the score of the answer that most repeats gave (the first of equals), for every metric by filter."""
    for (metric, name), values in list(scored.raw.items()):
        answers = [taken for taken in scored.extracted.get(name, []) if taken and taken.strip() not in NOT_FOUND]
        if any(value is None for value in values):
            scored.raw[(f"{metric}_maj@{rounds}", name)] = [None] * rounds
        elif answers and len(scored.extracted[name]) == rounds:
            chosen = scored.extracted[name].index(Counter(answers).most_common(1)[0][0])
            scored.raw[(f"{metric}_maj@{rounds}", name)] = [values[chosen]] * rounds
        else:
            scored.raw[(f"{metric}_maj@{rounds}", name)] = [min(values, default=0)] * rounds


def unscorable(task: Task, item: Item, repeats: int, together: bool) -> Scored:
    """What becomes of a document whose scoring itself fails: no score in any turn."""
    turns = 1 if together else repeats
    scored = Scored()
    for name in _filters(task):
        scored.statuses[name] = [ItemStatus.failed] * turns
        scored.extracted[name] = [None] * turns
        for metric in task.aggregation():
            scored.raw[(metric, name)] = [None] * turns
    return scored


def score_or_note(
    score: Callable[..., Scored],
    unscorable: Callable[..., Scored],
    task: Task,
    item: Item,
    answers: Sequence[Response],
    repeats: int,
    together: bool,
) -> Scored:
    """One document's score by `score`; a metric that breaks on an answer costs that item only, and the error is kept.
    unscorable: what becomes of such a document."""
    try:
        return score(task, item, answers, repeats, together)
    except Exception as error:
        scored = unscorable(task, item, repeats, together)
        scored.broken = f"{item.task} document {item.doc_id}: {type(error).__name__}: {error}"
        return scored


def _enter(scored: Scored, key: Key, turn: int, value: Any) -> None:
    """Put a metric value in its turn; turns that lack the metric hold None."""
    entries = scored.raw.setdefault(key, [])
    entries += [None] * (turn - len(entries))
    entries.append(value)


def _apply(task: Task, item: Item, responses_of: Mapping[tuple[int, int], Response], turn: range) -> list[str]:
    for instance in item.instances:
        instance.resps = [value_of(responses_of[(instance.idx, repeat)]) for repeat in turn]
        instance.filtered_resps = {}
    for ensemble in task._filters:
        ensemble.apply(item.instances)
    return list(item.instances[0].filtered_resps)


def _filters(task: Task) -> list[str]:
    return [ensemble.name for ensemble in task._filters]


def _note(scored: Scored, name: str, status: ItemStatus, taken: str | None) -> None:
    scored.statuses.setdefault(name, []).append(status)
    scored.extracted.setdefault(name, []).append(taken)


def _taken(kind: RequestKind, filtered: Sequence[Any]) -> str | None:
    if kind is not RequestKind.generate:
        return None
    first = filtered[0]
    if isinstance(first, (list, tuple)):
        first = first[0] if len(first) == 1 else list(first)
    return first if isinstance(first, str) else str(first)


def gravest(responses: Sequence[Response]) -> ItemStatus:
    """Status of an item by its answers alone."""
    present = {response.status for response in responses}
    if any(response.kind is not RequestKind.generate and response.logprob is None for response in responses):
        return ItemStatus.failed  # journals of earlier versions hold null for what was not a number
    for status in GRAVITY:
        if status in present:
            return ItemStatus(status.value)
    return ItemStatus.ok


def item_scores(item: Item, scored: Scored) -> list[ItemScore]:
    """Rows for the item: one per metric, filter and repeat."""
    rows = []
    for (metric, name), values in scored.raw.items():
        for repeat, status in enumerate(scored.statuses[name]):
            rows.append(
                ItemScore(
                    task=item.task,
                    doc_id=item.doc_id,
                    position=item.position,
                    repeat=repeat,
                    metric=metric,
                    filter=name,
                    value=as_number(values[repeat]),
                    status=status,
                    extracted=scored.extracted[name][repeat],
                    target=scored.target,
                )
            )
    return rows


def as_number(raw: Any) -> float | None:
    """A per-item metric value as a float; None if it is no finite number (corpus metrics keep pairs or lists)."""
    try:
        number = None if raw is None or isinstance(raw, (str, list, tuple, dict)) else float(raw)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None
