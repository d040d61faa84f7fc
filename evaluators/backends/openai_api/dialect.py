"""How a server is asked beyond its chat and completion routes: tokens, streams, rendered prompts, log-likelihoods.

The base is any server with an OpenAI-like interface; a backend overrides what its servers do otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluators.records import ServerDescription, UserError

if TYPE_CHECKING:
    from evaluators.backends.protocol import AnswerProtocol

Prompt = Sequence[int] | str
Post = Callable[[str, dict[str, Any], Callable[[Any], Any]], Any]
"""Posts a body to a path of the server and returns what the reader makes of the decoded answer. Raises UserError."""


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    tokens: int
    """Tokens generated up to here."""
    prompt: int | None = None
    """Tokens of the prompt."""
    cached: int | None = None
    """Those of them that the server had computed before."""
    error: str | None = None
    """What went wrong in the server."""


class Dialect:
    """An OpenAI-like server of which nothing more is known."""

    name = "openai"
    stream_path = "/v1/completions"
    """Where a prompt is posted to be answered as a stream."""
    tokenize_path: str | None = None
    """Where a text becomes token ids; None: the server cannot, and prompts are texts."""
    exact_length = False
    """Whether the server can be told to go on past its end token, so that every answer has the length asked for."""
    renders = False
    """Whether the server turns a message history into the prompt that its chat route would use."""

    def recognises(self, models: dict[str, Any], get: Callable[[str], dict[str, Any] | None]) -> str | None:
        """The version of a running server that speaks this dialect, `unknown` if it does not say; None if it is none.

        models: its row of /v1/models. get: decoded answer of a path, None where there is none."""
        return None

    def slots(self, get: Callable[[str], dict[str, Any] | None]) -> int | None:
        """Requests that a running server works on at a time, all copies of the model together; None if it does not say.

        get: decoded answer of a path, None where there is none."""
        return None

    def tokenize_body(self, model: str, text: str, special: bool = True) -> dict[str, Any]:
        """The request that turns a text into token ids; `special`: with those that the tokenizer puts before it."""
        return {"model": model, "prompt": text, "add_special_tokens": special}

    def stream_body(self, model: str, prompt: Prompt, tokens: int, reuse: bool) -> dict[str, Any]:
        """The request for a stream of `tokens` tokens after `prompt`, greedily. `reuse`: the server may use what it has
        computed for the same prompt before."""
        text = prompt if isinstance(prompt, str) else list(prompt)
        return {
            "model": model, "prompt": text, "max_tokens": tokens, "stream": True, "temperature": 0,
            "stream_options": {"include_usage": True},
        }  # fmt: skip

    def read_event(self, data: dict[str, Any], before: int) -> Event:
        """One event; `before`: tokens before it. An event with text that does not count tokens counts as one."""
        usage = data.get("usage") or {}
        choices = data.get("choices") or [{}]
        tokens = usage.get("completion_tokens")
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
        counted = before + bool(choices[0].get("text")) if tokens is None else int(tokens)
        return Event(counted, usage.get("prompt_tokens"), cached)

    def loglikelihood(self, server: ServerDescription) -> AnswerProtocol:
        """How the server is asked for log-likelihoods. Raises UserError if it gives none."""
        raise UserError(f"{server.backend} gives no log-likelihoods; serve the model with llama.cpp or vllm")

    def render(self, post: Post, model: str, history: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """The prompt that a message history becomes. Raises UserError if the server does not render it."""
        raise UserError("the server does not render chat prompts for log-likelihoods; use llama.cpp or vllm")

    def describes_speculation(self) -> bool:
        """Whether the flags of a server that we started say all about speculative decoding."""
        return False


OPENAI = Dialect()
