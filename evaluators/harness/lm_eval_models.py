"""Our protocols as lm-eval model classes, for whoever wants them in plain lm-eval.

    python -m evaluators.harness.lm_eval_models run --model claimcheck-llama-server \
        --model_args base_url=http://127.0.0.1:8080 --tasks arc_easy

Names: `claimcheck-completions`, `claimcheck-chat`, `claimcheck-llama-server` and `claimcheck-vllm` (the last two with
log-likelihoods). An API key is read from CLAIMCHECK_API_KEY. lm-eval knows no failed requests: one ends the evaluation.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import httpx
import lm_eval.models  # noqa: F401  (lm-eval registers its own models only while its registry is empty)
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from evaluators.backends.client import Client
from evaluators.backends.openai_api.chat import as_json
from evaluators.backends.protocol import Request
from evaluators.backends.retry import RetryLimits
from evaluators.backends.select import ByKind, choose_protocols
from evaluators.harness.keys import sampling_seed
from evaluators.harness.run_async import run_blocking
from evaluators.records import RequestKind, Response, ResponseStatus, ServerDescription, Settings, UserError


class _Elsewhere:
    """A server that somebody else runs, as far as the client needs it."""

    backend = "attached"

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        self.key = os.environ.get("CLAIMCHECK_API_KEY")

    def get(self, path: str) -> dict[str, Any]:
        """Decoded JSON of a GET. Raises UserError."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            return dict(httpx.get(self.url + path, headers=headers, timeout=30).raise_for_status().json())
        except (httpx.HTTPError, ValueError) as error:
            raise UserError(f"{self.url} does not answer {path} ({error}); check base_url and the key") from error

    def describe(self) -> ServerDescription:
        """What the server says of itself."""
        model = self.get("/v1/models")["data"][0]
        return ServerDescription(backend="attached", version="", model=str(model["id"]))

    def alive(self) -> bool:
        """Taken for granted: it is not ours to start again."""
        return True

    def restart(self) -> None:
        """Raises UserError."""
        raise UserError(f"{self.url} is not ours to start again")

    def stop(self) -> None:
        """Nothing to end."""

    def __enter__(self) -> _Elsewhere:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


class _Model(LM):
    """Requests of lm-eval put to a server by one of our protocols."""

    dialect = "openai"
    kinds = frozenset({RequestKind.generate})
    prompt = "completion"

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        num_concurrent: int | str = 1,
        max_length: int | str | None = None,
        timeout: float | str = 1800.0,
        batch_size: Any = None,
        max_batch_size: Any = None,
        device: Any = None,
    ) -> None:
        super().__init__()
        self.server = _Elsewhere(base_url)
        description = self.server.describe()
        changes: dict[str, Any] = {"slots": int(num_concurrent)}
        if model:
            changes["model"] = model
        if max_length:
            changes["context"] = int(max_length)
        self.description = description.model_copy(update=changes)
        self.limits = RetryLimits(timeout=float(timeout))

    def _all(self, instances: Sequence[Instance]) -> list[Response]:
        seen: dict[int, int] = {}
        jobs: dict[tuple[Any, ...], list[tuple[int, Request]]] = {}
        for number, instance in enumerate(instances):
            repeat = seen[id(instance)] = seen.get(id(instance), -1) + 1
            task, doc_id = instance.task_name or "", int(instance.doc_id or 0)
            kind = RequestKind(instance.request_type)
            seed = sampling_seed(task, doc_id, instance.idx, repeat)
            request = Request(task, doc_id, instance.idx, repeat, kind, instance.args, seed, "")
            job = (task, doc_id) if kind is not RequestKind.generate else (task, doc_id, instance.idx, repeat)
            jobs.setdefault(job, []).append((number, request))
        return run_blocking(self._work(list(jobs.values()), len(instances)))

    async def _work(self, jobs: list[list[tuple[int, Request]]], total: int) -> list[Response]:
        slots = self.description.slots
        client = Client(self.server, self.limits)
        responses: list[Response | None] = [None] * total
        feed = iter(jobs)

        async def work(protocol: ByKind, slot: int) -> None:
            for job in feed:
                numbers = {(r.index, r.repeat): number for number, r in job}
                async for response in protocol.answer(client, [request for _, request in job], slot):
                    if response.status is ResponseStatus.failed:
                        raise RuntimeError(f"{response.task} document {response.doc_id}: {response.error}")
                    responses[numbers[(response.index, response.repeat)]] = response

        try:
            protocol = choose_protocols(self.description, self.kinds, Settings(prompt=self.prompt), self.dialect)
            await protocol.prepare(client)
            await asyncio.gather(*(work(protocol, slot) for slot in range(slots)))
        finally:
            await client.close()
        return [response for response in responses if response is not None]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Answer texts, reasoning left out."""
        return [response.text or "" for response in self._all(requests)]

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """(sum of log-probabilities, whether greedy decoding would give the continuation)."""
        return [(float(response.logprob or 0.0), bool(response.greedy)) for response in self._all(requests)]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihoods of whole texts."""
        return [float(response.logprob or 0.0) for response in self._all(requests)]

    @property
    def tokenizer_name(self) -> str:
        """Part of lm-eval's request cache key."""
        return self.description.model


@register_model("claimcheck-completions")
class Completions(_Model):
    """`/v1/completions` of any server."""


@register_model("claimcheck-chat")
class ChatCompletions(_Model):
    """`/v1/chat/completions` of any server; use with `--apply_chat_template`."""

    prompt = "chat"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The history as JSON: the server applies its template."""
        return as_json(chat_history, add_generation_prompt)


@register_model("claimcheck-llama-server")
class LlamaServer(_Model):
    """llama-server, with exact log-likelihoods."""

    dialect = "llama.cpp"
    kinds = frozenset(RequestKind)

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The prompt as the server's template renders it."""
        headers = {"Authorization": f"Bearer {self.server.key}"} if self.server.key else {}
        body = {"messages": chat_history, "add_generation_prompt": add_generation_prompt}
        reply = httpx.post(f"{self.server.url}/apply-template", json=body, headers=headers, timeout=60)
        return str(reply.raise_for_status().json()["prompt"])


@register_model("claimcheck-vllm")
class Vllm(_Model):
    """vLLM, with exact log-likelihoods by prompt log-probabilities."""

    dialect = "vllm"
    kinds = frozenset(RequestKind)


if __name__ == "__main__":
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()
