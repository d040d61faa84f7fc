"""What tells servers of unseen weights apart is asked once, though each run of a verification wants to know it."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from evaluators.backends.fingerprint import Answer, alike, ask_probes
from evaluators.backends.replicas.server_group import ServerGroup
from evaluators.backends.server import ModelServer

Question = tuple[str, bool, tuple[str, ...], tuple[str, ...]]
"""Name of the model, whether the prompts are dialogues, the prompts, and the addresses of those that are asked."""

_ANSWERED: WeakKeyDictionary[ModelServer, dict[Question, list[Answer]]] = WeakKeyDictionary()
"""What each server object answered: forgotten with it, so at the end of a verification."""


def ask_replicas(server: ModelServer, model: str, prompts: Sequence[str], chat: bool) -> list[Answer]:
    """What a server answers to the prompts; of several what all answer. Where this object was asked the same before,
    only the first prompt is asked again, and all of them if its answer differs: another model, template or quantization
    shows in the log-probabilities of every answer. Raises OtherModel if two differ."""
    addresses = tuple(replica.server.url for replica in server.replicas) if isinstance(server, ServerGroup) else ()
    question = (model, chat, tuple(prompts), addresses)
    answered = _ANSWERED.setdefault(server, {})
    answers = answered.get(question)
    if answers is None or not alike(answers[:1], _ask(server, model, prompts[:1], chat)):
        answers = answered[question] = _ask(server, model, prompts, chat)
    if isinstance(server, ServerGroup):
        server.expect(prompts, chat, answers)
    return answers


def _ask(server: ModelServer, model: str, prompts: Sequence[str], chat: bool) -> list[Answer]:
    if isinstance(server, ServerGroup):
        return server.agreed_answers(model, prompts, chat)
    return ask_probes(server, model, prompts, chat)
