"""What a request costs the client: a load generator, lm-eval's `local-completions` and the engine, on a server that
answers at once.

    python -m tests.benchmarks.client_ceiling [--items 1600] [--rounds 3] [--concurrency 1 16 64 256]

The same demo sums go through all of them; the server is a process of its own. Counted is the processor time of this
process, all its threads, so other programs on the machine slow it down without making it dearer. lm-eval's and the
engine's include scoring, by the same functions of lm-eval, which is counted apart and is no work of a client: "asking"
is the rest, for the engine with the journal. The engine's is that between its first report and its last. Prints medians
in microseconds a request, and the ratio to the load generator within one round. The order within a round is drawn. Last
come the costs of scoring an answer by the heaviest scorers, which the engine has other processes do.

Measured on two cores with little else running, three rounds: asking costs the engine 1.8 times as much as the load
generator with 1 at a time, 1.6 with 16, 1.3 with 64 and 0.7 with 256 (lm-eval 5.8, 1.9, 2.7, 1.4); with scoring it is
2.4, 2.2, 1.9 and 1.1 (6.1, 2.8, 2.9, 1.6).

The load generator is aiohttp as anyone would use it; the engine posts by `evaluators/backends/plain_http`.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from evaluators.backends.openai_api import sampling
from evaluators.harness import Progress, run_benchmark
from evaluators.harness.requests import Item, build_items
from evaluators.harness.scorers.item_scoring import ItemScoring
from evaluators.harness.tasks import load_tasks
from evaluators.records import RunStatus
from tests.benchmarks.generation_speed import SETTINGS, bare, upstream
from tests.harness.conftest import SUMS
from tests.harness.fakes import ARTIFACT, FakeServer

HEAVY = ("math_verify", "ifeval")


class Cost(NamedTuple):
    """Processor seconds of one request."""

    all: float
    scoring: float
    """Those of lm-eval's filters and metrics."""


def processor() -> float:
    """Seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def counted(owner: Any, name: str) -> Iterator[list[float]]:
    """Processor seconds of each call of a function meanwhile, which stays as it is."""
    seconds: list[float] = []
    function = getattr(owner, name)

    def count(*arguments: Any) -> Any:
        began = time.thread_time()
        try:
            return function(*arguments)
        finally:
            seconds.append(time.thread_time() - began)

    setattr(owner, name, count)
    try:
        yield seconds
    finally:
        setattr(owner, name, function)


def engine(server: FakeServer, items: int) -> Cost:
    """What one request costs, from the first report on."""
    reports: list[tuple[int, float, float]] = []

    def note(progress: Progress) -> None:
        reports.append((progress.done, processor(), sum(scored)))

    with tempfile.TemporaryDirectory() as folder, counted(ItemScoring, "here") as scored:
        run = run_benchmark(
            SUMS, ARTIFACT, server, SETTINGS, folder=Path(folder), limit=items, checks=False, progress=note
        )
    assert run.status is RunStatus.finished
    (first, began, before), (last, ended, after) = reports[0], reports[-1]
    return Cost((ended - began) / (last - first), (after - before) / (last - first))


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


def whole(work: Callable[[], object], items: int, task: Any) -> Cost:
    """What one request costs, of a way that does nothing else."""
    with ExitStack() as stack:
        parts = [stack.enter_context(counted(ensemble, "apply")) for ensemble in task._filters]
        parts.append(stack.enter_context(counted(task, "process_results")))
        began = processor()
        work()
        return Cost((processor() - began) / items, sum(map(sum, parts)) / items)


def measure(task: Any, items: list[Item], concurrency: int, rounds: int) -> None:
    """Print one line for a number of requests at a time."""
    with FakeServer(slots=concurrency) as server:
        ways: dict[str, Callable[[], Cost]] = {
            "bare": lambda: whole(lambda: bare(server, items, concurrency), len(items), task),
            "lm-eval": lambda: whole(lambda: upstream(server, task, items, concurrency), len(items), task),
            "engine": lambda: engine(server, len(items)),
        }
        costs: dict[str, list[Cost]] = {way: [] for way in ways}
        for way in ways.values():
            way()
        for _ in range(rounds):
            for way in random.sample(list(ways), len(ways)):
                costs[way].append(ways[way]())
        searched = searching(server, len(items))
    told = [f"{concurrency:4} at a time"]
    for way, found in costs.items():
        told.append(f"{way} {compared([cost.all for cost in found], costs['bare'])}")
        if way != "bare":
            asking = compared([cost.all - cost.scoring for cost in found], costs["bare"])
            told.append(f"of which scoring {1e6 * statistics.median(cost.scoring for cost in found):.0f} us")
            told.append(f"asking {asking}")
    print("   ".join((*told, f"search for garbage {1e6 * searched:.0f} us")), flush=True)


def compared(seconds: list[float], bare: list[Cost]) -> str:
    """The median, and in brackets that of the ratios to the load generator."""
    ratio = statistics.median(cost / least.all for cost, least in zip(seconds, bare, strict=True))
    return f"{1e6 * statistics.median(seconds):6,.0f} us ({ratio:.2f})"


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
