"""Why a measurement may differ from a claim although nobody is wrong: what the data of the run can show."""

from __future__ import annotations

from collections.abc import Iterable

from evaluators.records import ItemScore, Measurement
from warehouse.records import Reason
from warehouse.verdicts.evidence import Cause, Evidence
from warehouse.verdicts.signs import LOOKS


def find_causes(evidence: Evidence) -> list[Cause]:
    """All causes that the data show, each once, strongest first: unsound, doubt, note, then in the order of LOOKS."""
    found = [cause for look in LOOKS for cause in look(evidence)]
    found.sort(key=lambda cause: ("unsound", "doubt", "note").index(cause.weight))
    kept: dict[str, Cause] = {}
    for cause in found:
        kept.setdefault(cause.code, cause)
    return list(kept.values())


def examples(cause: Cause, items: Iterable[ItemScore], measurement: Measurement) -> tuple[str, ...]:
    """Up to three items that show a cause, as `task/doc_id`: those with its status, else wrong ones."""
    same = [item for item in items if (item.metric, item.filter) == (measurement.metric, measurement.filter)]
    chosen = [item for item in same if cause.status and item.status.value == cause.status]
    if not chosen and cause.status is None:
        chosen = [item for item in same if item.value == 0]
    names = dict.fromkeys(f"{item.task}/{item.doc_id}" for item in sorted(chosen, key=lambda item: item.position))
    return tuple(names)[:3]


def as_reason(cause: Cause, items: Iterable[ItemScore], measurement: Measurement) -> Reason:
    """A cause as a verdict's reason."""
    return Reason(code=cause.code, text=cause.text, items=examples(cause, items, measurement))
