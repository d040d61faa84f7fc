"""How each backend is asked for a stream of tokens, and how its events are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Prompt = Sequence[int] | str


@dataclass(frozen=True)
class Dialect:
    """One backend's way to stream."""

    name: str
    path: str
    """Where a prompt is posted."""
    tokenize: str | None
    """Where a text becomes token ids; None: the backend cannot, and prompts are texts."""
    exact: bool
    """Whether the backend can be told to go on past its end token, so that every answer has the length asked for."""


LLAMA_CPP = Dialect("llama.cpp", "/completion", "/tokenize", True)
VLLM = Dialect("vllm", "/v1/completions", "/tokenize", True)
OLLAMA = Dialect("ollama", "/api/generate", None, False)
OPENAI = Dialect("openai", "/v1/completions", None, False)
DIALECTS = {"llama.cpp": LLAMA_CPP, "vllm": VLLM, "ollama": OLLAMA}


def dialect_of(backend: str) -> Dialect:
    """The dialect of a backend; an attached server is asked in OpenAI's."""
    return DIALECTS.get(backend, OPENAI)


def stream_body(dialect: Dialect, model: str, prompt: Prompt, tokens: int, reuse: bool) -> dict[str, Any]:
    """The request for `tokens` tokens after `prompt`, greedily. `reuse`: the server may use what it has computed for
    the same prompt before."""
    text = prompt if isinstance(prompt, str) else list(prompt)
    match dialect.name:
        case "llama.cpp":
            return {
                "prompt": text, "n_predict": tokens, "stream": True, "ignore_eos": True, "cache_prompt": reuse,
                "temperature": 0, "samplers": ["temperature"],
            }  # fmt: skip
        case "ollama":
            return {
                "model": model, "prompt": text, "raw": True, "stream": True,
                "options": {"num_predict": tokens, "temperature": 0},
            }  # fmt: skip
        case _:
            asked: dict[str, Any] = {
                "model": model, "prompt": text, "max_tokens": tokens, "stream": True, "temperature": 0,
                "stream_options": {"include_usage": True},
            }  # fmt: skip
            if dialect.name == "vllm":
                asked |= {"ignore_eos": True, "min_tokens": tokens}
                asked["stream_options"]["continuous_usage_stats"] = True
            return asked


def tokenize_body(dialect: Dialect, model: str, text: str) -> dict[str, Any]:
    """The request that turns a text into token ids, special ones before it included."""
    if dialect.name == "vllm":
        return {"model": model, "prompt": text, "add_special_tokens": True}
    return {"content": text, "add_special": True}


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


def events(dialect: Dialect, lines: Iterable[str], before: int = 0) -> list[Event]:
    """The events in the lines of a stream (server-sent events, or one JSON object a line), in order; `before`: tokens
    that came in earlier lines.

    Where the backend does not count tokens as it goes, an event with text counts as one token, and the total comes
    with the last event. Raises ValueError for a line that is no JSON.
    """
    found: list[Event] = []
    for line in lines:
        data = line.removeprefix("data:").strip()
        if not data or data == "[DONE]" or line.startswith((":", "event:", "id:")):
            continue
        found.append(_event(dialect, json.loads(data), found[-1].tokens if found else before))
    return found


def _event(dialect: Dialect, data: dict[str, Any], before: int) -> Event:
    if "error" in data:
        message = data["error"].get("message") if isinstance(data["error"], dict) else data["error"]
        return Event(before, error=" ".join(str(message).split())[:300])
    match dialect.name:
        case "llama.cpp":
            timings = data.get("timings") or {}
            return Event(
                int(data.get("tokens_predicted", before)), data.get("tokens_evaluated"), timings.get("cache_n")
            )
        case "ollama":
            if data.get("done"):
                return Event(int(data.get("eval_count", before)), data.get("prompt_eval_count"))
            return Event(before + bool(data.get("response")))
        case _:
            usage = data.get("usage") or {}
            choices = data.get("choices") or [{}]
            tokens = usage.get("completion_tokens")
            cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
            counted = before + bool(choices[0].get("text")) if tokens is None else int(tokens)
            return Event(counted, usage.get("prompt_tokens"), cached)
