"""Items whose scoring takes long are scored in other processes, with the same scores, whatever becomes of these."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet
import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.harness import run_benchmark
from evaluators.harness.scorers import item_scoring, scoring_processes
from evaluators.records import Run, RunStatus, Settings
from tests.harness.conftest import benchmark_of
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer

TASK = """
task: slow_sums
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/sums.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{a}} + {{b}} ="
doc_to_target: "{{a + b}}"
generation_kwargs: {until: ["."]}
process_results: !function scoring.compare
metric_list:
  - {metric: right, aggregation: mean, higher_is_better: true}
  - {metric: scored_by, aggregation: mean, higher_is_better: true}
"""
SCORING = """
import os
import signal
import time
from pathlib import Path

def compare(doc, results):
    began = time.thread_time()
    while time.thread_time() - began < 0.004:
        pass
    if doc["a"] == 40 and os.getpid() != int(os.environ["OWN"]) and os.environ.get("DIES"):
        os.kill(os.getpid(), signal.SIGKILL)
    if doc["a"] == 35:
        raise ValueError("no such sum")
    return {"right": float(results[0].strip() == str(doc["a"] + doc["b"])), "scored_by": os.getpid()}
"""
ITEMS = 320
ROOT = Path(__file__).parents[2]


@pytest.fixture
def scored_by_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the task, whose scoring takes long. Returns the run and its items."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "sums.jsonl").write_text("".join(f'{{"a": {a}, "b": {a % 32}}}\n' for a in range(ITEMS)))
    (folder / "slow_sums.yaml").write_text(TASK.replace("FOLDER", str(folder)))
    (folder / "scoring.py").write_text(SCORING)
    monkeypatch.setenv("OWN", str(os.getpid()))

    def answer(body: Any) -> Any:
        a = int(body["prompt"].split("+")[0])
        text = f" {a + a % 32}" if a % 7 else " none"
        return {"choices": [{"index": 0, "text": text, "finish_reason": "stop"}], "usage": {"completion_tokens": 3}}

    server = ScriptedServer({"/v1/completions": answer})

    def run() -> tuple[Run, list[dict[str, Any]]]:
        monkeypatch.setattr(item_scoring, "WORTH", 0.1)
        monkeypatch.setattr(scoring_processes, "cores", lambda: 3)
        benchmark = benchmark_of("slow_sums", folder, "right,none", "scored_by,none")
        with open_server("attached", None, ServerOptions(url=server.url), tmp_path) as attached:
            done = run_benchmark(benchmark, ARTIFACT, attached, Settings(), folder=tmp_path / "runs", checks=False)
        return done, pyarrow.parquet.read_table(tmp_path / "runs" / done.run_id / "items.parquet").to_pylist()

    return run


def check(run: Run, rows: list[dict[str, Any]]) -> None:
    """The run and its items are as if they had been scored one after the other."""
    right = {row["doc_id"]: row["value"] for row in rows if row["metric"] == "right"}
    assert right == {a: None if a == 35 else float(a % 7 > 0) for a in range(ITEMS)}
    assert run.status is RunStatus.finished and run.measurements[0].items == ITEMS
    assert run.checks["scoring"].startswith("1 items cannot be scored, e.g. slow_sums document 35: ValueError: no such")


def test_slow_items_are_scored_by_other_processes(scored_by_processes: Any) -> None:
    run, rows = scored_by_processes()
    check(run, rows)
    scorers = {row["value"] for row in rows if row["metric"] == "scored_by" and row["value"] is not None}
    assert os.getpid() in scorers and len(scorers) > 1, "the first here, the others there"


def test_nothing_is_lost_when_a_scoring_process_is_killed(
    scored_by_processes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIES", "1")
    check(*scored_by_processes())


KILLED = """
import os, signal, sys
from evaluators.harness.requests import build_items
from evaluators.harness.scorers.scoring_processes import ScoringProcesses
from evaluators.harness.tasks import load_tasks
from evaluators.records import Settings
from tests.harness.conftest import FEW_SUMS
if __name__ == "__main__":
    [item, *_] = build_items(load_tasks(FEW_SUMS), Settings())
    processes = ScoringProcesses(FEW_SUMS, False, 1, False)
    processes.submit(item, ()).exception()
    print(*processes._executor._processes, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.long
def test_no_scoring_process_outlives_a_run_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True, check=False)
    started = [psutil.Process(int(number)) for number in killed.stdout.split() if psutil.pid_exists(int(number))]
    assert killed.returncode == -signal.SIGKILL and killed.stdout.split()
    assert not psutil.wait_procs(started, timeout=20)[1]
