"""Log-likelihoods on vLLM: the prompt's own log-probabilities, by `echo`; single tokens by those of the answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from evaluators.backends.client import Client, GaveUp, Reply
from evaluators.backends.protocol import Request, answered, failure
from evaluators.backends.reply_reader import (
    BadReply,
    json_count,
    json_list,
    json_object,
    listed_models,
    log_probability,
    one_line,
    token_ids,
)
from evaluators.records import RequestKind, Response, ResponseStatus, ServerDescription, UserError

NOTHING = -9999.0
"""What vLLM sends for the logarithm of zero: no two such choices can be told apart."""
TOPS = 20
"""Likeliest tokens that vLLM lists at most unless it is told otherwise."""


class VllmLoglikelihood:
    """One request per choice; tokens by the server's own tokenizer, BOS as that tokenizer wants it."""

    name = "vllm-loglikelihood"
    lists_tops = True
    """Whether the completion route lists the likeliest tokens by their ids."""

    def __init__(self, server: ServerDescription) -> None:
        self.server = server
        self.longest = (server.context or 0) - 1
        """Most tokens of context and continuation together: the server wants room for one more."""
        self.prefix: int | None = None
        self.lead: list[int] = []
        self.counts: Counter[str] = Counter()

    async def prepare(self, client: Client) -> None:
        """Learn what the tokenizer puts in front, and the context length. Raises UserError."""
        try:
            if self.longest <= 0:
                models = await client.get("/v1/models", listed_models)
                self.longest = json_count(models[0].get("max_model_len"), "max_model_len") - 1
            bare = await self._tokens(client, "a", special=False)
            full = await self._tokens(client, "a", special=True)
        except (GaveUp, BadReply, IndexError) as error:
            raise UserError(
                f"the server does not tokenize ({error!r}); is it vLLM with its /tokenize route?"
            ) from error
        self.lead = full[: len(full) - len(bare)] if full[-len(bare) :] == bare else []
        if self.lead:
            self.prefix = self.lead[0]

    async def _tokens(self, client: Client, text: str, special: bool) -> list[int]:
        body = {"model": self.server.model, "prompt": text, "add_special_tokens": special}
        reply = await client.post("/tokenize", body, read=token_ids, count=False)
        ids: list[int] = reply.data
        return ids

    def jobs(self, requests: Sequence[Request]) -> list[list[Request]]:
        """All choices of an item in one job, so that the context is tokenized once."""
        return [list(requests)] if requests else []

    async def answer(self, client: Client, job: Sequence[Request], slot: int) -> AsyncIterator[Response]:
        """Score every choice; a request that fails leaves the others alone."""
        known = await self._tokenized(client, job)
        together = await self._together(client, job, known)
        for request in job:
            try:
                if request.kind is RequestKind.rolling:
                    yield await self._rolling(client, request)
                    continue
                context, continuation = self._pair(request.args[0], request.args[1], known)
                if not continuation:
                    raise GaveUp("the continuation has no token", 1)
                over = len(context) + len(continuation) - self.longest
                if over > 0:
                    self.counts["context_cut"] += 1
                    context = context[over:] or context[-1:]
                if (key := (request.index, request.repeat)) in together:
                    logprob, greedy, reply = together[key]
                else:
                    logprob, greedy, reply = await self.score(client, context, continuation)
                self.counts["underflow"] += logprob <= NOTHING
            except GaveUp as error:
                yield failure(request, error)
                continue
            yield answered(
                request,
                reply,
                status=ResponseStatus.ok,
                logprob=logprob,
                greedy=greedy,
                prompt_tokens=len(context),
                generated_tokens=len(continuation),
            )

    async def _together(
        self, client: Client, job: Sequence[Request], known: Mapping[str, list[int] | BaseException]
    ) -> dict[tuple[int, int], tuple[float, bool, Reply]]:
        """Choices of one token after one context by one request, as far as they are among the likeliest: its prompt is
        paid once, and served from the prefix cache, which log-probabilities of a prompt are not."""
        if not self.lists_tops or len(job) < 2 or any(request.kind is not RequestKind.loglikelihood for request in job):
            return {}
        try:
            pairs = [self._pair(request.args[0], request.args[1], known) for request in job]
        except (GaveUp, BadReply):
            return {}
        context = pairs[0][0]
        alike = all(other == context and len(continuation) == 1 for other, continuation in pairs)
        if not alike or len(context) + 1 > self.longest:
            return {}
        body = {
            "model": self.server.model,
            "prompt": context,
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": TOPS,
            "return_tokens_as_token_ids": True,
            "seed": 1234,
        }
        try:
            reply = await client.post("/v1/completions", body, read=_likeliest, tokens=2 * TOPS)
        except GaveUp:
            return {}
        tops: dict[int, float] = reply.data
        best = max(tops.values(), default=0.0)
        self.counts["together"] += 1
        return {
            (request.index, request.repeat): (tops[token], tops[token] >= best, reply)
            for request, (_, [token]) in zip(job, pairs, strict=True)
            if token in tops
        }

    async def _tokenized(self, client: Client, job: Sequence[Request]) -> dict[str, list[int] | BaseException]:
        """Token ids of every text of the job, nothing added, asked for together; an error where there are none."""
        texts = dict.fromkeys(
            text
            for request in job
            if request.kind is not RequestKind.rolling
            for text in (request.args[0].rstrip(), request.args[0] + request.args[1])
            if text
        )
        token_lists = await asyncio.gather(
            *(self._tokens(client, text, special=False) for text in texts), return_exceptions=True
        )
        return dict(zip(texts, token_lists, strict=True))

    def _pair(
        self, context: str, continuation: str, known: Mapping[str, list[int] | BaseException]
    ) -> tuple[list[int], list[int]]:
        """Ids as lm-eval's `TemplateLM` splits them, see `LlamaTokens.pairs`. Raises what tokenizing raised."""
        stripped = context.rstrip()
        whole, short = known.get(context + continuation, []), known.get(stripped, [])
        for tokens in (whole, short):
            if isinstance(tokens, BaseException):
                raise tokens
        assert isinstance(whole, list) and isinstance(short, list)
        if not stripped:
            if self.prefix is None:
                raise GaveUp("an empty context has no meaning without BOS", 1)
            return ([self.prefix], whole) if whole[:1] != [self.prefix] else (whole[:1], whole[1:])
        short = self.whole(short)
        return short, self.whole(whole)[len(short) :]

    def whole(self, tokens: list[int]) -> list[int]:
        """With BOS in front where the tokenizer wants it and the text does not bring it."""
        return tokens if not self.lead or tokens[: len(self.lead)] == self.lead else self.lead + tokens

    async def score(self, client: Client, context: list[int], continuation: list[int]) -> tuple[float, bool, Reply]:
        """(sum of log-probabilities, whether every token is the most likely one, reply)."""
        body: dict[str, Any] = {
            "model": self.server.model,
            "prompt": context + continuation,
            "max_tokens": 1,
            "temperature": 0.0,
            "echo": True,
            "logprobs": 1,
            "seed": 1234,
        }
        begin, end = len(context), len(context) + len(continuation)
        reply = await client.post("/v1/completions", body, read=lambda data: _echoed(data, begin, end), tokens=2 * end)
        logprob, greedy = reply.data
        return logprob, greedy, reply

    async def _rolling(self, client: Client, request: Request) -> Response:
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        if self.prefix is None:
            raise GaveUp("rolling log-likelihoods need BOS", 1)
        tokens = self.whole(await self._tokens(client, request.args[0], special=False))
        total = 0.0
        for window in get_rolling_token_windows(tokens, self.prefix, self.longest - 1, 1):
            logprob, _, _ = await self.score(client, *make_disjoint_window(window))
            total += logprob
        return answered(request, None, status=ResponseStatus.ok, logprob=total, generated_tokens=len(tokens))


def _likeliest(data: Any) -> dict[int, float]:
    """Log-probabilities of the likeliest tokens at the first place, by id."""
    answer = json_object(data, "the answer")
    choices = json_list(answer.get("choices") or [], "choices")
    if not choices:
        raise BadReply(f"answer without choices: {one_line(str(answer.get('error') or answer))}", passing=True)
    given = json_object(json_object(choices[0], "a choice").get("logprobs"), "logprobs")
    tops = json_list(given.get("top_logprobs") or [], "top_logprobs")
    first = json_object(tops[0], "top_logprobs") if tops else {}
    ids = {name.removeprefix("token_id:"): value for name, value in first.items()}
    return {int(token): log_probability(value) for token, value in ids.items() if token.isdecimal()}


def _echoed(data: Any, begin: int, end: int) -> tuple[float, bool]:
    """(sum of log-probabilities, whether each is the likeliest) of the prompt's tokens from `begin` to `end`."""
    answer = json_object(data, "the answer")
    choices = json_list(answer.get("choices") or [], "choices")
    if not choices:
        raise BadReply(f"answer without choices: {one_line(str(answer.get('error') or answer))}", passing=True)
    given = json_object(json_object(choices[0], "a choice").get("logprobs"), "logprobs")
    values = json_list(given.get("token_logprobs"), "token_logprobs")[begin:end]
    tops = json_list(given.get("top_logprobs"), "top_logprobs")[begin:end]
    if len(values) != end - begin or len(tops) != len(values):
        raise BadReply("the server gives no log-probabilities of the prompt")
    known = [log_probability(value) for value in values]
    likeliest = [max(map(log_probability, json_object(top, "top_logprobs").values()), default=0.0) for top in tops]
    return float(sum(known)), all(value >= best for value, best in zip(known, likeliest, strict=True))
