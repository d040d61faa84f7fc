"""What scoring in other processes gains where an answer takes long to score: items a second, against scoring here.

    python -m tests.benchmarks.slow_scoring [--items 500] [--rounds 3]

The 500 problems of MATH-500 (`../shared/data`), answered at once by a server of another process with the published
solutions and scored by lm-eval's own comparison of formulas, which takes some 50 ms. Each round runs both ways in turn;
the processes have to start within it. There are two where the machine has no more cores than that.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evaluators.backends import ServerOptions, open_server
from evaluators.hardware import cores
from evaluators.harness import run_benchmark
from evaluators.harness.scorers import item_scoring, scoring_processes
from evaluators.records import Settings
from tests.harness.conftest import benchmark_of
from tests.harness.fakes import ARTIFACT

DATA = Path(__file__).parents[3] / "shared" / "data" / "benchmarks" / "math500" / "math500.jsonl"
TASK = """
task: math_problems
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/problems.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{problem}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["Problem:"]}
process_results: !function scoring.process_results
metric_list:
  - {metric: math_verify, aggregation: mean, higher_is_better: true}
"""
SERVER = """
import json, sys
from tests.harness.scripted_server import ScriptedServer
solved = {p["problem"]: p["solution"] for p in map(json.loads, open(sys.argv[1]))}
def answer(body):
    text = solved.get(body["prompt"], "none")
    return {"choices": [{"index": 0, "text": text, "finish_reason": "stop"}], "usage": {"completion_tokens": 99}}
print(ScriptedServer({"/v1/completions": answer}).url, flush=True)
sys.stdin.read()
"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problems = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()][: given.items]
        (folder / "problems.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in problems))
        (folder / "math_problems.yaml").write_text(TASK.replace("FOLDER", name))
        (folder / "scoring.py").write_text("from lm_eval.tasks.minerva_math.utils import process_results\n")
        command = [sys.executable, "-c", SERVER, str(folder / "problems.jsonl")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            found = [(once(folder, url, 2 * n, 1e9), once(folder, url, 2 * n + 1, 1.0)) for n in range(given.rounds)]
            server.communicate("")
    here, there = (statistics.median(seconds) for seconds in zip(*found, strict=True))
    rates = f"scored here {len(problems) / here:.1f} items/s, by processes {len(problems) / there:.1f}"
    print(f"{len(problems)} items, {cores()} cores, load {os.getloadavg()[0]:.1f}: {rates}, {here / there:.2f} times")


def once(folder: Path, url: str, seed: int, worth: float) -> float:
    """Seconds of one run. worth: seconds of scoring that must be left for processes to start."""
    item_scoring.WORTH = worth
    scoring_processes.cores = lambda: max(3, cores())  # type: ignore[assignment]
    benchmark = benchmark_of("math_problems", folder, "math_verify,none")
    with open_server("attached", None, ServerOptions(url=url), folder) as attached:
        began = time.monotonic()
        run = run_benchmark(
            benchmark, ARTIFACT, attached, Settings(), folder=folder / "runs", order_seed=seed, checks=False
        )
        spent = time.monotonic() - began
    assert run.measurements[0].score is not None and run.measurements[0].score > 0.9, run.reason
    return spent


if __name__ == "__main__":
    main()
