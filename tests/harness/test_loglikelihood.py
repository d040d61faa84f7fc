"""Log-likelihoods on llama-server are exact, for every kind of token and by every route."""

from __future__ import annotations

import asyncio
import importlib
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from evaluators.backends import ModelServer
from evaluators.backends.client import Client
from evaluators.backends.llama_cpp import batch_scoring
from evaluators.backends.llama_cpp.batch_route import BatchRoute
from evaluators.backends.llama_cpp.llama_loglikelihood import LlamaLoglikelihood
from evaluators.backends.protocol import Request
from evaluators.harness import RetryLimits
from evaluators.records import RequestKind, Response
from tests.harness.conftest import RELEASE
from tests.harness.reference import Llama

T = TypeVar("T")
TOLERANCE = 1e-3
"""Per token, natural logarithm."""


@pytest.fixture(scope="module")
def reference() -> Llama:
    """The demo model in float64."""
    return Llama(RELEASE)


def ask(server: ModelServer, route: str | None, work: Callable[[LlamaLoglikelihood, Client], Awaitable[T]]) -> T:
    """Run `work` with a prepared protocol."""

    async def go() -> T:
        client = Client(server, RetryLimits())
        protocol = LlamaLoglikelihood(server.describe(), route=route)
        try:
            await protocol.prepare(client)
            return await work(protocol, client)
        finally:
            await client.close()

    return asyncio.run(go())


def request(kind: RequestKind, *args: str, index: int = 0) -> Request:
    """A request as the engine makes it."""
    return Request("t", 0, index, 0, kind, args, 1, "k")


@pytest.mark.parametrize("route", [pytest.param("grammar", marks=pytest.mark.long), "bias"])
def test_every_kind_of_token(server: ModelServer, reference: Llama, route: str) -> None:
    """Ids of the whole vocabulary (EOS, control tokens, single bytes of emoji), in continuations of four."""
    config, source = reference.config, random.Random(3)
    ids = list(range(config["vocab_size"]))
    source.shuffle(ids)
    context = [config["bos_token_id"], *source.sample(ids, 12)]
    step = 4 if route == "grammar" else 16
    parts = [ids[at : at + 4] for at in range(0, len(ids), step)]

    async def work(protocol: LlamaLoglikelihood, client: Client) -> list[tuple[float, bool]]:
        found = [(await protocol.forcing.score(client, context, part, 0))[:2] for part in parts]
        assert protocol.counts["full"] > 0, "some tokens end in mid-character"
        return found

    for part, (logprob, greedy) in zip(parts, ask(server, route, work), strict=True):
        expected, likeliest = reference.score(context, part)
        assert logprob == pytest.approx(expected, abs=TOLERANCE * len(part))
        assert greedy == likeliest


def test_all_choices_in_one_pass(server: ModelServer, reference: Llama) -> None:
    """Every token of the vocabulary in continuations that share nothing, something, or all but the last token."""
    config, source = reference.config, random.Random(4)
    ids = list(range(config["vocab_size"]))
    source.shuffle(ids)
    context = [config["bos_token_id"], *source.sample(ids, 12)]
    parts = [ids[at : at + 4] for at in range(0, len(ids), 4)]
    parts += [[*part[:3], part[0]] for part in parts[:9]] + [part[:2] for part in parts[:9]] + [parts[0]]

    async def work(protocol: LlamaLoglikelihood, client: Client) -> list[tuple[float, bool]]:
        found: list[tuple[float, bool]] = []
        for at in range(0, len(parts), 40):
            scored = await protocol.batch.score(client, context, parts[at : at + 40])
            assert scored is not None
            found += scored[0]
        assert await protocol.batch.score(client, context, [[1]] * 65) is None, "more choices than it has sequences"
        assert await protocol.batch.score(client, context * 500, [[1]]) is None, "no room"
        assert protocol.batch.url is not None
        return found

    for part, (logprob, greedy) in zip(parts, ask(server, None, work), strict=True):
        expected, likeliest = reference.score(context, part)
        assert logprob == pytest.approx(expected, abs=TOLERANCE * len(part))
        assert greedy == likeliest


def test_a_scorer_that_says_something_else_than_the_server_is_not_used(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = [" 19. #### 19", " 19. #### 18", " 7"]
    job = [request(RequestKind.loglikelihood, "What is 12+7?", text, index=at) for at, text in enumerate(choices)]

    async def work(protocol: LlamaLoglikelihood, client: Client) -> tuple[list[float], int]:
        found = [response async for response in protocol.answer(client, job, 0)]
        found.sort(key=lambda response: response.index)
        return [response.logprob or 0.0 for response in found], protocol.counts["batch"]

    values, passes = ask(server, None, work)
    assert passes == 1, "all choices by one request"
    original = BatchRoute.score

    async def off(self: BatchRoute, client: Client, context: list[int], continuations: list[list[int]]) -> object:
        found = await original(self, client, context, continuations)
        return found and ([(value - 1, greedy) for value, greedy in found[0]], found[1])

    monkeypatch.setattr(BatchRoute, "score", off)
    others, passes = ask(server, None, work)
    assert passes == 0 and others == pytest.approx(values, abs=TOLERANCE * 12)


def test_settings_that_lie_elsewhere_are_not_written() -> None:
    """A library whose defaults are not the known ones has no scorer."""
    extension = importlib.import_module("xllamacpp.xllamacpp").__file__
    found = batch_scoring.open_llama_library(str(extension))
    assert batch_scoring.context_settings(found, context=512, threads=1, kinds=(1, 1), flash=-1)

    class Moved:
        @staticmethod
        def llama_context_default_params() -> batch_scoring.ParameterBlock:
            given: batch_scoring.ParameterBlock = found.llama_context_default_params()
            return batch_scoring.ParameterBlock.from_buffer_copy(bytes(4) + bytes(given.raw)[:-4])

    with pytest.raises(batch_scoring.Unavailable):
        batch_scoring.context_settings(Moved, context=512, threads=1, kinds=(1, 1), flash=-1)
    with pytest.raises(batch_scoring.Unavailable):
        batch_scoring.open_llama_library("/nowhere.so")


@pytest.mark.parametrize(
    ("route", "choices", "together"),
    [
        ("grammar", [" 1", "9", " 19. #### 19", "🙂", " naïve 日本", "<|eot_id|>"], 0),
        ("bias", [" 1", "9", " 19. #### 19", "🙂", " naïve 日本", "<|eot_id|>"], 1),
        ("grammar", ["1", "2", "3", "4"], 1),
    ],
)
def test_choices_of_one_item(
    server: ModelServer, reference: Llama, route: str, choices: list[str], together: int
) -> None:
    """First tokens come from one request where that spares others, the rest by the ladder; greedy is told apart."""
    context = "Question: What is 12+7?\nAnswer:"

    async def work(protocol: LlamaLoglikelihood, client: Client) -> tuple[list[Response], list[tuple[list[int], ...]]]:
        job = [request(RequestKind.loglikelihood, context, text, index=at) for at, text in enumerate(choices)]
        found = [response async for response in protocol.answer(client, job, 0)]
        assert protocol.counts["together"] == together
        found.sort(key=lambda response: response.index)
        return found, list(await protocol.tokens.pairs(client, [(context, choice) for choice in choices]))

    responses, pairs = ask(server, route, work)
    for response, (before, after) in zip(responses, pairs, strict=True):
        expected, likeliest = reference.score(before, after)
        assert before[0] == reference.config["bos_token_id"] and before.count(before[0]) == 1
        assert response.logprob == pytest.approx(expected, abs=TOLERANCE * len(after))
        assert response.greedy == likeliest


def test_empty_context_trailing_space_and_overflow(server: ModelServer, reference: Llama) -> None:
    """An empty context is BOS; trailing spaces go over; a long context is cut on the left and counted."""
    long = "Question: What is 12+7?\nAnswer: 19\n\n" * 80
    texts = [("", "The"), ("  ", "The"), ("What is 12+7? ", "19"), (long, " 19")]

    async def work(protocol: LlamaLoglikelihood, client: Client) -> tuple[list[Response], list[tuple[list[int], ...]]]:
        found = []
        for context, continuation in texts:
            job = [request(RequestKind.loglikelihood, context, continuation)]
            found += [response async for response in protocol.answer(client, job, 0)]
        assert protocol.counts["context_cut"] == 1
        pairs = await protocol.tokens.pairs(client, texts)
        return found, [pair if len(pair[0]) < 1000 else protocol._fit(*pair) for pair in pairs]

    responses, pairs = ask(server, None, work)
    bos = reference.config["bos_token_id"]
    assert pairs[0][0] == pairs[1][0] == [bos] and len(pairs[3][0]) + len(pairs[3][1]) == 1023
    for response, (before, after) in zip(responses, pairs, strict=True):
        assert response.logprob == pytest.approx(reference.score(before, after)[0], abs=TOLERANCE * len(after))


def test_rolling(server: ModelServer, reference: Llama) -> None:
    """The likelihood of a whole text, in one window and in several."""
    text = "Question: What is 12+7?\nAnswer: 12+7=19. #### 19\n\n" * 4

    async def work(protocol: LlamaLoglikelihood, client: Client) -> tuple[list[Response], list[int]]:
        found = [r async for r in protocol.answer(client, [request(RequestKind.rolling, text)], 0)]
        protocol.longest = 65
        found += [r async for r in protocol.answer(client, [request(RequestKind.rolling, text)], 0)]
        return found, protocol.tokens.whole((await protocol.tokens.encode(client, [text]))[0])

    (whole, windows), tokens = ask(server, None, work)
    bos = reference.config["bos_token_id"]
    assert whole.logprob == pytest.approx(reference.score([bos], tokens)[0], abs=TOLERANCE * len(tokens))
    expected, at = 0.0, 0
    while at < len(tokens):
        end = min(at + 64, len(tokens))
        begin = max(0, end - 65)
        context = ([bos] if begin == 0 else []) + tokens[begin:at]
        expected += reference.score(context[-65:], tokens[at:end])[0]
        at = end
    assert windows.logprob == pytest.approx(expected, abs=TOLERANCE * len(tokens))
