"""What a request costs the client: a load generator, lm-eval's `local-completions` and the engine, on a server that
answers at once.

    python -m tests.benchmarks.client_ceiling [--items 1600] [--rounds 3] [--concurrency 1 16 64 256]

The same demo sums go through all of them; the server is a process of its own. Counted is the processor time of this
process, all its threads, so other programs on the machine slow it down without making it dearer. lm-eval's includes
scoring; the engine's includes the journal and scoring, and is that between its first report and its last. Prints
medians in microseconds a request, and the ratio to the load generator within one round. The order within a round is
drawn. Last come the costs of scoring an answer by the heaviest scorers, which the engine pays on the same core.

Measured on an idle machine of two cores, three rounds: the engine costs 2.7 times as much as the load generator with 1
at a time, 3.1 with 16, 1.7 with 64 and 1.3 with 256; lm-eval's client 7.3, 3.3, 2.5 and 1.9. The load generator is
aiohttp as anyone would use it; the engine posts by `evaluators/backends/plain_http`.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluators.backends.openai_api import sampling
from evaluators.harness import Progress, run_benchmark
from evaluators.harness.requests import Item, build_items
from evaluators.harness.tasks import load_tasks
from evaluators.records import RunStatus
from tests.benchmarks.generation_speed import SETTINGS, bare, upstream
from tests.harness.conftest import SUMS
from tests.harness.fakes import ARTIFACT, FakeServer

HEAVY = ("math_verify", "ifeval")


def processor() -> float:
    """Seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def engine(server: FakeServer, items: int) -> float:
    """Processor seconds of one request, from the first report on."""
    reports: list[tuple[int, float]] = []

    def note(progress: Progress) -> None:
        reports.append((progress.done, processor()))

    with tempfile.TemporaryDirectory() as folder:
        run = run_benchmark(
            SUMS, ARTIFACT, server, SETTINGS, folder=Path(folder), limit=items, checks=False, progress=note
        )
    assert run.status is RunStatus.finished
    (first, began), (last, ended) = reports[0], reports[-1]
    return (ended - began) / (last - first)


def searching(server: FakeServer, items: int) -> float:
    """Seconds of one request in which the engine's run searches for cyclic garbage, by the clock."""
    moments: list[float] = []

    def note(phase: str, info: dict[str, int]) -> None:
        moments.append(time.perf_counter())

    gc.callbacks.append(note)
    try:
        engine(server, items)
    finally:
        gc.callbacks.remove(note)
    return sum(ended - began for began, ended in zip(moments[::2], moments[1::2], strict=True)) / items


def whole(work: Callable[[], object], items: int) -> float:
    """Processor seconds of one request, of a way that does nothing else."""
    began = processor()
    work()
    return (processor() - began) / items


def measure(task: Any, items: list[Item], concurrency: int, rounds: int) -> None:
    """Print one line for a number of requests at a time."""
    with FakeServer(slots=concurrency) as server:
        ways: dict[str, Callable[[], float]] = {
            "bare": lambda: whole(lambda: bare(server, items, concurrency), len(items)),
            "lm-eval": lambda: whole(lambda: upstream(server, task, items, concurrency), len(items)),
            "engine": lambda: engine(server, len(items)),
        }
        costs: dict[str, list[float]] = {way: [] for way in ways}
        for way in ways.values():
            way()
        for _ in range(rounds):
            for way in random.sample(list(ways), len(ways)):
                costs[way].append(ways[way]())
        searched = searching(server, len(items))
    told = [f"{concurrency:4} at a time"]
    for way, found in costs.items():
        ratio = statistics.median(cost / least for cost, least in zip(found, costs["bare"], strict=True))
        told.append(f"{way} {1e6 * statistics.median(found):6,.0f} us ({ratio:.2f})")
        told.append(f"of which {1e6 * searched:.0f} us search for garbage" if way == "engine" else "")
    print("   ".join(text for text in told if text), flush=True)


def scoring(times: int = 20) -> None:
    """Print what lm-eval's heaviest scorers take for an answer of usual length."""
    from lm_eval.tasks.ifeval import utils as ifeval
    from lm_eval.tasks.minerva_math import utils as math_verify

    thought = "So we write it down step by step and look what follows. " * 40
    asked = {"relation": "at least", "num_words": 100}
    obeyed = {
        "key": 1, "prompt": "p", "kwargs": [asked, {"language": "en"}],
        "instruction_id_list": ["length_constraints:number_words", "language:response_language"],
    }  # fmt: skip
    solved = {"problem": "p", "solution": r"so $\boxed{(x+1)^2}$", "answer": "(x+1)^2"}
    answer = f"{thought}Final Answer: The final answer is $x^2+2x+1$. I hope it is correct."
    for name, score in zip(
        HEAVY,
        (lambda: math_verify.process_results(solved, [answer]), lambda: ifeval.process_results(obeyed, [thought])),
        strict=True,
    ):
        score()
        began = processor()
        for _ in range(times):
            score()
        print(f"scoring by {name}: {1e3 * (processor() - began) / times:.1f} ms an answer", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 16, 64, 256])
    options = parser.parse_args()
    loaded = load_tasks(SUMS)
    [task] = loaded.tasks.values()
    items = build_items(loaded, SETTINGS, generation=sampling.overrides(SETTINGS))[: options.items]
    for concurrency in options.concurrency:
        measure(task, items, concurrency, options.rounds)
    scoring()


if __name__ == "__main__":
    main()
