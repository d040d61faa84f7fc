"""Memory of a long run: the peak of the engine's process over many items, and what one item more costs.

    python -m tests.benchmarks.memory [--items 10000 100000]

Five-shot gsm8k prompts against a small fake server, each number of items in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.harness import local_tasks
from tests.harness.conftest import benchmark_of
from tests.harness.fakes import ARTIFACT, FakeServer


def run(items: int) -> None:
    """One run; prints peak memory in MiB, seconds and the journal's rate."""
    from evaluators.harness import run_benchmark
    from evaluators.records import RunStatus, Settings

    with tempfile.TemporaryDirectory() as name, FakeServer(slots=16) as server:
        local_tasks.gsm8k(Path(name) / "tasks", items)
        benchmark = benchmark_of("gsm8k", Path(name) / "tasks", "exact_match,strict-match")
        begun = time.perf_counter()
        settings = Settings(shots=5, max_tokens=64)
        found = run_benchmark(benchmark, ARTIFACT, server, settings, folder=Path(name) / "runs", checks=False)
        assert found.status is RunStatus.finished and found.measurements[0].items == items
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.perf_counter() - begun)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--one", type=int)
    options = parser.parse_args()
    if options.one:
        run(options.one)
        return
    for items in options.items:
        command = [sys.executable, "-m", "tests.benchmarks.memory", "--one", str(items)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        print(f"{items:8} items: peak {float(output[-2]):6.0f} MiB, {items / float(output[-1]):6.0f} items/s")


if __name__ == "__main__":
    main()
