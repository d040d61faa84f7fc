"""The requests of an item with their keys, and answers of earlier runs by these keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evaluators.backends.protocol import Request
from evaluators.backends.select import ByKind
from evaluators.harness import keys as identity
from evaluators.harness import run_folder
from evaluators.harness.journal import Journal
from evaluators.harness.keys import sampling_seed
from evaluators.harness.requests import Item
from evaluators.records import RequestKind, Response, Run, Settings


def keyed_requests(run: Run, protocol: ByKind, settings: Settings, repeats: int) -> Callable[[Item], list[Request]]:
    """Makes all requests of an item, with their keys."""
    assert run.artifact is not None and run.server is not None
    who = identity.digest(identity.server_identity(run.artifact, run.server))
    how = {"thinking": settings.thinking, "effort": settings.effort, "samplers": "all sent"}

    def make(item: Item) -> list[Request]:
        made = []
        for instance in item.instances:
            kind = RequestKind(instance.request_type)
            name = protocol.of(kind).name
            for repeat in range(repeats if kind is RequestKind.generate else 1):
                seed = sampling_seed(item.task, item.doc_id, instance.idx, repeat)
                extra = how | {"seed": seed, "repeat": repeat} if kind is RequestKind.generate else {}
                key = identity.request_key(who, name, kind.value, instance.args, extra)
                made.append(Request(item.task, item.doc_id, instance.idx, repeat, kind, instance.args, seed, key))
        return made

    return make


def take_over(
    journal: Journal, items: Sequence[Item], requests: Callable[[Item], list[Request]], reuse: Sequence[Path]
) -> int:
    """Copy answers of earlier runs whose request keys this run needs into the journal. Returns how many."""
    if not reuse:
        return 0
    held = {place for place, _ in journal.finished()}
    wanted: dict[str, list[tuple[str, int, int, int]]] = {}
    for item in items:
        for request in requests(item):
            spot = (request.task, request.doc_id, request.index, request.repeat)
            if spot not in held:
                wanted.setdefault(request.key, []).append(spot)
    taken = 0
    for folder in reuse:
        batch: list[tuple[str, Response]] = []
        for row in run_folder.earlier_answers(folder):
            for task, doc_id, index, repeat in wanted.pop(row["request_key"], []):
                moved = {"task": task, "doc_id": doc_id, "index": index, "repeat": repeat}
                fields = {name: row[name] for name in Response.model_fields}
                batch.append((row["request_key"], Response.model_validate(fields | moved)))
        journal.commit(batch)
        taken += len(batch)
    return taken
