"""A whole run made by lm-eval's own command line and imported gives the verdict that our own whole run gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluators.backends import ModelServer
from evaluators.catalogue import benchmark
from evaluators.harness import run_benchmark
from evaluators.harness.tasks import EVALUATORS
from evaluators.records import Artifact, Run, Settings
from flows.verification.import_results import ImportRequest, import_results, judge_imported_run
from tests.harness.conftest import artifact, server
from tests.outside.test_import_results import claim
from warehouse.claim_records import Claim, Verdict
from warehouse.home import Home
from warehouse.load import load_home, save_claims, save_criteria
from warehouse.verdicts import judge, make_criterion

__all__ = ["artifact", "server"]

MODEL = "demo/model"
STATED = {"shots": 0, "prompt": "completion", "temperature": 0.0, "repeats": 1, "metric": "exact_match", "subset": ""}


def lm_eval(server: ModelServer, out: Path) -> None:
    """The benchmark by lm-eval's command line, with its samples."""
    task = benchmark("demo_sums")
    arguments = {
        "base_url": f"{server.url}/v1/completions", "model": server.describe().model, "tokenizer_backend": "None",
        "tokenized_requests": "False", "num_concurrent": "4", "max_retries": "1",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "lm_eval", "run", "--model", "local-completions", "--tasks", "demo_sums",
        "--model_args", ",".join(f"{name}={value}" for name, value in arguments.items()),
        "--include_path", str(EVALUATORS / str(task.tasks_folder)), "--output_path", str(out), "--log_samples",
    ]  # fmt: skip
    environment = os.environ | {"OPENAI_API_KEY": server.key or "", "HF_HUB_OFFLINE": "1", "PYTHONPATH": ""}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stderr[-2000:]


def judged(home: Home, said: Claim, run: Run) -> Verdict:
    """The verdict of our own run, as a verification gives it."""
    task = benchmark("demo_sums")
    criterion = make_criterion(said, task, order_seed=run.order_seed, settings=run.settings)
    save_criteria(home, [criterion])
    key = (criterion.metric, criterion.filter)
    measurement = next(one for one in run.measurements if (one.metric, one.filter) == key)
    return judge(said, criterion, run, measurement, now=said.source.read_at, benchmark=task)


@pytest.mark.long
def test_imported_and_own_run_agree(server: ModelServer, artifact: Artifact, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    own = run_benchmark(benchmark("demo_sums"), artifact, server, Settings(), folder=home.runs)
    load_home(home)
    lm_eval(server, tmp_path / "out")
    imported = import_results(home, str(tmp_path / "out"), ImportRequest(release=MODEL)).runs[0]
    assert imported.measurements[0].items == own.measurements[0].items == 1600
    for mine in own.measurements:
        theirs = next(one for one in imported.measurements if (one.metric, one.filter) == (mine.metric, mine.filter))
        assert theirs.score == pytest.approx(mine.score, abs=1e-12)
        assert theirs.values == mine.values  # the same items in the same order
    score = 100 * (own.measurements[0].score or 0)
    claims = [
        claim(MODEL, "demo_sums", f"{score + away:.1f}", filter=kind, **STATED)
        for away in (0.0, 12.0, -12.0) for kind in ("strict-match",)
    ]  # fmt: skip
    save_claims(home, claims)
    theirs_by_claim = {verdict.claim_id: verdict for verdict in judge_imported_run(home, imported)}
    for said in claims:
        mine, theirs = judged(home, said, own), theirs_by_claim[said.claim_id]
        assert (theirs.outcome, theirs.comparability) == (mine.outcome, mine.comparability)
        assert (theirs.low, theirs.high, theirs.confidence) == (mine.low, mine.high, mine.confidence)
        assert (theirs.score, theirs.items, theirs.of) == (mine.score, mine.items, mine.of)
        assert not theirs.flagged
