"""Exact log-likelihoods on llama-server, which reports probabilities of generated tokens only.

A continuation is *forced*: by a grammar of token ids (one request), or token by token with a logit bias. The server
reports the raw model distribution before grammar and bias, so the forced token's log-probability is the model's own.
Each rung of the ladder is climbed only when the one before cannot say: grammar, bias per token, full list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

from evaluators.harness.client import Client, GaveUp, Reply
from evaluators.harness.llama_tokens import LlamaTokens
from evaluators.harness.protocol import answered, failure
from evaluators.harness.requests import Request
from evaluators.records import Problem, RequestKind, Response, ResponseStatus, ServerDescription

GRAMMAR_UP_TO = 65_536
"""Vocabulary above which a grammar costs more than single tokens by bias (it decodes every piece at every step)."""
TOP = 256
"""Tokens asked for when one request may answer all single-token choices of an item."""
UNDERFLOW = -104.0
"""Natural logarithm just below the smallest float32: what a probability that underflowed is taken as."""
FIELDS = ["completion_probabilities", "truncated", "tokens_evaluated"]


class LlamaLoglikelihood:
    """Choices of one item go to one slot, one after the other, so that they share the context's cache."""

    name = "llama-loglikelihood"

    def __init__(self, server: ServerDescription, *, route: str | None = None) -> None:
        """`route`: `grammar` or `bias` forces one; None chooses by vocabulary size."""
        self.server = server
        self.tokens = LlamaTokens()
        self.vocabulary = server.vocabulary or 0
        self.longest = (server.context or 0) - 1
        self.route = route
        self.counts: Counter[str] = Counter()
        """Requests by route, and `context_cut`, `underflow`."""

    async def prepare(self, client: Client) -> None:
        """Read vocabulary and context where the description lacks them, and the tokenizer's BOS handling."""
        try:
            if not self.vocabulary:
                models = await client.get("/v1/models")
                self.vocabulary = int(models["data"][0]["meta"]["n_vocab"])
            if self.longest <= 0:
                properties = await client.get("/props")
                self.longest = int(properties["default_generation_settings"]["n_ctx"]) - 1
            await self.tokens.prepare(client)
        except (GaveUp, KeyError, IndexError, TypeError) as error:
            raise Problem(
                f"the server does not say its vocabulary and context ({error!r}); is it llama-server?"
            ) from error
        if self.route is None:
            self.route = "grammar" if self.vocabulary <= GRAMMAR_UP_TO else "bias"

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """All missing choices of the item in one job."""
        return [list(requests)] if requests else []

    async def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Score every choice; a request that fails leaves the others alone."""
        if job[0].kind is RequestKind.rolling:
            for request in job:
                yield await self._rolling(client, request, slot)
            return
        try:
            pairs = await self.tokens.pairs(client, [(request.args[0], request.args[1]) for request in job])
        except GaveUp as error:
            for request in job:
                yield failure(request, error)
            return
        cut = [self._fit(context, continuation) for context, continuation in pairs]
        known: dict[int, tuple[float, bool]] = {}
        alike = [number for number, (_, continuation) in enumerate(cut) if len(continuation) == 1]
        if len(alike) > 1 and all(cut[number][0] == cut[alike[0]][0] for number in alike):
            try:
                known = await self._together(client, cut[alike[0]][0], {cut[number][1][0] for number in alike}, slot)
            except GaveUp:
                known = {}
        for request, (context, continuation) in zip(job, cut, strict=True):
            try:
                if not continuation:
                    raise GaveUp("the continuation has no token", 1)
                reply: Reply | None = None
                if len(continuation) == 1 and continuation[0] in known:
                    logprob, greedy = known[continuation[0]]
                else:
                    logprob, greedy, reply = await self.score(client, context, continuation, slot)
                yield answered(
                    request,
                    reply,
                    status=ResponseStatus.ok,
                    logprob=logprob,
                    greedy=greedy,
                    prompt_tokens=len(context),
                    generated_tokens=len(continuation),
                )
            except GaveUp as error:
                yield failure(request, error)

    def _fit(self, context: list[int], continuation: list[int]) -> tuple[list[int], list[int]]:
        """Cut the context on the left so that both fit, as lm-eval does."""
        over = len(context) + len(continuation) - self.longest
        if over <= 0:
            return context, continuation
        self.counts["context_cut"] += 1
        return context[over:] or context[-1:], continuation

    async def _rolling(self, client: Client, request: Request, slot: int) -> Response:
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        try:
            encoded = (await self.tokens.encode(client, [request.args[0]]))[0]
            total, count = 0.0, 0
            for window in get_rolling_token_windows(
                self.tokens.whole(encoded), self.tokens.prefix, self.longest - 1, 1
            ):
                context, continuation = make_disjoint_window(window)
                logprob, _, _ = await self.score(client, context, continuation, slot)
                total += logprob
                count += len(continuation)
        except GaveUp as error:
            return failure(request, error)
        return answered(request, None, status=ResponseStatus.ok, logprob=total, prompt_tokens=0, generated_tokens=count)

    async def score(
        self, client: Client, context: list[int], continuation: list[int], slot: int
    ) -> tuple[float, bool, Reply | None]:
        """(sum of log-probabilities, whether every token is the most likely one, last reply)."""
        if self.route == "grammar" and len(continuation) > 1:
            grammar = "root ::= " + " ".join(f"<[{token}]>" for token in continuation)
            reply = await self._complete(client, context, slot, len(continuation), accept=(500,), grammar=grammar)
            self.counts["grammar"] += 1
            steps = reply.data.get("completion_probabilities") or []
            if [step.get("id") for step in steps] == continuation:
                return (
                    sum(self._value(step) for step in steps),
                    all(_first(step) == step["id"] for step in steps),
                    reply,
                )
        total, greedy, last = 0.0, True, None
        for done, token in enumerate(continuation):
            logprob, likeliest, last = await self._single(client, context + continuation[:done], token, slot)
            total += logprob
            greedy = greedy and likeliest
        return total, greedy, last

    async def _single(self, client: Client, context: list[int], token: int, slot: int) -> tuple[float, bool, Reply]:
        reply = await self._complete(client, context, slot, 1, logit_bias=[[token, 1e4]])
        self.counts["bias"] += 1
        steps = reply.data.get("completion_probabilities") or []
        if steps and steps[0].get("id") == token:
            return self._value(steps[0]), _first(steps[0]) == token, reply
        # A token that ends in mid-character gets no entry of its own: force a plain one and read the whole list.
        reply = await self._complete(
            client, context, slot, 1, n_probs=self.vocabulary, logit_bias=[[self.tokens.plain, 1e4]]
        )
        self.counts["full"] += 1
        for step in (reply.data.get("completion_probabilities") or [])[:1]:
            for entry in step["top_logprobs"]:
                if entry["id"] == token:
                    return self._value(entry), _first(step) == token, reply
        raise GaveUp(f"the server reports no probability for token {token}", 1)

    async def _together(self, client: Client, context: list[int], tokens: set[int], slot: int) -> dict[int, Any]:
        """Single tokens after one context by one request, as far as they are among the likeliest."""
        top = min(TOP, self.vocabulary)
        reply = await self._complete(client, context, slot, 1, n_probs=top, logit_bias=[[self.tokens.plain, 1e4]])
        self.counts["together"] += 1
        for step in (reply.data.get("completion_probabilities") or [])[:1]:
            entries = [*step["top_logprobs"], step]
            return {e["id"]: (self._value(e), _first(step) == e["id"]) for e in entries if e["id"] in tokens}
        return {}

    async def _complete(
        self, client: Client, context: list[int], slot: int, tokens: int, accept: Sequence[int] = (), **fields: Any
    ) -> Reply:
        body = {
            "prompt": context,
            "n_predict": tokens,
            "n_probs": 1,
            "temperature": 0,
            "samplers": ["temperature"],
            "cache_prompt": True,
            "id_slot": slot,
            "response_fields": FIELDS,
        }
        return await client.post("/completion", body | fields, accept=accept)

    def _value(self, entry: dict[str, Any]) -> float:
        value = entry.get("logprob")
        if value is None or value < -1e30:
            self.counts["underflow"] += 1
            return UNDERFLOW
        return float(value)


def _first(step: dict[str, Any]) -> int | None:
    """The most likely token at a step."""
    top = step.get("top_logprobs") or []
    return top[0]["id"] if top else None
