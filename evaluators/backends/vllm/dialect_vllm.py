"""How vLLM is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluators.backends.openai_api.dialect import Dialect, Post, Prompt
from evaluators.backends.protocol import AnswerProtocol
from evaluators.backends.reply_reader import positive, rendered_prompt, token_ids
from evaluators.records import ServerDescription


class VllmDialect(Dialect):
    """vLLM's OpenAI server with its extensions."""

    name = "vllm"
    tokenize_path = "/tokenize"
    exact_length = True
    renders = True

    def recognises(self, models: dict[str, Any], get: Callable[[str], dict[str, Any] | None]) -> str | None:
        """By the owner of its model, or by /version."""
        version = (get("/version") or {}).get("version")
        if models.get("owned_by") != "vllm" and version is None:
            return None
        return str(version or "unknown")

    def slots(self, get: Callable[[str], dict[str, Any] | None]) -> int | None:
        """By /server_info, which a server in development mode has: `max_num_seqs` is that of one of its engines."""
        config = (get("/server_info?config_format=json") or {}).get("vllm_config")
        parts = config if isinstance(config, dict) else {}
        scheduler, parallel = parts.get("scheduler_config"), parts.get("parallel_config")
        slots = positive(scheduler.get("max_num_seqs")) if isinstance(scheduler, dict) else None
        copies = positive(parallel.get("data_parallel_size")) if isinstance(parallel, dict) else None
        return slots * (copies or 1) if slots else None

    def stream_body(self, model: str, prompt: Prompt, tokens: int, reuse: bool) -> dict[str, Any]:
        """Past the end token, with tokens counted in every event."""
        body = super().stream_body(model, prompt, tokens, reuse)
        body["stream_options"]["continuous_usage_stats"] = True
        return body | {"ignore_eos": True, "min_tokens": tokens}

    def loglikelihood(self, server: ServerDescription) -> AnswerProtocol:
        """By the log-probabilities of the prompt."""
        from evaluators.backends.vllm.vllm_loglikelihood import VllmLoglikelihood

        return VllmLoglikelihood(server)

    def render(self, post: Post, model: str, history: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """vLLM gives the rendered prompt as tokens only."""
        body = {"messages": history, "add_generation_prompt": add_generation_prompt}
        body |= {"model": model, "continue_final_message": not add_generation_prompt}
        tokens = post("/tokenize", body, token_ids)
        return str(post("/detokenize", {"model": model, "tokens": tokens}, rendered_prompt))

    def describes_speculation(self) -> bool:
        """Its flags say all."""
        return True


DIALECT = VllmDialect()
