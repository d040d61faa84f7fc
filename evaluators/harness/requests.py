"""All requests of a run, built once in lm-eval's canonical order, then put into the fixed random order."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluators.harness.keys import order_key
from evaluators.harness.tasks import LoadedTasks
from evaluators.records import Settings

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

CanonicalSeed = 1234


@dataclass(slots=True)
class Item:
    """One document with its requests (one, or one per choice)."""

    task: str
    doc_id: int
    position: int
    """Place in the fixed random order, from 0."""
    instances: list[Instance]


def build_items(
    loaded: LoadedTasks,
    settings: Settings,
    *,
    order_seed: int = 0,
    generation: dict[str, Any] | None = None,
    chat_template: Callable[..., Any] | None = None,
) -> list[Item]:
    """Every document of every task with its requests, in the fixed random order over the union of the tasks.

    `generation`: arguments that override the tasks' own generation arguments. `chat_template`: turns a message history
    into what the protocol sends; None builds plain prompts. Few-shot examples are drawn in canonical document order
    with lm-eval's seed, as `simple_evaluate` draws them, whatever order the items are read in.
    """
    items = []
    for name, task in loaded.tasks.items():
        _configure(task, settings.shots, generation, chat=chat_template is not None)
        # lm-eval draws a progress bar for every task; ours is `Progress`.
        with contextlib.redirect_stderr(io.StringIO()):
            task.build_all_requests(
                rank=0,
                world_size=1,
                system_instruction=settings.system_prompt or None,
                apply_chat_template=chat_template is not None,
                fewshot_as_multiturn=True,
                chat_template=chat_template,
            )
        documents: dict[int, list[Instance]] = {}
        for instance in task.instances:
            documents.setdefault(int(instance.doc_id or 0), []).append(instance)
        for doc_id, instances in documents.items():
            items.append(Item(name, doc_id, 0, sorted(instances, key=lambda instance: instance.idx)))
        task._instances = None
    items.sort(key=lambda item: order_key(order_seed, item.task, item.doc_id))
    for position, item in enumerate(items):
        item.position = position
    return items


def _chat_stops(task: Any) -> list[str]:
    """A task's stop strings for an answer in a dialogue. A turn ends by itself; a line break, a full stop or a single
    letter would cut an answer that is written out."""
    until = (task.get_config("generation_kwargs") or {}).get("until") or []
    return [text for text in ([until] if isinstance(until, str) else until) if len(text.strip()) > 1]


def _configure(task: Any, shots: int | None, generation: dict[str, Any] | None, chat: bool = False) -> None:
    """What `simple_evaluate` does to a task before it builds requests (lm_eval/evaluator.py)."""
    if task.get_config("output_type") == "generate_until":
        changes = dict(generation or {})
        if chat:
            changes["until"] = _chat_stops(task)
        if changes:
            task.set_config("generation_kwargs", changes, update=True)
    if shots is not None and task.get_config("num_fewshot") != 0:
        task.set_config("num_fewshot", shots)
    elif task.get_config("num_fewshot") is None:
        task.set_config("num_fewshot", 0)
    task.set_fewshot_seed(CanonicalSeed)


def data_hash(items: Sequence[Item]) -> str:
    """SHA-256 (hex) over the documents of all items in canonical order: what the benchmark's data was."""
    total = hashlib.sha256()
    for item in sorted(items, key=lambda item: (item.task, item.doc_id)):
        document = json.dumps(item.instances[0].doc, sort_keys=True, default=str, ensure_ascii=False)
        total.update(f"{item.task}|{item.doc_id}|{document}\n".encode("utf-8", "surrogatepass"))
    return total.hexdigest()
