"""Layouts of other versions, as real files have them, and folders that hold several things."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from evaluators.outside.formats import lm_eval_samples
from evaluators.outside.read_file import read_outside_file
from evaluators.outside.read_outside import read_outside
from evaluators.user_error import UserError
from flows.verification.import_results import ImportRequest, import_results
from tests.outside.test_hostile_results import INSPECT
from tests.outside.test_import_results import claim, home, lm_eval_files
from tests.outside.test_planted_results import KEY, only, scores, write
from warehouse.claim_records import Outcome
from warehouse.home import Home
from warehouse.load import save_claims

__all__ = ["home"]


def test_bfcl_v3_numbers_its_failures(tmp_path: Path) -> None:
    """Until v3 the `id` of a failure is its number; only its prompt has the id that the answers have."""
    wrong = [{"id": number, "valid": False, "error_type": "x", "prompt": {"id": f"live_relevance_{number}-0"}}
             for number in (2, 3)]  # fmt: skip
    lines = [{"accuracy": 0.5, "correct_count": 2, "total_count": 4}, *wrong]
    answers = [{"id": f"live_relevance_{number}-0", "result": "f()"} for number in range(4)]
    for kind, rows in (("result", answers), ("score", lines)):
        write(tmp_path / kind / "gpt" / f"BFCL_v3_live_relevance_{kind}.json", "\n".join(map(json.dumps, rows)))
    assert list(scores(only(tmp_path).results[0]).values()) == [1.0, 1.0, 0.0, 0.0]


def tb_trial(name: str, resolved: bool | None, mode: str) -> dict[str, Any]:
    return {"task_id": name, "trial_name": f"{name}.1-of-1", "is_resolved": resolved, "failure_mode": mode,
            "trial_started_at": "2025-08-10T05:27:18+00:00", "trial_ended_at": "2025-08-10T05:33:26+00:00"}  # fmt: skip


def test_terminal_bench_1(tmp_path: Path) -> None:
    rows = [tb_trial("a", True, "unset"), tb_trial("b", False, "unset"), tb_trial("c", None, "agent_timeout"),
            tb_trial("d", None, "test_timeout"), tb_trial("e", False, "agent_installation_failed")]  # fmt: skip
    write(tmp_path / "results.json", {"id": "x", "results": rows})
    write(tmp_path / "a" / "a.1-of-1" / "results.json", rows[0])
    assert only(tmp_path).results[0].task == "tasks of tb"  # the file does not say which tasks these are
    write(tmp_path / "run_metadata.json", {"dataset_name": "terminal-bench-core", "dataset_version": "0.1.1",
                                           "agent_name": "terminus", "model_name": "org/model"})  # fmt: skip
    run = only(tmp_path)
    result = run.results[0]
    assert (run.model, run.scaffold, result.task) == ("org/model", "terminus", "Terminal-Bench")
    assert list(scores(result).values()) == [1.0, 0.0, 0.0, None, None]
    assert (result.limited, result.score, result.failed) == ("5 of 80 tasks", pytest.approx(1 / 3), 2)


def test_inspect_says_how_many_were_run(tmp_path: Path) -> None:
    log = json.loads(json.dumps(INSPECT))
    del log["eval"]["dataset"]["sample_ids"], log["samples"]
    log["eval"]["dataset"]["samples"] = 100
    for limit, completed, limited in ((1, 1, "1 of 100 items"), ([10, 30], 20, "20 of 100 items"), (None, 60, None)):
        log["eval"]["config"]["limit"] = limit
        log["results"] |= {"total_samples": 100, "completed_samples": completed}
        result = read_outside_file(write(tmp_path / "log.json", log)).results[0]
        assert (result.limited, result.count, result.whole) == (limited, completed, 100)


def test_inspect_reducers_and_version_1(tmp_path: Path) -> None:
    """What a reducer made of several epochs is no accuracy; version 1 had one scorer and one score a sample."""
    log = json.loads(json.dumps(INSPECT))
    log["eval"]["config"]["epochs"] = 5
    log["results"]["scores"] = [
        {"name": "match", "reducer": reducer, "metrics": {"accuracy": {"value": 0.9}}}
        for reducer in ("pass_at_5", "mode")
    ]
    run = read_outside_file(write(tmp_path / "log.json", log))
    assert [(one.metric, one.items) for one in run.results] == [("pass@5", ()), ("mode", ())]
    old = json.loads(json.dumps(INSPECT))
    old |= {"version": 1, "results": {"scorer": {"name": "match"}, "metrics": {"accuracy": {"value": 1.0}}}}
    old["samples"][0]["score"] = old["samples"][0].pop("scores")["match"]
    result = read_outside_file(write(tmp_path / "old.json", old)).results[0]
    assert (result.metric, result.filter, result.score, scores(result)) == ("accuracy", "match", 1.0, {"1#0": 1.0})


@pytest.mark.parametrize("program", ["vllm bench serve", "sglang bench_serving"])
def test_a_throughput_under_a_given_load(home: Home, tmp_path: Path, program: str) -> None:
    """One request a second gives few tokens a second whatever the server can do: shown, not judged."""
    more = {"mean_e2e_latency_ms": 900.0} if program.startswith("sglang") else {}
    one = {
        "model_id": "org/model", "backend": "vllm", "num_prompts": 100, "completed": 100, "total_input_tokens": 51200,
        "total_output_tokens": 12800, "request_throughput": 0.9, "output_throughput": 115.0, "mean_ttft_ms": 50.0,
    }  # fmt: skip
    for rate, limited in ((1.0, "a load of 1 requests a second"), ("inf", None), (float("inf"), None)):
        run = read_outside_file(write(tmp_path / "a.json", one | more | {"request_rate": rate}))
        assert run.harness == program
        assert {each.task: each.limited for each in run.results} == {
            "total_throughput": limited, "time_to_first_token": None,
        }  # fmt: skip


def test_a_folder_with_several_things_loses_none(tmp_path: Path) -> None:
    """A foreign `meta.json` or `preds.json` hides nothing, and what lies in a folder of one program is named."""
    lm_eval_files(tmp_path / "lm", [True] * 1319)
    write(tmp_path / "lm" / "meta" / "meta.json", {"name": "a server"})
    write(tmp_path / "lm" / "preds.json", {"a.jpg": [1, 2]})
    runs, left = read_outside(tmp_path / "lm")
    assert [run.format for run in runs] == ["lm-eval results"] and len(runs[0].results[0].items) == 1319
    assert {Path(one.place).name for one in left} == {"meta.json", "preds.json"}
    write(tmp_path / "score" / "m" / "BFCL_v4_multiple_score.json", json.dumps({"accuracy": 0.5, "total_count": 4}))
    runs, left = read_outside(tmp_path)
    assert [run.format for run in runs] == ["BFCL scores"]
    named = {Path(one.place).name.partition("_")[0]: one.reason for one in left}
    assert set(named) == {"results", "samples"} and "import it by itself" in named["results"]


def test_samples_without_their_results_are_read(tmp_path: Path) -> None:
    next((lm_eval_files(tmp_path, [True] * 20)).parent.glob("results_*")).unlink()
    runs, left = read_outside(tmp_path)
    assert [run.format for run in runs] == ["lm-eval samples"] and not left


@pytest.mark.long
def test_two_runs_and_two_models_in_one_folder(home: Home, tmp_path: Path) -> None:
    """Each run is its own, of the model that its file names."""
    save_claims(home, [claim("org/model", "gsm8k", "80"), claim("org/other", "gsm8k", "80")])
    for name, share in (("a", 5), ("b", 4), ("other", 10)):
        path = lm_eval_files(tmp_path / "all" / name, [number % share > 0 for number in range(1319)])
        content = json.loads(path.read_text())
        content["config"]["model_args"] = {"model": "org/other" if name == "other" else "org/model"}
        write(path, content)
    report = import_results(home, str(tmp_path / "all"), ImportRequest())
    assert sorted(run.release.model for run in report.runs) == ["org/model", "org/model", "org/other"]
    assert len({run.run_id for run in report.runs}) == 3 and not any(one.flagged for one in report.verdicts)
    assert any(one.outcome is not Outcome.not_tested for one in report.verdicts)


def test_packed_files_are_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "results.json.gz").write_bytes(gzip.compress(b'{"results": {}}'))
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as file:
        file.writestr("../../evil.json", "{}")
    for name in ("results.json.gz", "results.zip"):
        with pytest.raises(UserError, match="is a packed file; unpack it"):
            read_outside(tmp_path / name)
    assert not (tmp_path.parent / "evil.json").exists()


def test_mcpmark_of_the_first_versions(tmp_path: Path) -> None:
    """Their `error_message` holds what the verification found (the model's failure), or what the pipeline did."""
    for name, success, error in (
        ("t1", True, None),
        ("t2", False, "| CSV validation failed: | Header format mismatch, expected: 'Title, Rating'"),
        ("t3", False, "MCP Network Error"),
        ("t4", False, "Agent timed out"),
    ):
        write(tmp_path / "m__fs" / "run-1" / name / "meta.json", {
            "task_name": name, "model_name": "m", "mcp": "filesystem",
            "execution_result": {"success": success, "error_message": error}})  # fmt: skip
    assert list(scores(only(tmp_path).results[0]).values()) == [1.0, 0.0, None, 0.0]


def test_evalplus_of_the_first_versions(tmp_path: Path) -> None:
    """Until 0.2: `base` and `plus`, each a list of (state, tests)."""
    grades = {
        "HumanEval/0": {"nfiles": 1, "base": [["success", [True]]], "plus": [["success", [True]]]},
        "HumanEval/1": {"nfiles": 1, "base": [["success", [True]]], "plus": [["failed", [False]]]},
        "HumanEval/2": {"nfiles": 1, "base": [["timeout", []]], "plus": [["timeout", []]]},
    }
    run = only(write(tmp_path / "m_temp_0.0_eval_results.json", {"date": "2023-06-01 10:00", "eval": grades}))
    assert [(one.task, one.score) for one in run.results] == [("HumanEval", 2 / 3), ("HumanEval+", 1 / 3)]


def test_secrets_in_the_name_of_a_model(tmp_path: Path) -> None:
    path = lm_eval_files(tmp_path, [True] * 20)
    content = json.loads(path.read_text())
    content["config"]["model_args"] = f"pretrained=org/model,peft=https://me:{KEY}@host/adapter"
    run = read_outside_file(write(path, content))
    assert run.model is not None and run.model.startswith("org/model with peft https://")
    assert KEY not in run.model_dump_json()


def test_a_million_samples_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by the number of grades, not only by the size of the file."""
    samples = next((lm_eval_files(tmp_path, [True] * 20)).parent.glob("samples_*"))
    monkeypatch.setattr(lm_eval_samples, "MOST_SAMPLES", 39)
    with pytest.raises(UserError, match="holds more than 39 grades, too many at once; split it"):
        read_outside_file(samples)
    monkeypatch.setattr(lm_eval_samples, "MOST_SAMPLES", 40)
    assert len(read_outside_file(samples).results) == 2
