"""lighteval and the first Open LLM Leaderboard, tau-bench 1 and MCPMark's summaries, as their programs write them."""

from pathlib import Path
from typing import Any

import pytest

from evaluators.outside.read_file import read_outside_file
from evaluators.user_error import UserError
from flows.verification.import_results import ImportRequest, import_results
from tests.outside.test_import_results import claim, home
from tests.outside.test_planted_results import KEY, only, scores, write
from warehouse.claim_records import Outcome
from warehouse.home import Home
from warehouse.load import save_claims

__all__ = ["home"]
MODEL = "aerdincdal/CBDDO-LLM-8B-Instruct-v1"
FIRST = {
    "config_general": {
        "lighteval_sha": "494ee12240e716e804ae9ea834f84a2c864c07ca", "num_few_shot_default": 0, "num_fewshot_seeds": 1,
        "override_batch_size": 1, "max_samples": None, "job_id": "", "start_time": 1781075.607155059,
        "end_time": 1784655.466140587, "total_evaluation_time_secondes": "3579.858985528117", "model_name": MODEL,
        "model_sha": "84430552036c85cc6a16722b26496df4d93f3afe", "model_dtype": "torch.bfloat16",
        "model_size": "15.08 GB",
    },
    "results": {
        "harness|arc:challenge|25": {"acc": 0.4991467576791809, "acc_stderr": 0.014611369529813262,
                                     "acc_norm": 0.5460750853242321, "acc_norm_stderr": 0.014549221105171872},
        "harness|hellaswag|10": {"acc": 0.5552678749253137, "acc_stderr": 0.004959204773046207,
                                 "acc_norm": 0.7633937462656841, "acc_norm_stderr": 0.004241299341050841},
        "harness|hendrycksTest-abstract_algebra|5": {"acc": 0.35, "acc_stderr": 0.047937248544110196,
                                                     "acc_norm": 0.35, "acc_norm_stderr": 0.047937248544110196},
        "all": {"acc": 0.6, "acc_norm": 0.6},
    },
    "versions": {"harness|arc:challenge|25": 0},
}  # fmt: skip
"""A file of the first leaderboard's layout, with rows of a real one."""


def test_the_first_leaderboard(home: Home, tmp_path: Path) -> None:
    save_claims(home, [claim(MODEL, "arc_challenge", "54.6", shots=25), claim(MODEL, "hellaswag", "90", shots=0)])
    path = write(tmp_path / "results_2024-04-20T10-00-00.123456.json", FIRST)
    report = import_results(home, str(path), ImportRequest())
    found = {run.benchmark: run for run in report.runs}
    assert set(found) == {"arc_challenge", "hellaswag"}
    arc = found["arc_challenge"]
    assert {measured.metric: measured.score for measured in arc.measurements} == {
        "acc": 0.4991467576791809, "acc_norm": 0.5460750853242321,
    }  # fmt: skip
    assert (arc.settings.shots, arc.settings.prompt, arc.settings.quantization) == (25, "completion", "bf16")
    assert (arc.release.commit, str(arc.finished)[:10]) == ("84430552036c85cc6a16722b26496df4d93f3afe", "2024-04-20")
    outcomes = {verdict.claim_id: verdict for verdict in report.verdicts}
    assert not any(verdict.flagged for verdict in outcomes.values())
    assert {verdict.outcome for verdict in outcomes.values()} == {Outcome.confirmed, Outcome.not_tested}


def test_drop_of_the_first_leaderboard_is_in_doubt(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", FIRST | {"results": {"harness|drop|3": {"em": 0.01, "f1": 0.05}}})
    run = import_results(home, str(path), ImportRequest(), dry_run=True).runs[0]
    assert run.imported is not None and "cut answers of DROP" in run.imported.doubts[0]


def test_mmlu_is_the_mean_of_all_subjects_or_none(home: Home, tmp_path: Path) -> None:
    rows = {f"harness|hendrycksTest-s{number}|5": {"acc": number / 100, "acc_norm": 0.1} for number in range(57)}
    content = FIRST | {"results": rows}
    run = import_results(home, str(write(tmp_path / "a.json", content)), ImportRequest(), dry_run=True).runs[0]
    assert (run.benchmark, run.measurements[0].metric, run.settings.shots) == ("mmlu", "acc_macro", 5)
    assert run.measurements[0].score == pytest.approx(0.28)
    del rows["harness|hendrycksTest-s3|5"]
    with pytest.raises(UserError, match="knows no benchmark"):
        import_results(home, str(write(tmp_path / "a.json", content)), ImportRequest(), dry_run=True)


def test_lighteval(tmp_path: Path) -> None:
    content: dict[str, Any] = {
        "config_general": {"max_samples": None, "lighteval_sha": "?", "model_config": {
            "model_name": "org/model", "dtype": "bfloat16", "use_chat_template": True,
            "generation_parameters": {"temperature": 0.6, "top_p": 0.95, "max_new_tokens": 32768}}},
        "results": {"lighteval|gpqa:diamond|0": {"gpqa_pass@1:8_samples": 0.5, "gpqa_pass@1:8_samples_stderr": 0.03},
                    "lighteval|math_500|0": {"math_pass@1:1_samples": float("nan")}, "all": {}},
        "config_tasks": {"lighteval|gpqa:diamond": {"original_num_docs": 198, "effective_num_docs": 198}},
    }  # fmt: skip
    run = read_outside_file(write(tmp_path / "results_2025-06-01T10-00-00.1.json", content))
    result = run.results[0]
    assert (run.model, result.names[0], result.metric, result.score) == ("org/model", "gpqa_diamond", "pass@1", 0.5)
    assert (result.count, result.whole, result.limited, result.settings.repeats) == (198, 198, None, 8)
    assert (result.settings.prompt, result.settings.temperature, result.settings.max_tokens) == ("chat", 0.6, 32768)
    assert [left.reason for left in run.left_out] == ["it is no finite number"]
    content["config_general"]["max_samples"] = 10
    content["config_tasks"]["lighteval|gpqa:diamond"]["effective_num_docs"] = 10
    limited = read_outside_file(write(tmp_path / "a.json", content)).results[0]
    assert limited.limited == "first 10 of 198 items"


def tau(task: int, trial: int, reward: float, **info: Any) -> dict[str, Any]:
    policy = "# Airline Agent Policy\n\nThe current time is 2024-05-15 15:00:00 EST."
    return {"task_id": task, "trial": trial, "reward": reward, "info": info or {"source": "user"},
            "traj": [{"role": "system", "content": policy}, {"role": "assistant", "content": KEY}]}  # fmt: skip


def test_tau_bench(home: Home, tmp_path: Path) -> None:
    """A task that ended by an error has reward 0: the server's is nobody's failure, a used-up context the model's."""
    rows = [tau(task, 0, float(task % 2)) for task in range(48)]
    rows += [tau(48, 0, 0.0, error=f"litellm.InternalServerError {KEY}", traceback=""),
             tau(49, 0, 0.0, error="This model's maximum context length is 32768 tokens")]  # fmt: skip
    name = "tool-calling-gpt-4o-0.0_range_0--1_user-gpt-4o-llm_0921131646.json"
    run = only(write(tmp_path / name, rows))
    result = run.results[0]
    assert (run.model, run.scaffold, result.task, result.limited) == (
        "gpt-4o",
        "tool-calling",
        "tau_bench_airline",
        None,
    )
    assert (result.settings.judge, result.settings.temperature, result.settings.repeats) == ("gpt-4o", 0.0, 1)
    assert (result.score, result.failed) == (24 / 49, 1)
    assert (scores(result)["48#0"], scores(result)["49#0"]) == (None, 0.0)
    assert KEY not in run.model_dump_json()
    report = import_results(home, str(tmp_path / name), ImportRequest(release="openai/gpt-4o"), dry_run=True)
    assert [run.benchmark for run in report.runs] == ["tau_bench_airline"]
    part = only(write(tmp_path / name, rows[:20])).results[0]
    assert part.limited == "20 of 50 tasks"
    for broken, reason in ((rows + rows[:1], "twice"), ([*rows, tau(1, 1, 0.93)], "were changed")):
        with pytest.raises(UserError, match=reason):
            read_outside_file(write(tmp_path / name, broken))


def test_mcpmark_summaries(home: Home, tmp_path: Path) -> None:
    rates = {"total_tasks": 127, "pass@1": {"avg": 0.3701, "std": 0.01}, "pass@4": 0.5118, "pass^4": 0.2205}
    services = {name: {"org/model": rates} for name in ("filesystem", "notion", "github", "postgres", "playwright")}
    content = {"generated_at": "2026-01-02T03:04:05", "k": 4, "experiment_name": "e", "task_set": "standard",
               "overall": {"org/model": rates, "once": {"total_tasks": 127, "pass@1": {"avg": 0.2}}}}  # fmt: skip
    content |= services
    run = only(write(tmp_path / "summary.json", content))
    assert [(one.model, one.metric, one.score, one.settings.repeats) for one in run.results] == [
        ("org/model", "pass@1", 0.3701, 4), ("org/model", "pass@4", 0.5118, 4), ("org/model", "pass^4", 0.2205, 4),
        ("once", "pass@1", 0.2, 1),
    ]  # fmt: skip
    report = import_results(home, str(tmp_path / "summary.json"), ImportRequest(), dry_run=True)
    assert {measured.metric for run in report.runs for measured in run.measurements} == {"pass@1", "pass@4", "pass^4"}
    easy = only(write(tmp_path / "summary.json", content | {"task_set": "easy"})).results[0]
    assert easy.limited == "one part of the benchmark, the easy tasks"
    one = {"model_name": "m", "total_tasks": 30, "successful_tasks": 12, "success_rate": 40.0, "model_config": {}}
    result = only(write(tmp_path / "e" / "m__filesystem" / "run-1" / "summary.json", one).parent).results[0]
    assert (result.score, result.limited) == (0.4, "one part of the benchmark, the service filesystem")
