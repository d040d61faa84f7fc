"""Generation through `/v1/completions`: the prompt is plain text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from evaluators.backends.client import Client, GaveUp
from evaluators.backends.openai_api import sampling
from evaluators.backends.openai_api.replies import Generation, ending, read_completion
from evaluators.backends.protocol import Answering, Request, answered, failure, one_by_one
from evaluators.records import Response, ServerDescription


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

    def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Ask for one completion per request."""
        return Answering(self._ask, client, job)

    async def _ask(self, client: Client, request: Request) -> Response:
        prompt, arguments = request.args[0], request.args[1]
        fields = sampling.sampling_fields(arguments, request.seed, self.dialect, self.server.context)
        payload = {"model": self.server.model, "prompt": prompt} | fields
        try:
            reply = await client.post("/v1/completions", payload, read=read_completion, tokens=fields.get("max_tokens"))
        except GaveUp as error:
            return failure(request, error)
        generation: Generation = reply.data
        text = sampling.cut(generation.content, arguments)
        return answered(
            request,
            reply,
            status=ending(
                generation,
                text,
                sampling.limit_to_check(fields, self.dialect),
                stopped=len(text) < len(generation.content),
            ),
            text=text,
            finish_reason=generation.finish,
            prompt_tokens=generation.prompt_tokens,
            generated_tokens=generation.generated_tokens,
        )
