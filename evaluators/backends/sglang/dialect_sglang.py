"""How SGLang is asked (https://docs.sglang.io/basic_usage/native_api.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluators.backends.openai_api.dialect import Dialect, Prompt
from evaluators.backends.protocol import AnswerProtocol
from evaluators.backends.reply_reader import positive
from evaluators.records import ServerDescription


class SglangDialect(Dialect):
    """SGLang's OpenAI-like server, and its own routes beside it."""

    name = "sglang"
    tokenize_path = "/tokenize"
    exact_length = True

    def recognises(self, models: dict[str, Any], get: Callable[[str], dict[str, Any] | None]) -> str | None:
        """By the owner of its model, or by /get_server_info, which no other server has."""
        about = get("/get_server_info") or {}
        if models.get("owned_by") != "sglang" and "max_running_requests" not in about:
            return None
        return str(about.get("version") or "unknown")

    def slots(self, get: Callable[[str], dict[str, Any] | None]) -> int | None:
        """By /get_server_info: `max_running_requests` is that of one of its copies."""
        about = get("/get_server_info") or {}
        slots = positive(about.get("max_running_requests"))
        return slots * (positive(about.get("dp_size")) or 1) if slots else None

    def stream_body(self, model: str, prompt: Prompt, tokens: int, reuse: bool) -> dict[str, Any]:
        """Past the end token, with tokens counted in every event."""
        body = super().stream_body(model, prompt, tokens, reuse)
        body["stream_options"]["continuous_usage_stats"] = True
        return body | {"ignore_eos": True, "min_tokens": tokens}

    def loglikelihood(self, server: ServerDescription) -> AnswerProtocol:
        """By the log-probabilities of the prompt, on /generate."""
        from evaluators.backends.sglang.sglang_loglikelihood import SglangLoglikelihood

        return SglangLoglikelihood(server)

    def describes_speculation(self) -> bool:
        """Its flags say all."""
        return True


DIALECT = SglangDialect()
