"""Building and scoring five-shot documents: the engine against `lm_eval.simple_evaluate` as shipped.

    python -m tests.benchmarks.building_speed [--items 10000] [--rounds 5]

Both get answers in no time (the right ones), so that only lm-eval's work and ours is measured: prompts, filters,
metrics, aggregation. Each round runs each side once in a process of its own, imports and data loading left out. Prints
medians of CPU seconds and the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.harness import local_tasks
from tests.harness.conftest import benchmark_of


def engine(folder: Path) -> tuple[float, float]:
    """(CPU seconds, score) of the engine's part."""
    from evaluators.harness.aggregate import measurements
    from evaluators.harness.requests import build_items
    from evaluators.harness.scoreboard import Board
    from evaluators.harness.scoring import score
    from evaluators.harness.tasks import load_tasks
    from evaluators.records import RequestKind, Response, ResponseStatus, Settings
    from evaluators.stopping import RunAll

    benchmark = benchmark_of("gsm8k", folder, "exact_match,strict-match", "exact_match,flexible-extract")
    loaded = load_tasks(benchmark)
    begun = time.process_time()
    items = build_items(loaded, Settings(shots=5))
    board = Board(len(items), RunAll())
    for item in items:
        response = Response(
            task=item.task,
            doc_id=item.doc_id,
            index=0,
            kind=RequestKind.generate,
            status=ResponseStatus.ok,
            text=item.instances[0].doc["answer"],
        )
        board.put(item.position, score(loaded.tasks[item.task], item, [response], 1, False))
    found = measurements(benchmark, loaded, items, board, 0, len(items))
    return time.process_time() - begun, found[0].score or 0.0


def shipped(folder: Path) -> tuple[float, float]:
    """(CPU seconds, score) of lm-eval."""
    import lm_eval
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    class Oracle(LM):
        def generate_until(self, requests: list[Instance]) -> list[str]:
            return [request.doc["answer"] for request in requests]

        def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
            raise NotImplementedError

    manager = TaskManager(include_path=[str(folder)], include_defaults=False)
    task = manager.load(["gsm8k"])["tasks"]["gsm8k"]
    begun = time.process_time()
    found = lm_eval.simple_evaluate(model=Oracle(), tasks=[task], task_manager=manager, num_fewshot=5)
    return time.process_time() - begun, found["results"]["gsm8k"]["exact_match,strict-match"]


def main() -> None:
    """Print the figures; with --side run one side and print its numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=["engine", "shipped"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.side:
        seconds, score = (engine if options.side == "engine" else shipped)(options.folder)
        print(f"{seconds} {score}")
        return
    found: dict[str, list[float]] = {"engine": [], "shipped": []}
    with tempfile.TemporaryDirectory() as name:
        local_tasks.gsm8k(Path(name), options.items)
        for _ in range(options.rounds):
            for side, taken in found.items():
                command = [sys.executable, "-m", "tests.benchmarks.building_speed", "--side", side, "--folder", name]
                output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
                assert float(output[-1]) == 1.0, "an oracle must get 1.00"
                taken.append(float(output[-2]))
    ours, theirs = (statistics.median(found[side]) for side in ("engine", "shipped"))
    print(f"{options.items} five-shot documents, medians of {options.rounds}, CPU seconds")
    print(f"engine {ours:.2f}   simple_evaluate as shipped {theirs:.2f}   {theirs / ours:.1f} times faster")


if __name__ == "__main__":
    main()
