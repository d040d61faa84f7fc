"""How vLLM is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluators.backends.openai_api.dialect import Dialect, Post, Prompt
from evaluators.backends.protocol import AnswerProtocol
from evaluators.backends.reply_reader import rendered_prompt, token_ids
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
