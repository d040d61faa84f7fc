"""Whether two servers serve one model under one set-up: a score must not mix two."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.backends.fingerprint import Answer, alike
from evaluators.backends.reply_reader import one_line
from evaluators.records import ServerDescription, UserError

COMPARED = {
    "model": "the name of the model",
    "version": "program and build",
    "context": "tokens of a request",
    "vocabulary": "tokens of the vocabulary",
    "parameters": "parameters",
    "chat_template_sha256": "the chat template",
    "adds_bos": "BOS before a plain prompt",
}
"""Fields of a description that are the same for one model under one set-up, in words."""
LONGEST = 60
"""Characters of an answer that are shown."""


class OtherModel(UserError):
    """Two servers of one run do not serve the same."""


def refuse_other_description(url: str, first: ServerDescription, other_url: str, second: ServerDescription) -> None:
    """Raise OtherModel, with what differs, if two servers tell of different models or set-ups."""
    for field, words in COMPARED.items():
        said, told = getattr(first, field), getattr(second, field)
        if said != told:
            raise _other(url, other_url, f"in {words}: {_said(said)} and {_said(told)}")


def refuse_other_answers(url: str, first: Sequence[Answer], other_url: str, second: Sequence[Answer]) -> None:
    """Raise OtherModel, with the first that differ, if two servers answer the same prompts differently."""
    for number, (said, told) in enumerate(zip(first, second, strict=False), 1):
        if not alike([said], [told]):
            raise _other(url, other_url, f"in their answers to prompt {number}: {_given(said)} and {_given(told)}")


def _other(url: str, other_url: str, what: str) -> OtherModel:
    return OtherModel(
        f"{url} and {other_url} differ {what}; one score must not mix two models: serve the same weights in the same "
        "way on both, or leave one out"
    )


def _said(value: object) -> str:
    return "not said" if value is None else one_line(str(value), LONGEST)


def _given(answer: Answer) -> str:
    text, logprob = answer
    shown = "no answer" if text is None else repr(one_line(text, LONGEST))
    return shown if logprob is None else f"{shown} with log-probability {logprob:g}"
