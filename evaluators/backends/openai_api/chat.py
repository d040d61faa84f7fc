"""Generation through `/v1/chat/completions`: the server applies the chat template; thinking is set apart."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from evaluators.backends.client import Client, GaveUp
from evaluators.backends.openai_api import sampling
from evaluators.backends.openai_api.completions import status
from evaluators.backends.openai_api.thinking import set_apart
from evaluators.backends.protocol import Request, answered, failure, one_by_one
from evaluators.records import Response, ServerDescription, Settings


def as_json(history: list[dict[str, Any]], add_generation_prompt: bool = True) -> str:
    """A message history as JSON text, which is how lm-eval carries it in a request."""
    return json.dumps(history, ensure_ascii=False)


SWITCHES = ("enable_thinking", "thinking")
"""Variables by which chat templates switch thinking."""


class Chat:
    """Message histories on any server with an OpenAI-style chat route."""

    name = "chat"

    def __init__(self, server: ServerDescription, settings: Settings, dialect: str = "openai") -> None:
        self.server = server
        self.dialect = dialect
        self.sends_stops = settings.thinking != "on"
        """Stop strings of a task are for its answer: while a model thinks, the server must not know them."""
        self.extra: dict[str, Any] = {}
        template: dict[str, Any] = {}
        if settings.thinking is not None:
            # the names under which templates have the switch; a template ignores what it does not know
            template |= dict.fromkeys(SWITCHES, settings.thinking == "on")
        if settings.effort is not None:
            template["reasoning_effort"] = settings.effort
            self.extra["reasoning_effort"] = settings.effort
        if template and dialect != "openai":
            self.extra["chat_template_kwargs"] = template

    async def prepare(self, client: Client) -> None:
        """Nothing to read."""

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Each request a job of its own."""
        return one_by_one(requests)

    async def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Ask for one answer per request."""
        for request in job:
            messages = json.loads(request.args[0])
            # A hosted API knows its own limit; servers of ours are told theirs, because vLLM's default is 16 tokens.
            fallback = self.server.context if self.dialect != "openai" else None
            fields = sampling.sampling_fields(
                request.args[1], request.seed, self.dialect, fallback, send_stops=self.sends_stops
            )
            payload = {"model": self.server.model, "messages": messages} | fields | self.extra
            if messages and messages[-1].get("role") == "assistant" and self.dialect == "vllm":
                payload |= {"add_generation_prompt": False, "continue_final_message": True}
            try:
                reply = await client.post("/v1/chat/completions", payload, needs="choices")
            except GaveUp as error:
                yield failure(request, error)
                continue
            choice, usage = reply.data["choices"][0], reply.data.get("usage") or {}
            message, finish = choice.get("message") or {}, choice.get("finish_reason")
            content = message.get("content") or ""
            tagged, text = set_apart(content)
            text = sampling.cut(text, request.args[1], self.dialect, sent_stops=self.sends_stops)
            reasoning = message.get("reasoning_content") or message.get("reasoning") or tagged
            yield answered(
                request,
                reply,
                status=status(text, finish, message.get("refusal")),
                text=text,
                reasoning=reasoning,
                finish_reason=finish,
                prompt_tokens=usage.get("prompt_tokens"),
                generated_tokens=usage.get("completion_tokens"),
            )
