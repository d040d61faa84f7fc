"""How llama-server is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluators.backends.openai_api.dialect import Dialect, Event, Post, Prompt
from evaluators.backends.protocol import AnswerProtocol
from evaluators.backends.reply_reader import positive, rendered_prompt
from evaluators.records import ServerDescription


class LlamaDialect(Dialect):
    """llama-server's own routes (llama.cpp, tools/server/README.md)."""

    name = "llama.cpp"
    stream_path = "/completion"
    tokenize_path = "/tokenize"
    exact_length = True
    renders = True

    def recognises(self, models: dict[str, Any], get: Callable[[str], dict[str, Any] | None]) -> str | None:
        """By /props, which no other server has."""
        properties = get("/props") or {}
        if "total_slots" not in properties and "build_info" not in properties:
            return None
        return str(properties.get("build_info") or "unknown")

    def slots(self, get: Callable[[str], dict[str, Any] | None]) -> int | None:
        """By /props."""
        return positive((get("/props") or {}).get("total_slots"))

    def tokenize_body(self, model: str, text: str, special: bool = True) -> dict[str, Any]:
        """By `content`."""
        return {"content": text, "add_special": special}

    def stream_body(self, model: str, prompt: Prompt, tokens: int, reuse: bool) -> dict[str, Any]:
        """One sampler only, past the end token."""
        text = prompt if isinstance(prompt, str) else list(prompt)
        return {
            "prompt": text, "n_predict": tokens, "stream": True, "ignore_eos": True, "cache_prompt": reuse,
            "temperature": 0, "samplers": ["temperature"],
        }  # fmt: skip

    def read_event(self, data: dict[str, Any], before: int) -> Event:
        """It counts as it goes."""
        timings = data.get("timings") or {}
        return Event(int(data.get("tokens_predicted", before)), data.get("tokens_evaluated"), timings.get("cache_n"))

    def loglikelihood(self, server: ServerDescription) -> AnswerProtocol:
        """Token by token, forced."""
        from evaluators.backends.llama_cpp.llama_loglikelihood import LlamaLoglikelihood

        return LlamaLoglikelihood(server)

    def render(self, post: Post, model: str, history: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """By /apply-template."""
        body = {"messages": history, "add_generation_prompt": add_generation_prompt}
        return str(post("/apply-template", body, rendered_prompt))

    def describes_speculation(self) -> bool:
        """Its flags say all."""
        return True


DIALECT = LlamaDialect()
