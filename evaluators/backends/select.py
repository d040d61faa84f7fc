"""Which protocol answers which kind of request on which server."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

import httpx

from evaluators.backends.bounded_http import fetch_bounded, fetch_object
from evaluators.backends.client import Client
from evaluators.backends.openai_api import sampling
from evaluators.backends.openai_api.chat import Chat, as_json, template_arguments
from evaluators.backends.openai_api.completions import Completion
from evaluators.backends.protocol import AnswerProtocol, Request
from evaluators.backends.registry import backend, dialect_named, recognise
from evaluators.backends.reply_reader import BadReply, decode
from evaluators.backends.server import ModelServer
from evaluators.records import RequestKind, Response, ServerDescription, Settings, UserError


class ByKind:
    """Generation by one protocol, log-likelihoods by another."""

    def __init__(self, generation: AnswerProtocol | None, loglikelihood: AnswerProtocol | None) -> None:
        self.generation = generation
        self.loglikelihood = loglikelihood
        self.name = "+".join(part.name for part in (generation, loglikelihood) if part)

    @property
    def routes(self) -> Counter[str]:
        """Requests of the log-likelihood protocol by route."""
        counts = getattr(self.loglikelihood, "counts", None)
        return counts if isinstance(counts, Counter) else Counter()

    def of(self, kind: RequestKind) -> AnswerProtocol:
        """The protocol for a kind of request. Raises UserError if the run has none."""
        protocol = self.generation if kind is RequestKind.generate else self.loglikelihood
        if protocol is None:
            raise UserError(f"no protocol for {kind.value} requests on this server")
        return protocol

    async def prepare(self, client: Client) -> None:
        """Prepare both."""
        for part in (self.generation, self.loglikelihood):
            if part is not None:
                await part.prepare(client)

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Jobs of one item, whose requests are all of one kind."""
        return self.of(requests[0].kind).jobs(requests) if requests else []

    def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Answers by the protocol of the job's kind."""
        return self.of(job[0].kind).answer(client, job, slot)


def choose_protocols(
    server: ServerDescription, kinds: Collection[RequestKind], settings: Settings, dialect: str
) -> ByKind:
    """Protocols for the kinds of request a run has. `dialect`: whose routes the server speaks, see `speaks`.

    Raises UserError if the server cannot give log-likelihoods, or cannot be told a sampler of the settings.
    """
    if server.backend == "ollama":
        _refuse_samplers(settings)
    generation: AnswerProtocol | None = None
    loglikelihood: AnswerProtocol | None = None
    if RequestKind.generate in kinds:
        generation = Chat(server, settings, dialect) if settings.prompt == "chat" else Completion(server, dialect)
    if set(kinds) - {RequestKind.generate}:
        loglikelihood = dialect_named(dialect).loglikelihood(server)
    return ByKind(generation, loglikelihood)


def _refuse_samplers(settings: Settings) -> None:
    """Raises UserError for a sampler that Ollama's OpenAI route drops in silence."""
    for name in ("top_k", "min_p", "repetition_penalty"):
        value = getattr(settings, name)
        if value is not None and value != sampling.NEUTRAL[name]:
            raise UserError(f"Ollama cannot be told {name} {value:g} in a request; serve the model with llama.cpp")


def speaks(server: ModelServer) -> str:
    """Name of the dialect: by backend, and for a server that somebody else runs by what it answers."""
    chosen = backend(server.backend)
    if chosen.name != "attached":
        return chosen.dialect.name
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    with httpx.Client(headers=headers) as http:

        def get(path: str) -> dict[str, Any] | None:
            try:
                return fetch_object(http, "GET", server.url + path, seconds=10)
            except httpx.HTTPError:
                return None

        return recognise({}, get)[0]


def chat_template(server: ModelServer, dialect: str, settings: Settings, text: bool) -> Callable[..., Any] | None:
    """What lm-eval is to make of a message history: None for plain prompts; messages as JSON for the chat route;
    the rendered template where `text` is wanted (log-likelihoods). Raises UserError where no server renders it."""
    if settings.prompt != "chat":
        return None
    if not text:
        return as_json
    spoken = dialect_named(dialect)
    if not spoken.renders:
        raise UserError(f"{server.backend} does not render chat prompts for log-likelihoods; use llama.cpp or vllm")
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    http = httpx.Client(base_url=server.url, headers=headers, timeout=60)
    model = server.describe().model

    switches = template_arguments(settings)

    def post(path: str, body: dict[str, Any], read: Callable[[Any], Any]) -> Any:
        if switches and "messages" in body:
            body = body | {"chat_template_kwargs": switches}
        try:
            status, content = fetch_bounded(http, "POST", path, json=body)
            if status != 200:
                raise BadReply(f"HTTP {status}")
            return read(decode(content))
        except (httpx.HTTPError, BadReply) as error:
            raise UserError(f"the server does not render chat prompts ({error}); use prompt completion") from error

    def render(history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return spoken.render(post, model, history, add_generation_prompt)

    return render
