"""Multiple choice on llama-server: the engine against scoring token by token, and what the server does for it.

    python -m tests.benchmarks.choice_speed [--items 200] [--rounds 5] [--slots 2] [--large]

Prints medians of items/s over the rounds and the median of the ratios within one round; tokens that the model was run
on over the unavoidable; and what the server did for one item. Unavoidable: each context once, each continuation but its
last token, and one token for each further choice, because the server begins each request by running one. The number
of runs of the model (decodes) is the distance to scoring in process, which needs one for all choices of an item.
`--large`: a random model with 151,936 tokens instead of the demo model, grammar and logit bias against the engine's
choice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import requests

from evaluators.harness import Patience
from evaluators.harness.client import Client
from evaluators.harness.loglikelihood_llama import LlamaLoglikelihood
from evaluators.harness.requests import Request
from evaluators.records import RequestKind
from evaluators.servers import ModelServer, ServerOptions, open_server
from tests.harness.conftest import RELEASE, artifact_of
from tests.harness.large_vocabulary import write

FACTS = Path(__file__).parents[2] / "evaluators" / "tasks" / "demo_facts" / "test.jsonl"


def jobs(items: int) -> list[list[Request]]:
    """One job per demo fact: the requests of its four choices."""
    rows = [json.loads(line) for line in FACTS.read_text(encoding="utf-8").splitlines()[:items]]
    made = []
    for number, row in enumerate(rows):
        context = f"Question: {row['question']}\nAnswer:"
        made.append(
            [
                Request("facts", number, index, 0, RequestKind.loglikelihood, (context, f" {choice}"), 1, "")
                for index, choice in enumerate(row["choices"])
            ]
        )
    return made


async def score(server: ModelServer, work: list[list[Request]], route: str | None) -> tuple[float, list[float], int]:
    """(seconds, log-likelihoods, requests sent) of all jobs by one route, one worker per slot."""
    description = server.describe()
    client = Client(server, Patience())
    protocol = LlamaLoglikelihood(description, route=route)
    values: dict[tuple[int, int], float] = {}
    feed = iter(work)

    async def worker(slot: int) -> None:
        for job in feed:
            async for response in protocol.answer(client, job, slot):
                values[(response.doc_id, response.index)] = response.logprob or 0.0

    try:
        await protocol.prepare(client)
        begun = time.perf_counter()
        await asyncio.gather(*(worker(slot) for slot in range(description.slots)))
        return time.perf_counter() - begun, [values[place] for place in sorted(values)], client.sent
    finally:
        await client.close()


async def unpinned(server: ModelServer, work: list[list[Request]]) -> tuple[float, list[float]]:
    """Token by token: one request a token with a logit bias, texts tokenized one by one."""
    description = server.describe()
    headers = {"Authorization": f"Bearer {server.key}"}
    values: dict[tuple[int, int], float] = {}
    feed = iter([(number % description.slots, request) for number, job in enumerate(work) for request in job])

    # aiohttp on both sides, so that the difference is not the client's
    connector = aiohttp.TCPConnector(keepalive_timeout=2.0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as http:
        known: dict[str, list[int]] = {}

        async def post(path: str, body: dict[str, Any]) -> Any:
            async with http.post(server.url + path, json=body) as answer:
                return await answer.json()

        async def tokens(text: str) -> list[int]:
            if text not in known:
                body = {"content": text, "add_special": True}
                known[text] = (await post("/tokenize", body))["tokens"]
            return known[text]

        async def worker() -> None:
            for slot, request in feed:
                before = await tokens(request.args[0])
                whole = await tokens(request.args[0] + request.args[1])
                total = 0.0
                for at in range(len(before), len(whole)):
                    body = {"prompt": whole[:at], "max_tokens": 1, "temperature": 0, "logprobs": 2, "id_slot": slot}
                    body |= {"logit_bias": [[whole[at], 100]], "cache_prompt": True}
                    reply = await post("/v1/completions", body)
                    total += reply["choices"][0]["logprobs"]["content"][0]["logprob"]
                values[(request.doc_id, request.index)] = total

        begun = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(description.slots)))
        return time.perf_counter() - begun, [values[place] for place in sorted(values)]


def by_threads(server: ModelServer, work: list[list[Request]]) -> tuple[float, list[float]]:
    """The same with `requests` and one thread per slot, which is what lm-eval's main branch does (its PR 4012)."""
    description = server.describe()
    local = threading.local()
    known: dict[str, list[int]] = {}

    def post(path: str, body: dict[str, Any]) -> Any:
        if not hasattr(local, "http"):
            local.http = requests.Session()
            local.http.headers["Authorization"] = f"Bearer {server.key}"
        return local.http.post(server.url + path, json=body).json()

    def tokens(text: str) -> list[int]:
        if text not in known:
            known[text] = post("/tokenize", {"content": text, "add_special": True})["tokens"]
        return known[text]

    def one(entry: tuple[int, Request]) -> float:
        slot, request = entry
        before, whole = tokens(request.args[0]), tokens(request.args[0] + request.args[1])
        total = 0.0
        for at in range(len(before), len(whole)):
            body = {"prompt": whole[:at], "max_tokens": 1, "temperature": 0, "logprobs": 2, "id_slot": slot}
            reply = post("/v1/completions", body | {"logit_bias": [[whole[at], 100]], "cache_prompt": True})
            total += reply["choices"][0]["logprobs"]["content"][0]["logprob"]
        return total

    entries = [(number % description.slots, request) for number, job in enumerate(work) for request in job]
    begun = time.perf_counter()
    with ThreadPoolExecutor(description.slots) as pool:
        values = list(pool.map(one, entries))
    return time.perf_counter() - begun, values


COUNTERS = ("prompt_tokens_total", "tokens_predicted_total", "n_decode_total")


def counted(server: ModelServer) -> Counter[str]:
    """What the server has done so far: prompt tokens run, tokens generated, runs of the model."""
    text = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {server.key}"}).text
    found = dict(re.findall(r"^llamacpp:(\w+) (\S+)", text, re.M))
    return Counter({name: round(float(found[name])) for name in COUNTERS})


async def unavoidable(server: ModelServer, work: list[list[Request]]) -> int:
    """Tokens that the model must be run on, see above."""
    client = Client(server, Patience())
    protocol = LlamaLoglikelihood(server.describe())
    try:
        await protocol.prepare(client)
        total = 0
        for job in work:
            pairs = await protocol.tokens.pairs(client, [(r.args[0], r.args[1]) for r in job])
            total += len(pairs[0][0]) + sum(len(continuation) for _, continuation in pairs) - 1
        return total
    finally:
        await client.close()


def one_round(
    server: ModelServer, work: list[list[Request]], ways: dict[str, str | None], done: Counter[str], *, backwards: bool
) -> dict[str, float]:
    """Seconds of every way; all must find the same log-likelihoods. `done` grows by the server's work for ours."""
    results: dict[str, tuple[float, list[float]]] = {}
    names = [*ways, "tokens, threads", "tokens, aiohttp"]
    for way in reversed(names) if backwards else names:
        if way == "tokens, threads":
            results[way] = by_threads(server, work)
        elif way == "tokens, aiohttp":
            results[way] = asyncio.run(unpinned(server, work))
        else:
            before = counted(server)
            seconds, values, sent = asyncio.run(score(server, work, ways[way]))
            results[way] = seconds, values
            if way == "engine":
                done.update(counted(server) - before)
                done["requests"] += sent
    for way, (_, values) in results.items():
        gap = max(abs(a - b) for a, b in zip(values, results["engine"][1], strict=True))
        assert gap < 0.1, f"{way} differs by {gap}"
    return {way: seconds for way, (seconds, _) in results.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder / "large.gguf") if options.large else next(RELEASE.glob("*F16.gguf"))
        settings = ServerOptions(slots=options.slots, threads=1, context=1024)
        with open_server("llama.cpp", artifact_of(path), settings, folder) as server:
            work = jobs(options.items)
            ways = {"engine": None, "grammar": "grammar", "bias": "bias"} if options.large else {"engine": None}
            rates: dict[str, list[float]] = {}
            least = asyncio.run(unavoidable(server, work))
            done: Counter[str] = Counter()
            for turn in range(options.rounds):
                for way, seconds in one_round(server, work, ways, done, backwards=turn % 2 == 1).items():
                    rates.setdefault(way, []).append(len(work) / seconds)
    for way, found in rates.items():
        ratios = [ours / theirs for ours, theirs in zip(rates["engine"], found, strict=True)]
        print(
            f"{way:16} {statistics.median(found):8.1f} items/s   engine is {statistics.median(ratios):.2f} x"
            f" ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    items = len(work) * options.rounds
    # the last token of each request is generated, and no longer run
    run = done["prompt_tokens_total"] + done["tokens_predicted_total"] - done["requests"]
    print(f"tokens run: {run / least / options.rounds:.3f} x the unavoidable")
    print(
        f"for one item: {done['requests'] / items:.1f} requests, {done['n_decode_total'] / items:.1f} decodes: "
        f"{done['prompt_tokens_total'] / items:.1f} prompt tokens, {done['tokens_predicted_total'] / items:.1f} forced"
    )


if __name__ == "__main__":
    main()
