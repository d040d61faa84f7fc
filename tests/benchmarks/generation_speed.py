"""Generation: the engine against a bare load generator and lm-eval's `local-completions`, on one server.

    python -m tests.benchmarks.generation_speed [--backend llama.cpp] [--items 400] [--rounds 15] [--slots 2] [--apart]

The same demo sums go through all of them. The load generator posts the engine's requests, with as many connections as
the server has slots and with as many as the engine has requests in flight, and keeps nothing. lm-eval is tried at
several concurrencies, the best counts; its imports, data and prompts are left out: its time is that of its requests and
of scoring the answers. The engine's time is from its first request until the last item is journaled and scored.

What a client computes, the server lacks, unless it computes on a GPU or elsewhere: with `--apart` server and clients
have processors of their own. Prints medians of requests/s, and the median of the ratios within one round with its
order-statistic interval: when the machine's speed changes between rounds, it changes for both sides of a ratio. The
order within a round is drawn.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.backends.openai_api import sampling
from evaluators.catalogue import Benchmark
from evaluators.harness import Progress, run_benchmark
from evaluators.harness.concurrency import in_flight
from evaluators.harness.requests import Item, build_items
from evaluators.harness.tasks import load_tasks
from evaluators.records import Artifact, RunStatus, Settings
from tests.benchmarks import processors
from tests.harness.conftest import RELEASE, SUMS, artifact_of
from warehouse.verdicts.statistics.median import median_interval

PROGRAM = Path(__file__).parents[2] / ".venv-vllm" / "bin" / "vllm"
SETTINGS = Settings(temperature=0.0)


def bare(server: ModelServer, items: list[Item], slots: int) -> float:
    """Seconds a load generator needs."""
    description = server.describe()
    bodies = [
        {"model": description.model, "prompt": item.instances[0].args[0]}
        | sampling.sampling_fields(item.instances[0].args[1], 1, server.backend, description.context)
        for item in items
    ]

    async def go() -> float:
        feed = iter(bodies)
        headers = {"Authorization": f"Bearer {server.key}"}
        async with aiohttp.ClientSession(headers=headers) as http:

            async def work() -> None:
                for body in feed:
                    async with http.post(f"{server.url}/v1/completions", json=body) as answer:
                        await answer.read()

            begun = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(slots)))
            return time.perf_counter() - begun

    return asyncio.run(go())


def engine(benchmark: Benchmark, artifact: Artifact, server: ModelServer, items: int) -> float:
    """Seconds the engine needs: from the first request to the last item scored and journaled."""
    last: list[Progress] = []
    with tempfile.TemporaryDirectory() as folder:
        run = run_benchmark(
            benchmark, artifact, server, SETTINGS, folder=Path(folder), limit=items, checks=False, progress=last.append
        )
    assert run.status is RunStatus.finished
    return items / last[-1].rate


def upstream(server: ModelServer, task: Any, items: list[Item], concurrency: int) -> float:
    """Seconds lm-eval needs for the same requests and for scoring what comes back."""
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    os.environ["OPENAI_API_KEY"] = server.key or ""
    lm: Any = LocalCompletionsAPI(
        base_url=f"{server.url}/v1/completions",
        model=server.describe().model,
        tokenizer_backend="none",
        tokenized_requests=False,
        num_concurrent=concurrency,
    )
    instances = [item.instances[0] for item in items]
    begun = time.perf_counter()
    # Its concurrent path draws a bar whatever it is told.
    with contextlib.redirect_stderr(io.StringIO()):
        answers = lm.generate_until(instances, disable_tqdm=True)
    for instance, answer in zip(instances, answers, strict=True):
        instance.resps, instance.filtered_resps = [answer], {}
    for ensemble in task._filters:
        ensemble.apply(instances)
    for instance in instances:
        for taken in instance.filtered_resps.values():
            task.process_results(instance.doc, [taken])
    return time.perf_counter() - begun


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=["llama.cpp", "vllm"], default="llama.cpp")
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--apart", action="store_true", help=processors.APART)
    options = parser.parse_args()
    slots = options.slots
    if options.backend == "vllm":
        from tests.servers.test_vllm import folder_artifact

        artifact = folder_artifact(RELEASE)
        # one thread: what computes and what serves share two cores with the clients, and would wait for each other
        settings = ServerOptions(executable=str(PROGRAM), context=1000, slots=slots, dtype="float32", threads=1)
    else:
        artifact = artifact_of(next(RELEASE.glob("*F16.gguf")))
        settings = ServerOptions(slots=slots, threads=1, context=1024)
    loaded = load_tasks(SUMS)
    [task] = loaded.tasks.values()
    items = build_items(loaded, SETTINGS, generation=sampling.overrides(SETTINGS))[: options.items]
    rates: dict[str, list[float]] = {}
    theirs, ours = processors.halves(options.apart)
    processors.use(theirs)
    with (
        tempfile.TemporaryDirectory() as name,
        open_server(options.backend, artifact, settings, Path(name)) as server,
    ):
        ways: dict[str, Callable[[], float]] = {
            f"load generator {slots}": lambda: bare(server, items, slots),
            f"load generator {in_flight(slots)}": lambda: bare(server, items, in_flight(slots)),
            "engine": lambda: engine(SUMS, artifact, server, len(items)),
        }
        for count in (slots, 2 * slots, 8 * slots):
            ways[f"local-completions {count}"] = lambda count=count: upstream(server, task, items, count)  # type: ignore[misc]
        processors.use(ours)
        for measure in ways.values():
            measure()
        for _ in range(options.rounds):
            for way in random.sample(list(ways), len(ways)):
                rates.setdefault(way, []).append(len(items) / ways[way]())
    for way in ways:
        found = rates[way]
        ratio = median_interval([mine / other for mine, other in zip(rates["engine"], found, strict=True)])
        print(
            f"{way:22} {statistics.median(found):8.1f} requests/s   engine is {ratio.value:.3f} x"
            f" ({ratio.confidence:.0%}: {ratio.low:.2f} to {ratio.high:.2f})"
        )


if __name__ == "__main__":
    main()
