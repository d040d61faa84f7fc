"""lm-eval's generation arguments and our settings, as fields of an OpenAI-style request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.records import Settings

MOST_STOPS = 4
"""Stop strings that a hosted API takes."""


def overrides(settings: Settings) -> dict[str, Any]:
    """What the settings say about generation, in lm-eval's words, to be laid over a task's own arguments."""
    stated: dict[str, Any] = {}
    if settings.temperature is not None:
        stated["temperature"] = settings.temperature
        stated["do_sample"] = settings.temperature > 0
    for name in ("top_p", "top_k", "min_p"):
        if (value := getattr(settings, name)) is not None:
            stated[name] = value
    if settings.max_tokens is not None:
        stated["max_gen_toks"] = settings.max_tokens
    return stated


def limit(arguments: Mapping[str, Any]) -> int | None:
    """Most tokens an answer may have, from lm-eval's generation arguments; None if they do not say."""
    for name in ("max_gen_toks", "max_tokens", "max_new_tokens", "max_completion_tokens"):
        if arguments.get(name) is not None:
            return int(arguments[name])
    return None


def stops(arguments: Mapping[str, Any]) -> list[str]:
    """Stop strings, empty ones left out."""
    until = arguments.get("until") or []
    return [text for text in ([until] if isinstance(until, str) else until) if text]


def sampling_fields(
    arguments: Mapping[str, Any], seed: int, backend: str, fallback_limit: int | None
) -> dict[str, Any]:
    """Request fields for lm-eval's generation arguments.

    Temperature defaults to 0 as in lm-eval. When sampling, what is not stated is neutral (top_p 1, top_k off, min_p 0)
    and sent, because servers have different defaults of their own. `fallback_limit`: token limit if the arguments have
    none; None leaves it to the server.
    """
    rest = {
        name: value
        for name, value in arguments.items()
        if name not in {"until", "do_sample", "max_gen_toks", "max_tokens", "max_new_tokens", "max_completion_tokens"}
    }
    fields: dict[str, Any] = {"temperature": float(rest.pop("temperature", 0.0) or 0.0)}
    if fields["temperature"] > 0 or backend != "vllm":  # a seed makes vLLM slower, also where none is used
        fields["seed"] = seed
    tokens = limit(arguments)
    if (tokens := fallback_limit if tokens is None else tokens) is not None:
        fields["max_tokens"] = tokens
    if stop := stops(arguments):
        fields["stop"] = stop if backend in {"llama.cpp", "vllm"} else stop[:MOST_STOPS]
    if fields["temperature"] > 0 and backend in {"llama.cpp", "vllm"}:
        fields |= {"top_p": 1.0, "top_k": 0 if backend == "llama.cpp" else -1, "min_p": 0.0}
    return fields | rest


def limit_to_check(fields: Mapping[str, Any], backend: str) -> int | None:
    """The token limit in request fields, where answers of that length may be cut although the server says `stop`.

    llama.cpp and vLLM say `length`; gateways and other servers have been seen not to.
    """
    return None if backend in {"llama.cpp", "vllm"} else fields.get("max_tokens")


def cut(text: str, arguments: Mapping[str, Any], backend: str) -> str:
    """The answer up to the first stop string that a hosted API was not told."""
    if backend in {"llama.cpp", "vllm"}:
        return text
    found = [at for stop in stops(arguments)[MOST_STOPS:] if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else text
