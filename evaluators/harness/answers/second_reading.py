"""Wrong answers read again, leniently: how many say what the target says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from evaluators.answer_spelling import same_answer
from evaluators.records import ItemScore, ItemStatus, RequestKind, Response


def respelled(items: Iterable[ItemScore], responses: Iterable[Response]) -> dict[str, float]:
    """Signals `respelled_share:<metric>,<filter>` of a run: items that the metric counts as wrong, whose answer says
    what the target says. Items without a target that is a short answer count as not respelled."""
    wrong: dict[tuple[str, int, int], list[ItemScore]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        counts[item.metric, item.filter] += 1
        if item.value == 0 and item.target and item.status in (ItemStatus.ok, ItemStatus.unextracted):
            wrong.setdefault((item.task, item.doc_id, item.repeat), []).append(item)
    right: Counter[tuple[str, str]] = Counter()
    for response in responses:
        if response.kind is not RequestKind.generate:
            return {}
        for item in wrong.pop((response.task, response.doc_id, response.repeat), []):
            if same_answer(item.extracted, item.target) or same_answer(response.text, item.target):
                right[item.metric, item.filter] += 1
    return {f"respelled_share:{metric},{name}": right[metric, name] / counts[metric, name] for metric, name in right}
