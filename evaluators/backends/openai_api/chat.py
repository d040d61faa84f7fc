"""Generation through `/v1/chat/completions`: the server applies the chat template; thinking is set apart."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from evaluators.backends.client import Client, GaveUp
from evaluators.backends.openai_api import sampling
from evaluators.backends.openai_api.replies import Generation, ending, read_chat
from evaluators.backends.openai_api.thinking import set_apart
from evaluators.backends.protocol import Answering, Request, answered, failure, one_by_one
from evaluators.records import Response, ServerDescription, Settings


def as_json(history: list[dict[str, Any]], add_generation_prompt: bool = True) -> str:
    """A message history as JSON text, which is how lm-eval carries it in a request."""
    return json.dumps(history, ensure_ascii=False)


SWITCHES = ("enable_thinking", "thinking")
"""Variables that switch thinking on and off (Qwen3, GLM, SmolLM3; DeepSeek-V3.1, Granite)."""
EFFORTS = ("reasoning_effort", "effort", "thinking_effort")
"""Variables that say how long to think (gpt-oss), some with a word for not at all."""
SERVED_EFFORTS = ("low", "medium", "high")
"""Values of the field `reasoning_effort` that every server takes; other words go to the template only."""


def template_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of the chat template: thinking under every name that templates have for it, because a template ignores
    what it does not know; the effort likewise."""
    arguments: dict[str, Any] = {}
    if settings.thinking is not None:
        arguments |= dict.fromkeys(SWITCHES, settings.thinking == "on")
    if settings.effort is not None:
        arguments |= dict.fromkeys(EFFORTS, settings.effort)
    return arguments


class Chat:
    """Message histories on any server with an OpenAI-style chat route."""

    name = "chat"

    def __init__(self, server: ServerDescription, settings: Settings, dialect: str = "openai") -> None:
        self.server = server
        self.dialect = dialect
        self.thinks = settings.thinking == "on"
        """Stop strings of a task are for its answer: while a model thinks, the server must not know them."""
        self.extra: dict[str, Any] = {}
        if settings.effort is not None and (dialect == "openai" or settings.effort in SERVED_EFFORTS):
            self.extra["reasoning_effort"] = settings.effort
        if (template := template_arguments(settings)) and dialect != "openai":
            self.extra["chat_template_kwargs"] = template

    async def prepare(self, client: Client) -> None:
        """Nothing to read."""

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Each request a job of its own."""
        return one_by_one(requests)

    def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Ask for one answer per request."""
        return Answering(self._ask, client, job)

    async def _ask(self, client: Client, request: Request) -> Response:
        messages = json.loads(request.args[0])
        # A hosted API knows its own limit; servers of ours are told theirs, because vLLM's default is 16 tokens.
        fallback = self.server.context if self.dialect != "openai" else None
        fields = sampling.sampling_fields(
            request.args[1], request.seed, self.dialect, fallback, send_stops=not self.thinks
        )
        payload = {"model": self.server.model, "messages": messages} | fields | self.extra
        if messages and messages[-1].get("role") == "assistant" and self.dialect == "vllm":
            payload |= {"add_generation_prompt": False, "continue_final_message": True}
        try:
            reply = await client.post("/v1/chat/completions", payload, read=read_chat, tokens=fields.get("max_tokens"))
        except GaveUp as error:
            return failure(request, error)
        generation: Generation = reply.data
        tagged, answer = set_apart(generation.content, asked=self.thinks)
        text = sampling.cut(answer, request.args[1])
        return answered(
            request,
            reply,
            status=ending(
                generation, text, sampling.limit_to_check(fields, self.dialect), stopped=len(text) < len(answer)
            ),
            text=text,
            reasoning=generation.reasoning or tagged,
            finish_reason=generation.finish,
            prompt_tokens=generation.prompt_tokens,
            generated_tokens=generation.generated_tokens,
        )
