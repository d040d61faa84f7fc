"""A claim that is right, ten points over and ten points under, against files of each kind: the right verdict or none,
and nobody is ever accused by a file of somebody else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.verification.import_results import ImportRequest, import_results
from tests.outside.test_import_results import claim, home
from tests.outside.test_planted_results import report, trial, write
from warehouse.claim_records import Outcome, Verdict
from warehouse.claims.text.interval import read_interval
from warehouse.home import Home
from warehouse.load import save_claims

__all__ = ["home"]
MODEL = "org/model"
SHARE = 0.6


def grades(count: int) -> list[bool]:
    return [number < round(SHARE * count) for number in range(count)]


def lm_eval(to: Path) -> Path:
    scores = {"exact_match,strict-match": SHARE, "exact_match_stderr,strict-match": 0.0135}
    return write(to / "results_2026-01-01T00-00-00.1.json", {
        "results": {"gsm8k": scores}, "configs": {"gsm8k": {}}, "versions": {"gsm8k": 3}, "n-shot": {"gsm8k": 5},
        "n-samples": {"gsm8k": {"original": 1319, "effective": 1319}}, "date": 1776300000.1,
        "config": {"model": "vllm", "model_args": f"pretrained={MODEL}", "limit": None}, "model_name": MODEL,
    })  # fmt: skip


def lighteval(to: Path) -> Path:
    task = "lighteval|gsm8k|5"
    return write(to / "results_2025-06-01T10-00-00.1.json", {
        "config_general": {"max_samples": None, "lighteval_sha": "?", "model_name": MODEL},
        "results": {task: {"em": SHARE, "em_stderr": 0.0135}},
        "config_tasks": {task: {"original_num_docs": 1319, "effective_num_docs": 1319}},
    })  # fmt: skip


def first_leaderboard(to: Path) -> Path:
    scores = {"acc": 0.55, "acc_norm": SHARE, "acc_stderr": 0.0145, "acc_norm_stderr": 0.0143}
    about = {"lighteval_sha": "?", "model_name": MODEL}
    return write(to / "results_2024-06-01T10-00-00.1.json", {
        "config_general": about, "results": {"harness|arc:challenge|25": scores},
    })  # fmt: skip


def simple_evals(to: Path) -> Path:
    return write(to / "mmlu_m_20260401_101112.json", {"score": 8425 / 14042, "score:std": 0.49})


def simple_evals_pages(to: Path) -> Path:
    pages = [f"<p>Score: {float(right)}</p>" for right in grades(164)]
    content = {"score": 98 / 164, "metrics": {"score:std": 0.49}, "htmls": pages, "convos": [], "metadata": None}
    return write(to / "humaneval_m_20260401_101112_allresults.json", content)


def swebench(to: Path) -> Path:
    ids = [f"django__django-{number}" for number in range(500)]
    return write(to / "org__model.run.json", report(
        total_instances=500, submitted_instances=500, resolved_instances=300, resolved_ids=ids[:300],
        unresolved_ids=ids[300:], submitted_ids=ids, completed_ids=ids, empty_patch_ids=[], infra_failure_ids=[],
        error_ids=[], infra_failure_instances=0, error_instances=0,
    ))  # fmt: skip


def swebench_experiments(to: Path) -> Path:
    ids = [f"django__django-{number}" for number in range(300)]
    content = {"resolved": ids, "no_generation": [], "no_logs": []}
    return write(to / "verified" / "20260401_x" / "results" / "results.json", content)


def evalplus(to: Path) -> Path:
    states = {True: {"base_status": "pass", "plus_status": "pass"}, False: {"base_status": "fail"}}
    rows = {f"HumanEval/{number}": [states[right]] for number, right in enumerate(grades(164))}
    return write(to / "org--model_vllm_temp_0.0.eval_results.json", {"date": "2026-01-01 10:00", "eval": rows})


def every_eval_ever(to: Path) -> Path:
    return write(to / "a.json", {
        "schema_version": "0.3.0", "retrieved_timestamp": "1776300000", "eval_library": {"name": "lm-eval"},
        "source_metadata": {"source_organization_name": "Lab", "evaluator_relationship": "third_party"},
        "model_info": {"name": "model", "id": MODEL},
        "evaluation_results": [{
            "evaluation_name": "GSM8K", "source_data": {"dataset_name": "GSM8K"},
            "metric_config": {"metric_name": "accuracy", "metric_unit": "percent", "max_score": 100},
            "score_details": {"score": 60.0, "uncertainty": {"standard_error": {"value": 1.35}, "num_samples": 1319}},
        }],
    })  # fmt: skip


def bfcl(to: Path) -> Path:
    summary = {"accuracy": SHARE, "correct_count": 240, "total_count": 400}
    write(to / "score" / "org_model" / "BFCL_v4_simple_python_score.json", json.dumps(summary) + "\n")
    return to


def harbor(to: Path) -> Path:
    for number, right in enumerate(grades(89)):
        write(to / f"task-{number}__1" / "result.json", trial(f"task-{number}", 1, float(right)))
    return write(to / "config.json", {"datasets": [{"name": "terminal-bench", "version": "2.0"}]}).parent


READERS: list[tuple[Callable[[Path], Path], str, bool]] = [
    (lm_eval, "gsm8k", True), (lighteval, "gsm8k", True), (first_leaderboard, "arc_challenge", True),
    (simple_evals, "mmlu", True), (simple_evals_pages, "humaneval", True), (swebench, "swe_bench_verified", True),
    (swebench_experiments, "swe_bench_verified", True), (evalplus, "humaneval", True), (every_eval_ever, "gsm8k", True),
    (bfcl, "bfcl_v4_simple_python", True), (harbor, "terminal_bench_2", False),
]  # fmt: skip
"""How a file is written, its benchmark, and whether it is large enough to tell ten points."""


def verdict_on(home: Home, path: Path, benchmark: str, said: str, **settings: Any) -> Verdict:
    made = claim(MODEL, benchmark, "60", **settings)
    unit = "tok/s" if said.endswith("tok/s") else "fraction"
    save_claims(home, [made.model_copy(update={"said": said, "interval": read_interval(said, unit)})])
    (verdict,) = import_results(home, str(path), ImportRequest(release=MODEL)).verdicts
    return verdict


@pytest.mark.parametrize(("make", "benchmark", "large"), READERS, ids=lambda value: getattr(value, "__name__", None))
@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("70", Outcome.below_claim),
        pytest.param("60", Outcome.confirmed, marks=pytest.mark.long),
        pytest.param("50", Outcome.above_claim, marks=pytest.mark.long),
    ],
)
def test_ten_points(
    home: Home,
    tmp_path: Path,
    make: Callable[[Path], Path],
    benchmark: str,
    large: bool,
    said: str,
    outcome: Outcome,
) -> None:
    verdict = verdict_on(home, make(tmp_path / "files"), benchmark, said)
    assert not verdict.flagged
    assert verdict.outcome is outcome or (not large and verdict.outcome is Outcome.inconclusive)


def vllm_bench(to: Path) -> Path:
    return write(to / "v.json", {
        "date": "20260318-154232", "model_id": MODEL, "num_prompts": 100, "request_rate": "inf", "max_concurrency": 64,
        "completed": 100, "failed": 0, "duration": 10.0, "total_input_tokens": 12800, "total_output_tokens": 12800,
        "request_throughput": 10.0, "output_throughput": 1000.0,
    })  # fmt: skip


def llama_bench(to: Path, runs: int = 7) -> Path:
    speeds = [1000.0 + number % 3 for number in range(runs)]
    return write(to / "l.json", [{
        "build_commit": "a", "build_number": 8800, "gpu_info": "NVIDIA RTX 4090", "n_gpu_layers": 99, "n_prompt": 0,
        "model_filename": "model-Q4_K_M.gguf", "n_gen": 128, "n_depth": 0, "avg_ts": 1001.0, "stddev_ts": 0.8,
        "samples_ts": speeds,
    }])  # fmt: skip


def guidellm(to: Path) -> Path:
    totals = {"successful": 100, "errored": 0, "incomplete": 0, "total": 100}
    speeds = {"successful": {"mean": 1000.0, "median": 1000.0, "std_dev": 20.0, "count": 100}}
    strategy = {"strategy": {"type_": "concurrent", "streams": 64}}
    metrics = {"request_totals": totals, "output_tokens_per_second": speeds}
    content = {"metadata": {"guidellm_version": "0.5.0"}, "args": {"model": MODEL}}
    return write(to / "benchmarks.json", content | {"benchmarks": [{"config": strategy, "metrics": metrics}]})


@pytest.mark.parametrize("make", [vllm_bench, guidellm])
@pytest.mark.parametrize(
    "said", ["1400 tok/s", *(pytest.param(said, marks=pytest.mark.long) for said in ("1000 tok/s", "700 tok/s"))]
)
def test_a_published_speed_is_shown_and_decides_nothing(
    home: Home, tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    verdict = verdict_on(home, make(tmp_path / "files"), "total_throughput", said, concurrency=64)
    assert (verdict.outcome, verdict.score, verdict.flagged) == (Outcome.inconclusive, 1000.0, False)
    assert verdict.items == 1  # a hundred requests are one run
    assert "measured 1,000 tok/s" in verdict.headline and "published as one value" in verdict.headline


@pytest.mark.parametrize(
    ("said", "runs", "outcome"),
    [
        pytest.param("1000 tok/s", 7, Outcome.confirmed, marks=pytest.mark.long),
        ("1400 tok/s", 7, Outcome.below_claim),
        pytest.param("700 tok/s", 7, Outcome.above_claim, marks=pytest.mark.long),
        ("1400 tok/s", 5, Outcome.inconclusive),
    ],
)
def test_runs_of_llama_bench(home: Home, tmp_path: Path, said: str, runs: int, outcome: Outcome) -> None:
    stated = {"hardware": "RTX 4090", "quantization": "Q4_K_M"}
    verdict = verdict_on(home, llama_bench(tmp_path / "files", runs), "output_speed", said, **stated)
    assert (verdict.outcome, verdict.flagged) == (outcome, False)
