"""Tokens counted by the server that a run is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from evaluators.backends.bounded_http import fetch_bounded
from evaluators.backends.registry import dialect_named
from evaluators.backends.reply_reader import BadReply, decode, token_ids
from evaluators.backends.server import ModelServer
from evaluators.catalogue import Benchmark
from evaluators.records import ServerDescription, Settings, UserError
from evaluators.tasks.long_context.text_length import FRAME, TextSize, current_size, read_length

ANSWER = 128
"""Tokens of an answer where no setting says how many it may have: RULER's most."""


@dataclass(frozen=True)
class _Encoded:
    input_ids: range
    """As many as there are tokens; which they are, nobody asks."""


class ServedTokenizer:
    """What lm-eval's generators ask of a Hugging Face tokenizer: how many tokens a text has."""

    vocab_size = None

    @classmethod
    def from_pretrained(cls, *_: Any, **__: Any) -> ServedTokenizer:
        """As `AutoTokenizer` has it: the tokenizer of the served model, whatever is asked for."""
        return cls()

    def __call__(self, text: str) -> _Encoded:
        return _Encoded(range(current_size().count(text)))


def text_size(
    benchmark: Benchmark, server: ModelServer, about: ServerDescription, dialect: str, settings: Settings
) -> TextSize:
    """The size that settings state for a benchmark whose texts have one.

    Raises UserError where no length is stated, where the server takes less, or where it does not count tokens.
    """
    tokens = read_length(settings.subset or "")
    if tokens is None:
        raise UserError(f"{benchmark.title} is undefined without a length; state one like 32K")
    if about.context is not None and about.context < tokens:
        raise UserError(too_short(benchmark.title, tokens, about.context))
    answer = settings.max_tokens or ANSWER
    if answer + FRAME > tokens // 2:
        raise UserError(f"answers of {answer:,} tokens leave less than half of {tokens:,} for the text; state fewer")
    path = dialect_named(dialect).tokenize_path
    if path is None:
        raise UserError("the server counts no tokens, so no text can be made to a length; use llama.cpp or vllm")
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    http = httpx.Client(base_url=server.url, headers=headers, trust_env="//127.0.0.1" not in server.url)

    def count(text: str) -> int:
        body = dialect_named(dialect).tokenize_body(about.model, text)
        try:
            status, content = fetch_bounded(http, "POST", path, json=body)
            if status != 200:
                raise BadReply(f"HTTP {status}")
            return len(token_ids(decode(content)))
        except (httpx.HTTPError, BadReply) as error:
            raise UserError(f"the server does not count tokens ({error}); use llama.cpp or vllm") from None

    named = about.artifact_key or f"{server.url} {about.model}"
    return TextSize(tokens, answer, count, named)


def too_short(title: str, tokens: int, context: int) -> str:
    """Why a claim about longer texts than the server takes is not run."""
    return (
        f"{title} at {tokens:,} tokens does not fit the {context:,} that the server gives a request; "
        f"serve with --context {tokens} where the model and the memory allow it"
    )
