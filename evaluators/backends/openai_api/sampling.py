"""lm-eval's generation arguments and our settings, as fields of an OpenAI-style request.

Every sampler that a server knows goes out with every request, greedy ones too: what is left out takes the server's own
default, which may come from generation_config.json, from GGUF metadata (`general.sampling.*`) or from a Modelfile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.records import Settings

MOST_STOPS = 4
"""Stop strings that a hosted API takes."""
SAMPLERS = ("top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty")
"""Samplers besides the temperature, as fields of Settings."""
NEUTRAL: dict[str, float] = {
    "top_p": 1.0, "top_k": 0, "min_p": 0.0,
    "presence_penalty": 0.0, "frequency_penalty": 0.0, "repetition_penalty": 1.0,
}  # fmt: skip
"""Values with which a sampler does nothing, in the words of Settings."""
STANDARD = ("top_p", "presence_penalty", "frequency_penalty")
"""Samplers that every server with an OpenAI-style route knows."""
OWN_SERVERS = frozenset({"llama.cpp", "vllm", "sglang"})
"""Dialects whose servers take every sampler and any number of stop strings."""
LLAMA_CPP_ONLY = {
    "typical_p": 1.0, "xtc_probability": 0.0, "dry_multiplier": 0.0, "dynatemp_range": 0.0, "mirostat": 0,
    "top_n_sigma": -1.0,
}  # fmt: skip
"""Samplers of llama-server that Settings have no field for, switched off (llama.cpp, tools/server/README.md)."""


def overrides(settings: Settings) -> dict[str, Any]:
    """What the settings say about generation, in lm-eval's words, to be laid over a task's own arguments."""
    stated: dict[str, Any] = {}
    if settings.temperature is not None:
        stated["temperature"] = settings.temperature
        stated["do_sample"] = settings.temperature > 0
    for name in SAMPLERS:
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
    arguments: Mapping[str, Any], seed: int, backend: str, fallback_limit: int | None, *, send_stops: bool = True
) -> dict[str, Any]:
    """Request fields for lm-eval's generation arguments.

    Temperature defaults to 0 as in lm-eval; every other sampler that the server knows and nobody stated is sent as
    neutral. `fallback_limit`: token limit if the arguments have none; None leaves it to the server. `send_stops`: False
    keeps the task's stop strings here, for answers that begin with thinking.
    """
    rest = {
        name: value
        for name, value in arguments.items()
        if name not in {"until", "do_sample", "max_gen_toks", "max_tokens", "max_new_tokens", "max_completion_tokens"}
    }
    fields: dict[str, Any] = {"temperature": float(rest.pop("temperature", 0.0) or 0.0)}
    if fields["temperature"] > 0 or backend not in {"vllm", "sglang"}:  # a seed makes vLLM slower, also where unused
        fields["seed"] = seed
    tokens = limit(arguments)
    if (tokens := fallback_limit if tokens is None else tokens) is not None:
        fields["max_tokens"] = tokens
    if send_stops and (stop := stops(arguments)):
        fields["stop"] = stop if backend in OWN_SERVERS else stop[:MOST_STOPS]
    stated = {name: rest.pop(name) for name in SAMPLERS if rest.get(name) is not None}
    return fields | samplers(stated, backend) | rest


def limit_to_check(fields: Mapping[str, Any], backend: str) -> int | None:
    """The token limit in request fields, where answers of that length may be cut although the server says `stop`.

    llama.cpp and vLLM say `length`; gateways and other servers have been seen not to.
    """
    return None if backend in OWN_SERVERS else fields.get("max_tokens")


def samplers(stated: Mapping[str, Any], backend: str) -> dict[str, Any]:
    """All samplers that a server of this dialect knows, under its names: as stated, else neutral.

    A server that is not one of ours gets top_p and the two OpenAI penalties always, the others only where stated.
    """
    if backend not in OWN_SERVERS:
        return {name: NEUTRAL[name] for name in STANDARD} | dict(stated)
    values = NEUTRAL | dict(stated)
    if backend == "llama.cpp":
        values["repeat_penalty"] = values.pop("repetition_penalty")
        return LLAMA_CPP_ONLY | values
    if values["top_k"] <= 0:
        values["top_k"] = -1
    return values


def cut(text: str, arguments: Mapping[str, Any]) -> str:
    """The answer up to the first stop string, for those that the server was not told, and for servers that go on after
    what they were told."""
    cuts = [at for stop in stops(arguments) if (at := text.find(stop)) >= 0]
    return text[: min(cuts)] if cuts else text
