"""The requests of an item with their keys, and answers of earlier runs by these keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evaluators.backends.openai_api.sampling import NEUTRAL
from evaluators.backends.protocol import Request
from evaluators.backends.select import ByKind
from evaluators.harness import keys as identity
from evaluators.harness import run_folder
from evaluators.harness.journal import Journal
from evaluators.harness.keys import sampling_seed
from evaluators.harness.requests import Item
from evaluators.records import Artifact, RequestKind, Response, Run, Settings, UserError
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.sources import LocalSource

PENALTIES = ("presence_penalty", "frequency_penalty", "repetition_penalty")
"""Samplers that change a greedy answer."""


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


def older_keys(run: Run, protocol: ByKind, settings: Settings) -> Callable[[Request], tuple[str, ...]]:
    """Keys under which version 0.1.0 kept the answer to a request.

    It sent a greedy request no sampler but the temperature, so its answers are the same only on servers that we start,
    from files that bring no samplers of their own."""
    assert run.artifact is not None and run.server is not None
    neutral = all(getattr(settings, name) in (None, NEUTRAL[name]) for name in PENALTIES)
    if run.server.backend not in ("llama.cpp", "vllm") or not neutral or brings_samplers(run.artifact):
        return lambda request: ()
    who = identity.digest(identity.server_identity(run.artifact, run.server))
    how = {"thinking": settings.thinking, "effort": settings.effort}

    def keys_of(request: Request) -> tuple[str, ...]:
        if request.kind is not RequestKind.generate or request.args[1].get("temperature"):
            return ()
        extra = how | {"seed": request.seed, "repeat": request.repeat}
        name = protocol.of(request.kind).name
        return (identity.request_key(who, name, request.kind.value, request.args, extra),)

    return keys_of


def brings_samplers(artifact: Artifact) -> bool:
    """Whether a GGUF file states samplers that a server would use for what a request leaves out."""
    if artifact.format != "gguf":
        return False
    try:
        header = read_gguf_header(LocalSource.of(Path(artifact.path), artifact.path))
    except (UserError, OSError):
        return True
    return any(name.startswith("general.sampling.") for name in header.metadata)


def take_over(
    run: Run,
    protocol: ByKind,
    settings: Settings,
    journal: Journal,
    items: Sequence[Item],
    requests: Callable[[Item], list[Request]],
    reuse: Sequence[Path],
) -> int:
    """Copy answers of earlier runs whose request keys this run needs into the journal. Returns how many."""
    if not reuse:
        return 0
    held = {request_id for request_id, _ in journal.finished()}
    older = older_keys(run, protocol, settings)
    wanted: dict[str, list[tuple[tuple[str, int, int, int], str]]] = {}
    for item in items:
        for request in requests(item):
            request_id = (request.task, request.doc_id, request.index, request.repeat)
            if request_id not in held:
                for key in (request.key, *older(request)):
                    wanted.setdefault(key, []).append((request_id, request.key))
    taken = 0
    for folder in reuse:
        batch: list[tuple[str, Response]] = []
        for row in run_folder.earlier_answers(folder):
            for request_id, key in wanted.pop(row["request_key"], []):
                if request_id in held:
                    continue
                held.add(request_id)
                moved = dict(zip(("task", "doc_id", "index", "repeat"), request_id, strict=True))
                fields = {name: row[name] for name in Response.model_fields}
                batch.append((key, Response.model_validate(fields | moved)))
        journal.commit(batch)
        taken += len(batch)
    return taken
