"""Exact log-likelihoods on llama-server: in batches beside the embedded one (`batch_route`), else `forced_decoding`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from evaluators.backends.client import Client, GaveUp
from evaluators.backends.llama_cpp.batch_route import BatchRoute
from evaluators.backends.llama_cpp.forced_decoding import DEPTH, GRAMMAR_UP_TO, First, Forcing, Shared
from evaluators.backends.llama_cpp.tokenizer import LlamaTokens
from evaluators.backends.protocol import Request, answered, failure
from evaluators.backends.reply_reader import BadReply, context_of_slot, json_count, json_object, listed_models
from evaluators.records import RequestKind, Response, ResponseStatus, ServerDescription, UserError

SENTENCE = "The quick brown fox jumps over the lazy dog, and nobody in the whole village has ever asked it why."
"""What the routes are tried on."""
AGREE = 0.1
"""Difference of two routes in a token's log-probability that numbers of 16 bits in the cache explain."""
ROUTES = ("grammar", "bias")


class LlamaLoglikelihood:
    """Choices of one item go to one slot, so that they share the context's cache."""

    name = "llama-loglikelihood"

    def __init__(self, server: ServerDescription, *, route: str | None = None) -> None:
        """`route`: `grammar` or `bias` forces one; None chooses by vocabulary size."""
        self.server = server
        self.tokens = LlamaTokens()
        self.vocabulary = server.vocabulary or 0
        self.longest = (server.context or 0) - 1
        self.route = route
        self.forcing = Forcing(self.vocabulary, 0, route)
        self.batch = BatchRoute(None)

    @property
    def counts(self) -> Counter[str]:
        """Requests by rung, and `context_cut`, `underflow`."""
        return self.forcing.counts

    async def prepare(self, client: Client) -> None:
        """Read vocabulary and context where the description lacks them, and the tokenizer's BOS handling."""
        try:
            if not self.vocabulary:
                models = await client.get("/v1/models", listed_models)
                self.vocabulary = json_count(json_object(models[0].get("meta"), "meta").get("n_vocab"), "n_vocab")
            if self.longest <= 0:
                self.longest = await client.get("/props", context_of_slot) - 1
            await self.tokens.prepare(client)
        except (GaveUp, BadReply, IndexError) as error:
            raise UserError(
                f"the server does not say its vocabulary and context ({error!r}); is it llama-server?"
            ) from error
        self.forcing = Forcing(self.vocabulary, self.tokens.plain, self.route)
        await self._choose_route(client)

    async def _choose_route(self, client: Client) -> None:
        """All choices in one pass where the server has a scorer that agrees with it; else, for a vocabulary at which it
        is not clear, the faster of a grammar and a bias on a sentence. A route that the caller forces stays."""
        if self.route is not None:
            return
        sentence = (await self.tokens.encode(client, [SENTENCE]))[0]
        context, continuations = self.tokens.whole(sentence[:6]), [sentence[6:14], [*sentence[6:9], sentence[1]]]
        self.batch = BatchRoute(getattr(client.server, "score_url", None))
        if (batch_scores := await self.batch.score(client, context, continuations)) is not None:
            try:
                forced_scores = [await self.forcing.score(client, context, tokens, 0) for tokens in continuations]
            except GaveUp:
                forced_scores = []
            pairs = list(zip(batch_scores[0], forced_scores, continuations, strict=False))
            if pairs and all(
                abs(batch_score[0] - forced_score[0]) <= AGREE * len(tokens)
                for batch_score, forced_score, tokens in pairs
            ):
                return
        self.batch = BatchRoute(None)
        if self.vocabulary > GRAMMAR_UP_TO:
            seconds = {route: await self._seconds(client, route, context, continuations[0]) for route in ROUTES}
            self.forcing = Forcing(self.vocabulary, self.tokens.plain, min(ROUTES, key=lambda route: seconds[route]))

    async def _seconds(self, client: Client, route: str, context: list[int], continuation: list[int]) -> float:
        """Seconds of one continuation by a route, the better of two; infinite where the route does not go."""
        forcing, times = Forcing(self.vocabulary, self.tokens.plain, route), []
        try:
            for _ in range(3):  # the first one runs the context
                begun = time.perf_counter()
                await forcing.score(client, context, continuation, 0)
                times.append(time.perf_counter() - begun)
        except GaveUp:
            return float("inf")
        fell_back = route == "grammar" and forcing.counts["bias"]
        return float("inf") if fell_back else min(times[1:])

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
        scored = await self._in_batch(client, job, cut)
        for response in scored:
            yield response
        if scored:
            return
        first = await self._first_tokens(client, cut, slot)
        window, shared = asyncio.Semaphore(DEPTH), Shared()
        waiting = [
            asyncio.create_task(self._choice(client, request, context, continuation, slot, first, window, shared))
            for request, (context, continuation) in zip(job, cut, strict=True)
        ]
        try:
            for done in asyncio.as_completed(waiting):
                yield await done
        finally:
            for task in (*waiting, *shared.values()):
                task.cancel()

    async def _in_batch(
        self, client: Client, job: Sequence[Request], pairs: Sequence[tuple[list[int], list[int]]]
    ) -> list[Response]:
        """All choices by one request; none where they do not share a context, or the server has no scorer."""
        context = pairs[0][0]
        if self.batch.url is None or any(other != context for other, _ in pairs):
            return []
        scored = await self.batch.score(client, context, [continuation for _, continuation in pairs])
        if scored is None:
            return []
        scores, reply = scored
        self.counts["batch"] += 1
        return [
            answered(
                request,
                reply,
                status=ResponseStatus.ok,
                logprob=logprob,
                greedy=greedy,
                prompt_tokens=len(context),
                generated_tokens=len(continuation),
            )
            for request, (_, continuation), (logprob, greedy) in zip(job, pairs, scores, strict=True)
        ]

    async def _first_tokens(
        self, client: Client, pairs: Sequence[tuple[list[int], list[int]]], slot: int
    ) -> dict[int, tuple[float, bool]]:
        """First tokens of choices that share a context, by one request where that spares others."""
        first = {continuation[0] for _, continuation in pairs if continuation}
        single = all(len(continuation) == 1 for _, continuation in pairs)
        shared = all(context == pairs[0][0] for context, _ in pairs)
        if len(first) < 2 or not shared or not (single or self.forcing.route == "bias"):
            return {}
        try:
            return await self.forcing.together(client, pairs[0][0], first, slot)
        except GaveUp:
            return {}

    async def _choice(
        self,
        client: Client,
        request: Request,
        context: list[int],
        continuation: list[int],
        slot: int,
        first: First,
        window: asyncio.Semaphore,
        shared: Shared,
    ) -> Response:
        try:
            if not continuation:
                raise GaveUp("the continuation has no token", 1)
            logprob, greedy, reply = await self.forcing.score(
                client, context, continuation, slot, window, first, shared
            )
        except GaveUp as error:
            return failure(request, error)
        return answered(
            request,
            reply,
            status=ResponseStatus.ok,
            logprob=logprob,
            greedy=greedy,
            prompt_tokens=len(context),
            generated_tokens=len(continuation),
        )

    def _fit(self, context: list[int], continuation: list[int]) -> tuple[list[int], list[int]]:
        """Cut the context on the left so that both fit, as lm-eval does."""
        over = len(context) + len(continuation) - self.longest
        if over <= 0:
            return context, continuation
        self.forcing.counts["context_cut"] += 1
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
                if (scored := await self.batch.score(client, context, [continuation])) is not None:
                    logprob = scored[0][0][0]
                else:
                    logprob, _, _ = await self.forcing.score(client, context, continuation, slot)
                total += logprob
                count += len(continuation)
        except GaveUp as error:
            return failure(request, error)
        return answered(request, None, status=ResponseStatus.ok, logprob=total, prompt_tokens=0, generated_tokens=count)
