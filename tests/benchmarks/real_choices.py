"""PIQA and ARC on a real model by the embedded llama.cpp: the product's route against token by token, as before it.

    python -m tests.benchmarks.real_choices MODEL.gguf FOLDER [--items 40] [--rounds 3] [--before-threads 1]

FOLDER holds `piqa/validation.jsonl` and `arc/ARC-Easy/*.jsonl` in the fields of lm-eval's tasks, whose prompts are made
here as `piqa` and `arc_easy` make them. Both ways run in the same round, in an order that is drawn, on servers of their
own, of which one idles: the product's with its own threads, the other with `--before-threads`, which was the rule on
two cores. "token by token" is the product's route before, and what a user's own llama-server is asked: one request a
token with a logit bias; steps that choices share are asked once, which they were not. Prints medians of items/s, the
median of the ratios within a round, the largest difference of two sums, and how many items are answered otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.backends.client import Client
from evaluators.backends.llama_cpp.llama_loglikelihood import LlamaLoglikelihood
from evaluators.backends.protocol import Request
from evaluators.backends.retry import RetryLimits
from evaluators.records import RequestKind
from tests.harness.conftest import artifact_of

Jobs = list[list[Request]]


def lines(pattern: Path) -> list[dict[str, object]]:
    """Rows of the first file of JSON lines that fits."""
    found = sorted(pattern.parent.glob(pattern.name))
    return [json.loads(line) for line in found[0].read_text(encoding="utf-8").splitlines()] if found else []


def piqa(folder: Path) -> list[tuple[str, list[str]]]:
    """(context, choices) as lm-eval's `piqa`."""
    rows = lines(folder / "piqa" / "validation.jsonl")
    return [(f"Question: {row['goal']}\nAnswer:", [f" {row['sol1']}", f" {row['sol2']}"]) for row in rows]


def arc(folder: Path) -> list[tuple[str, list[str]]]:
    """(context, choices) as lm-eval's `arc_easy`."""
    made = []
    for row in lines(folder / "arc" / "ARC-Easy" / "*est*.jsonl"):
        question, choices = row["question"], row.get("choices")
        if isinstance(question, dict):
            question, choices = question["stem"], question["choices"]
        texts = choices["text"] if isinstance(choices, dict) else [each["text"] for each in choices or ()]  # type: ignore[attr-defined]
        made.append((f"Question: {question}\nAnswer:", [f" {text}" for text in texts]))
    return made


def jobs(items: Sequence[tuple[str, list[str]]]) -> Jobs:
    """Requests of each item."""
    kind = RequestKind.loglikelihood
    return [
        [Request("task", doc, place, 0, kind, (context, choice), 1, "") for place, choice in enumerate(choices)]
        for doc, (context, choices) in enumerate(items)
    ]


async def score(server: ModelServer, work: Jobs, route: str | None) -> tuple[float, list[float], str]:
    """(seconds, sums, requests by rung) by the product's protocol, as many jobs at a time as the server has slots.
    route: None lets it choose."""
    about, client = server.describe(), Client(server, RetryLimits())
    protocol = LlamaLoglikelihood(about, route=route)
    values: dict[tuple[int, int], float] = {}
    feed = iter(work)

    async def worker(slot: int) -> None:
        for job in feed:
            async for response in protocol.answer(client, job, slot):
                assert response.logprob is not None, response.error
                values[response.doc_id, response.index] = response.logprob

    try:
        await protocol.prepare(client)
        protocol.counts.clear()
        begun = time.perf_counter()
        await asyncio.gather(*(worker(slot) for slot in range(about.slots)))
        seconds = time.perf_counter() - begun
    finally:
        await client.close()
    return seconds, [values[place] for place in sorted(values)], str(dict(protocol.counts))


def choices_of(work: Jobs, sums: Sequence[float]) -> list[int]:
    """Number of the likeliest choice of each item."""
    left, found = list(sums), []
    for job in work:
        mine, left = left[: len(job)], left[len(job) :]
        found.append(mine.index(max(mine)))
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before-threads", type=int, default=1)
    options = parser.parse_args()
    artifact = artifact_of(options.model, "file")
    now, before = ServerOptions(context=1024), ServerOptions(context=1024, threads=options.before_threads)
    with (
        tempfile.TemporaryDirectory() as name,
        open_server("llama.cpp", artifact, now, Path(name) / "now") as new,
        open_server("llama.cpp", artifact, before, Path(name) / "before") as old,
    ):
        for title, items in (("piqa", piqa(options.folder)), ("arc_easy", arc(options.folder))):
            work = jobs(items[: options.items])
            rates: dict[str, list[float]] = {"ours": [], "token by token": []}
            requests: dict[str, str] = {}
            for _ in range(options.rounds):
                sums: dict[str, list[float]] = {}
                for way in random.sample(list(rates), 2):
                    server, route = (new, None) if way == "ours" else (old, "bias")
                    seconds, sums[way], requests[way] = asyncio.run(score(server, work, route))
                    rates[way].append(len(work) / seconds)
            gap = max(abs(a - b) for a, b in zip(*sums.values(), strict=True))
            other = sum(a != b for a, b in zip(*(choices_of(work, found) for found in sums.values()), strict=True))
            ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
            speeds = ", ".join(f"{way} {statistics.median(found):.2f} items/s" for way, found in rates.items())
            print(f"{title}: {speeds}: ratio {ratio:.2f}")
            print(f"  largest difference of a sum {gap:.3f}; {other} of {len(work)} items answered otherwise")
            print(f"  requests {requests}", flush=True)


if __name__ == "__main__":
    main()
