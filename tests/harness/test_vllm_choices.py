"""Choices of one token on vLLM: one request for all of them, and one each for those that it does not list."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from evaluators.backends.client import Client
from evaluators.backends.protocol import Request
from evaluators.backends.retry import RetryLimits
from evaluators.backends.vllm.vllm_loglikelihood import TOPS, VllmLoglikelihood
from evaluators.records import RequestKind, Response
from tests.harness.scripted_server import ScriptedServer

LISTED = {ord("0"): -9999.0, ord("A"): -1.5, ord("B"): -0.5, ord("C"): -2.5, ord("x"): -0.25}
"""Log-probabilities of the likeliest tokens: a token is a byte."""
OTHER = -9.0
"""That of any other token."""


def tokenize(body: Any) -> Any:
    return {"tokens": [1] * body["add_special_tokens"] + list(body["prompt"].encode())}


def complete(body: Any) -> Any:
    if not body.get("echo"):
        assert body["return_tokens_as_token_ids"] and body["logprobs"] == TOPS
        tops = {f"token_id:{token}": value for token, value in LISTED.items()}
        return {"choices": [{"text": "x", "logprobs": {"token_logprobs": [-0.25], "top_logprobs": [tops]}}]}
    prompt = body["prompt"]
    values = [None, *[LISTED.get(token, OTHER) for token in prompt[1:]], -1.0]
    return {"choices": [{"logprobs": {"token_logprobs": values, "top_logprobs": [{"t": -0.25} for _ in values]}}]}


def ask(*choices: str, counts: Counter[str] | None = None) -> tuple[list[Response], list[Any]]:
    """Responses by choice, and the bodies of the requests to the model. `counts` gets the protocol's counts."""
    server = ScriptedServer({"/tokenize": tokenize, "/v1/completions": complete}, backend="vllm")
    job = [
        Request("t", 0, at, 0, RequestKind.loglikelihood, ("Answer:", choice), 1, "k")
        for at, choice in enumerate(choices)
    ]

    async def go() -> list[Response]:
        client = Client(server, RetryLimits())  # type: ignore[arg-type]
        protocol = VllmLoglikelihood(server.describe())
        try:
            await protocol.prepare(client)
            return [response async for response in protocol.answer(client, job, 0)]
        finally:
            if counts is not None:
                counts.update(protocol.counts)
            await client.close()

    found = asyncio.run(go())
    return found, [body for path, body in server.asked if path == "/v1/completions"]


def test_letters_take_one_request_and_agree_with_the_prompt_s_own() -> None:
    found, asked = ask("A", "B", "x", "C")
    assert len(asked) == 1 and asked[0]["prompt"] == [1, *b"Answer:"]
    assert [(one.logprob, one.greedy) for one in found] == [(-1.5, False), (-0.5, False), (-0.25, True), (-2.5, False)]


def test_a_choice_that_is_not_listed_is_asked_by_itself() -> None:
    found, asked = ask("A", "Z")
    assert [bool(body.get("echo")) for body in asked] == [False, True]
    assert [one.logprob for one in found] == [-1.5, OTHER]


def test_longer_choices_are_asked_one_by_one() -> None:
    found, asked = ask("AB", "C")
    assert all(body["echo"] for body in asked) and len(asked) == 2
    assert [one.logprob for one in found] == [-2.0, -2.5]


def test_the_logarithm_of_zero_is_counted() -> None:
    """vLLM sends -9999 for it; choices that all have it are no answer."""
    counts: Counter[str] = Counter()
    responses, _ = ask("A0", "0", "B", counts=counts)
    assert [response.logprob for response in responses] == [-10000.5, -9999.0, -0.5] and counts["underflow"] == 2
