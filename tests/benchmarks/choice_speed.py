"""Multiple choice on llama-server: the engine against scoring token by token, and what the server does for it.

    python -m tests.benchmarks.choice_speed [--items 200] [--rounds 9] [--slots 2] [--large] [--apart]

The engine's time is from its first request until the last item is journaled and scored; all others keep nothing.
"requests alone" are the engine's requests without the engine. `--apart`: server and clients have processors of their
own. Prints medians of items/s over the rounds and the median of the ratios within one round with its order-statistic
interval; tokens that the model was run on over the unavoidable; and what the server did for one item. Unavoidable: each
context once, each continuation but its last token, and one token for each further choice, because the server begins
each request by running one. The number of runs of the model (decodes) is the distance to scoring in process, which
needs one for all choices of an item.
`--large`: a random model with 151,936 tokens instead of the demo model, grammar and logit bias against the engine's
choice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
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
import pyarrow.parquet as pq
import requests

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.backends.client import Client
from evaluators.backends.llama_cpp.llama_loglikelihood import LlamaLoglikelihood
from evaluators.backends.protocol import Request
from evaluators.harness import Progress, RetryLimits, run_benchmark
from evaluators.harness.requests import build_items
from evaluators.harness.tasks import load_tasks
from evaluators.records import Artifact, RequestKind, Settings
from tests.benchmarks import processors
from tests.harness.conftest import FACTS, RELEASE, artifact_of
from tests.harness.large_vocabulary import write
from warehouse.verdicts.statistics.median import median_interval


def jobs(items: int) -> list[list[Request]]:
    """One job per demo fact, in the engine's order: the requests of its four choices."""
    return [
        [
            Request(item.task, item.doc_id, instance.idx, 0, RequestKind.loglikelihood, instance.args, 1, "")
            for instance in item.instances
        ]
        for item in build_items(load_tasks(FACTS), Settings())[:items]
    ]


def engine(server: ModelServer, artifact: Artifact, items: int) -> tuple[float, list[float], int]:
    """(seconds, log-likelihoods, requests sent) of the same jobs by the engine."""
    last: list[Progress] = []
    with tempfile.TemporaryDirectory() as folder:
        run = run_benchmark(
            FACTS, artifact, server, Settings(), folder=Path(folder), limit=items, checks=False, progress=last.append
        )
        rows = pq.read_table(Path(folder) / run.run_id / "responses.parquet").to_pylist()
    rows.sort(key=lambda row: (row["doc_id"], row["index"]))
    return items / last[-1].rate, [row["logprob"] for row in rows], run.requests_sent


async def score(server: ModelServer, work: list[list[Request]], route: str | None) -> tuple[float, list[float], int]:
    """(seconds, log-likelihoods, requests sent) of all jobs by one route, one worker per slot."""
    description = server.describe()
    client = Client(server, RetryLimits())
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
        found = list(pool.map(one, entries))
    seconds = time.perf_counter() - begun
    values = {(request.doc_id, request.index): value for (_, request), value in zip(entries, found, strict=True)}
    return seconds, [values[place] for place in sorted(values)]


COUNTERS = ("prompt_tokens_total", "tokens_predicted_total", "n_decode_total")


def counted(server: ModelServer) -> Counter[str]:
    """What the server has done so far: prompt tokens run, tokens generated, runs of the model."""
    text = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {server.key}"}).text
    found = dict(re.findall(r"^llamacpp:(\w+) (\S+)", text, re.M))
    return Counter({name: round(float(found[name])) for name in COUNTERS})


async def unavoidable(server: ModelServer, work: list[list[Request]]) -> int:
    """Tokens that the model must be run on, see above."""
    client = Client(server, RetryLimits())
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
    server: ModelServer,
    artifact: Artifact,
    work: list[list[Request]],
    routes: dict[str, str | None],
    done: Counter[str],
) -> dict[str, float]:
    """Seconds of every way, in an order that is drawn; all must find the same log-likelihoods. `done` grows by the
    server's work for ours."""
    results: dict[str, tuple[float, list[float]]] = {}
    names = ["engine", *routes, "tokens, threads", "tokens, aiohttp"]
    for way in random.sample(names, len(names)):
        if way == "tokens, threads":
            results[way] = by_threads(server, work)
        elif way == "tokens, aiohttp":
            results[way] = asyncio.run(unpinned(server, work))
        elif way == "engine":
            before = counted(server)
            seconds, values, sent = engine(server, artifact, len(work))
            results[way] = seconds, values
            done.update(counted(server) - before)
            done["requests"] += sent
        else:
            seconds, values, _ = asyncio.run(score(server, work, routes[way]))
            results[way] = seconds, values
    for way, (_, values) in results.items():
        gap = max(abs(a - b) for a, b in zip(values, results["engine"][1], strict=True))
        assert gap < 0.1, f"{way} differs by {gap}"
    return {way: results[way][0] for way in names}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--apart", action="store_true", help=processors.APART)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder / "large.gguf") if options.large else next(RELEASE.glob("*F16.gguf"))
        settings = ServerOptions(slots=options.slots, threads=1, context=1024)
        artifact = artifact_of(path)
        theirs, ours = processors.halves(options.apart)
        processors.use(theirs)
        with open_server("llama.cpp", artifact, settings, folder) as server:
            processors.use(ours)
            work = jobs(options.items)
            routes: dict[str, str | None] = {"requests alone": None}
            if options.large:
                routes |= {"grammar": "grammar", "bias": "bias"}
            rates: dict[str, list[float]] = {}
            least = asyncio.run(unavoidable(server, work))
            done: Counter[str] = Counter()
            one_round(server, artifact, work[:10], routes, Counter())
            for _ in range(options.rounds):
                for way, seconds in one_round(server, artifact, work, routes, done).items():
                    rates.setdefault(way, []).append(len(work) / seconds)
    for way, found in rates.items():
        ratio = median_interval([mine / other for mine, other in zip(rates["engine"], found, strict=True)])
        print(
            f"{way:16} {statistics.median(found):8.1f} items/s   engine is {ratio.value:.2f} x"
            f" ({ratio.confidence:.0%}: {ratio.low:.2f} to {ratio.high:.2f})"
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
