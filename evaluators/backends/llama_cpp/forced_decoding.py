"""Force llama-server along given tokens and read what the model thought of them.

The server reports log-probabilities of generated tokens only, but those of the raw model distribution, before grammar
and bias. So a token that is forced tells its own log-probability. Three rungs, each climbed only when the one before
cannot say: a grammar of token ids (one request for all tokens), a logit bias (one request a token), the full list.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.backends.client import Client, GaveUp, Reply

GRAMMAR_UP_TO = 8192
"""Vocabulary above which a grammar costs more than single tokens by bias: it decodes every piece at every step."""
TOP = 256
"""Tokens asked for when one request may answer the first tokens of all choices."""
UNDERFLOW = -104.0
"""Natural logarithm just below the smallest float32: what a probability that underflowed is taken as."""
DEPTH = 8
"""Requests that wait at the server for one slot: it goes from one to the next without waiting for the network. All
prompts are known beforehand, also those of the token-by-token route."""
FIELDS = ["completion_probabilities", "truncated", "tokens_evaluated"]
First = Mapping[int, tuple[float, bool]]
"""Log-probability, and whether it is the likeliest, of tokens right after a context."""


class Forcing:
    """Scores continuations on one llama-server."""

    def __init__(self, vocabulary: int, plain: int, route: str | None = None) -> None:
        """`plain`: an ordinary token. `route`: `grammar` or `bias` forces one; None chooses by vocabulary size."""
        self.vocabulary = vocabulary
        self.plain = plain
        self.route = route or ("grammar" if vocabulary <= GRAMMAR_UP_TO else "bias")
        self.counts: Counter[str] = Counter()
        """Requests by rung, and `underflow`."""

    async def score(
        self,
        client: Client,
        context: list[int],
        continuation: list[int],
        slot: int,
        window: asyncio.Semaphore | None = None,
        first: First | None = None,
    ) -> tuple[float, bool, Reply | None]:
        """(sum of log-probabilities, whether every token is the most likely one, last reply).

        `window` bounds the requests under way; `first`: what is known about tokens right after the context. Raises
        GaveUp.
        """
        window = window or asyncio.Semaphore(DEPTH)
        if self.route == "grammar" and len(continuation) > 1:
            grammar = "root ::= " + " ".join(f"<[{token}]>" for token in continuation)
            async with window:
                reply = await self._complete(client, context, slot, len(continuation), accept=(500,), grammar=grammar)
            self.counts["grammar"] += 1
            steps = reply.data.get("completion_probabilities") or []
            if [step.get("id") for step in steps] == continuation:
                return (
                    sum(self._value(step) for step in steps),
                    all(_first(step) == step["id"] for step in steps),
                    reply,
                )

        async def step(done: int, token: int) -> tuple[float, bool, Reply | None]:
            if done == 0 and first and token in first:
                return *first[token], None
            async with window:
                return await self._single(client, context + continuation[:done], token, slot)

        found = await asyncio.gather(*(step(done, token) for done, token in enumerate(continuation)))
        return sum(part[0] for part in found), all(part[1] for part in found), found[-1][2]

    async def _single(self, client: Client, context: list[int], token: int, slot: int) -> tuple[float, bool, Reply]:
        reply = await self._complete(client, context, slot, 1, logit_bias=[[token, 1e4]])
        self.counts["bias"] += 1
        steps = reply.data.get("completion_probabilities") or []
        if steps and steps[0].get("id") == token:
            return self._value(steps[0]), _first(steps[0]) == token, reply
        # A token that ends in mid-character gets no entry of its own: force a plain one and read the whole list.
        reply = await self._complete(client, context, slot, 1, n_probs=self.vocabulary, logit_bias=[[self.plain, 1e4]])
        self.counts["full"] += 1
        for step in (reply.data.get("completion_probabilities") or [])[:1]:
            for entry in step["top_logprobs"]:
                if entry["id"] == token:
                    return self._value(entry), _first(step) == token, reply
        raise GaveUp(f"the server reports no probability for token {token}", 1)

    async def together(
        self, client: Client, context: list[int], tokens: set[int], slot: int
    ) -> dict[int, tuple[float, bool]]:
        """Single tokens after one context by one request, as far as they are among the likeliest."""
        top = min(TOP, self.vocabulary)
        reply = await self._complete(client, context, slot, 1, n_probs=top, logit_bias=[[self.plain, 1e4]])
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
            "samplers": ["top_k"],
            "top_k": 1,
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
