"""Generation through `/v1/completions`: the prompt is plain text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from evaluators.backends.client import Client, GaveUp
from evaluators.backends.openai_api import sampling
from evaluators.backends.protocol import Request, answered, failure, one_by_one
from evaluators.records import Response, ResponseStatus, ServerDescription


class Completion:
    """Plain prompts on any server with an OpenAI-style completion route."""

    name = "completion"

    def __init__(self, server: ServerDescription, dialect: str = "openai") -> None:
        self.server = server
        self.dialect = dialect

    async def prepare(self, client: Client) -> None:
        """Nothing to read."""

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Each request a job of its own."""
        return one_by_one(requests)

    async def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Ask for one completion per request."""
        for request in job:
            prompt, arguments = request.args[0], request.args[1]
            fields = sampling.sampling_fields(arguments, request.seed, self.dialect, self.server.context)
            payload = {"model": self.server.model, "prompt": prompt} | fields
            try:
                reply = await client.post("/v1/completions", payload, needs="choices")
            except GaveUp as error:
                yield failure(request, error)
                continue
            choice, usage = reply.data["choices"][0], reply.data.get("usage") or {}
            text, finish = choice.get("text") or "", choice.get("finish_reason")
            text = sampling.cut(text, arguments, self.dialect)
            yield answered(
                request,
                reply,
                status=status(text, finish),
                text=text,
                finish_reason=finish,
                prompt_tokens=usage.get("prompt_tokens"),
                generated_tokens=usage.get("completion_tokens"),
            )


def status(text: str, finish: str | None, refusal: str | None = None) -> ResponseStatus:
    """How an answer ended, from its text, the finish reason and a refusal the server stated."""
    if refusal or finish == "content_filter":
        return ResponseStatus.refused
    if finish == "length":
        return ResponseStatus.truncated
    if not text.strip():
        return ResponseStatus.empty
    return ResponseStatus.ok
