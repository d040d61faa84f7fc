"""What a slow machine, a short context or a server without parsers brings about is never a plain zero of the model: in
every harness's own files such an item is a bound of the score, a solved one stays solved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.outside.formats.inspect_logs import inspect_items
from evaluators.outside.outside_records import OutsideItem
from tests.outside.test_hostile_results import INSPECT
from tests.outside.test_planted_results import only


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def items_of(path: Path) -> dict[str, tuple[float | None, str]]:
    items: tuple[OutsideItem, ...] = only(path).results[0].items
    return {item.id: (item.score, item.status.value) for item in items}


def test_tau2(tmp_path: Path) -> None:
    def ended(reason: str, reward: float = 0.0) -> dict[str, Any]:
        return {"task_id": f"{reason} {reward:g}", "trial": 0, "reward_info": {"reward": reward},
                "termination_reason": reason, "messages": [{"role": "assistant"}]}  # fmt: skip

    reasons = ("user_stop", "max_steps", "judge_stop", "timeout", "agent_error", "user_error")
    content = {"info": {}, "tasks": [{}], "simulations": [*map(ended, reasons), ended("user_stop", 1.0)]}
    assert items_of(write(tmp_path / "a.json", content)) == {
        "user_stop 1": (1.0, "ok"),
        "user_stop 0": (0.0, "ok"),
        "max_steps 0": (0.0, "ok"),
        "judge_stop 0": (0.0, "ok"),
        "timeout 0": (0.0, "timed_out"),
        "agent_error 0": (0.0, "unextracted"),
        "user_error 0": (None, "failed"),
    }


def test_harbor(tmp_path: Path) -> None:
    for number, (error, reward) in enumerate((
        ("AgentTimeoutError", 0.0), ("AgentTimeoutError", 1.0), ("ContextLengthExceededError", None),
        ("OutputLengthExceededError", 0.0), ("MaxTurnsExceededError", 0.0), ("VerifierTimeoutError", None),
    )):  # fmt: skip
        write(tmp_path / f"t{number}" / "result.json", {
            "task_name": f"t{number}", "trial_name": f"t{number}__1", "exception_info": {"exception_type": error},
            "verifier_result": None if reward is None else {"rewards": {"reward": reward}}})  # fmt: skip
    assert list(items_of(tmp_path).values()) == [
        (0.0, "timed_out"), (1.0, "ok"), (0.0, "truncated"), (0.0, "truncated"), (0.0, "ok"), (None, "failed"),
    ]  # fmt: skip


def test_terminal_bench_1(tmp_path: Path) -> None:
    rows = [
        {"task_id": mode, "trial_name": f"{mode}.1", "is_resolved": solved, "failure_mode": mode}
        for mode, solved in (("unset", False), ("agent_timeout", False), ("context_length_exceeded", False),
                             ("fatal_llm_parse_error", False), ("test_timeout", False), ("none", True))
    ]  # fmt: skip
    assert items_of(write(tmp_path / "results.json", {"id": "x", "results": rows})) == {
        "unset": (0.0, "ok"),
        "agent_timeout": (0.0, "timed_out"),
        "context_length_exceeded": (0.0, "truncated"),
        "fatal_llm_parse_error": (0.0, "unextracted"),
        "test_timeout": (None, "failed"),
        "none": (1.0, "ok"),
    }


def test_mcpmark(tmp_path: Path) -> None:
    for name, error in (("a", None), ("b", "Agent timed out"), ("c", "context length exceeded"), ("d", "max turns")):
        told = {"success": False, "error_message": error, "verification_error": None}
        record = {"task_name": name, "model_name": "m", "mcp": "filesystem", "execution_result": told}
        write(tmp_path / "m__fs" / "run-1" / name / "meta.json", record)
    statuses = [status for _, status in items_of(tmp_path).values()]
    assert statuses == ["ok", "timed_out", "truncated", "ok"]


def test_mini_swe_agent(tmp_path: Path) -> None:
    ends = ("Submitted", "LimitsExceeded", "TimeExceeded", "RepeatedFormatError", "ContextWindowExceededError", "Api")
    for name in ends:
        content = {"info": {"exit_status": name, "submission": "diff"}, "messages": [], "instance_id": name}
        write(tmp_path / name / f"{name}.traj.json", content)
    report = {
        "total_instances": len(ends), "resolved_instances": 1, "resolved_ids": ["Submitted"],
        "unresolved_ids": list(ends[1:]), "submitted_ids": list(ends), "submitted_instances": len(ends),
    }  # fmt: skip
    write(tmp_path / "report.json", report)
    assert items_of(tmp_path) == {
        "Submitted": (1.0, "ok"),
        "LimitsExceeded": (0.0, "ok"),
        "TimeExceeded": (0.0, "timed_out"),
        "RepeatedFormatError": (0.0, "unextracted"),
        "ContextWindowExceededError": (0.0, "truncated"),
        "Api": (None, "failed"),
    }


def test_evalplus_and_livecodebench(tmp_path: Path) -> None:
    states = ("pass", "fail", "timeout")
    grades = {f"HumanEval/{name}": [{"base_status": name, "plus_status": "pass"}] for name in states}
    assert list(items_of(write(tmp_path / "m_eval_results.json", {"eval": grades, "hash": "ab"})).values()) == [
        (1.0, "ok"), (0.0, "ok"), (0.0, "timed_out"),
    ]  # fmt: skip
    rows = [
        {"question_id": code, "contest_date": "2024-01-01", "code_list": ["x"], "graded_list": [code == "0"],
         "metadata": [json.dumps({"error_code": int(code)})]}
        for code in ("0", "-2", "-3", "-32")
    ]  # fmt: skip
    path = write(tmp_path / "m" / "Scenario.codegeneration_1_0.2_eval_all.json", rows)
    assert [status for _, status in items_of(path).values()] == ["ok", "ok", "timed_out", "ok"]


@pytest.mark.parametrize("told", [str, lambda kind: {"type": kind, "limit": 30}])
def test_inspect(tmp_path: Path, told: Any) -> None:
    log = json.loads(json.dumps(INSPECT))
    kinds = (("time", "I"), ("working", "I"), ("context", "I"), ("token", "I"), ("time", "C"))
    log["samples"] = [
        {"id": number, "epoch": 1, "limit": told(kind), "scores": {"match": {"value": value}}}
        for number, (kind, value) in enumerate(kinds)
    ]
    statuses = [status for _, status in items_of(write(tmp_path / "log.json", log)).values()]
    assert statuses == ["timed_out", "timed_out", "truncated", "ok", "ok"]
    assert list(inspect_items(tmp_path / "none.eval", "match")) == []


def test_swebench_errors_are_bounds(tmp_path: Path) -> None:
    """An error of the evaluation is no answer of the model: images that were not built, patches that do not apply."""
    names = ("right", "wrong", "error", "late", "no_module", "broken")
    ids = {name: f"django__django-{number}" for number, name in enumerate(names)}
    content = {
        "total_instances": 6, "submitted_instances": 6, "resolved_instances": 1, "error_instances": 3,
        "infra_failure_instances": 1, "resolved_ids": [ids["right"]],
        "unresolved_ids": [ids["wrong"], ids["no_module"]],
        "error_ids": [ids["error"], ids["late"], ids["broken"]], "infra_failure_ids": [ids["broken"]],
        "ambiguous_failure_ids": [ids["late"], ids["no_module"]], "submitted_ids": list(ids.values()),
        "failure_reasons": {ids["late"]: "tests_timed_out", ids["no_module"]: "missing_module"},
    }  # fmt: skip
    found = items_of(write(tmp_path / "m.first.json", content))
    assert {name: found[ids[name]] for name in names} == {
        "right": (1.0, "ok"),
        "wrong": (0.0, "ok"),
        "error": (0.0, "unextracted"),
        "late": (0.0, "timed_out"),
        "no_module": (0.0, "unextracted"),
        "broken": (None, "failed"),
    }
    listed = {"resolved": [ids["right"]], "no_generation": [ids["wrong"]], "no_logs": [ids["error"]]}
    assert items_of(write(tmp_path / "older.json", listed))[ids["error"]] == (0.0, "unextracted")
