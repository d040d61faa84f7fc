"""What mini-swe-agent and swebench leave in a folder, read as items; shapes of both as version 2.4.6 and 5.0.2 write
them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.outside.harnesses.harness import HarnessMissing
from evaluators.outside.harnesses.harness_environment import harness_environment
from evaluators.outside.harnesses.small_repositories import build_repositories
from evaluators.outside.harnesses.swebench_data import local_instances
from evaluators.outside.harnesses.swebench_items import fix_predictions, read_instances
from evaluators.outside.outside_records import OutsideItem
from evaluators.records import ItemStatus
from evaluators.user_error import UserError
from flows.verification.failures import failure_reason

GRADED = {"box": True, "patch_successfully_applied": True, "resolved": True, "infra_failure": False}


def lay(folder: Path, name: str, exit_status: str | None, patch: str | None, grade: Any = None, **info: Any) -> None:
    """The files of one instance."""
    if exit_status is not None:
        told = {"exit_status": exit_status, "submission": patch, "model_stats": {"api_calls": 3}, **info}
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        message = {"role": "assistant", "extra": {"response": {"usage": usage}, "timestamp": 5.0}}
        content = {"info": told, "messages": [message, message], "trajectory_format": "mini-swe-agent-1.1"}
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.traj.json").write_text(json.dumps(content))
    if patch is not None:
        path = folder / "preds.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        known[name] = {"model_name_or_path": "m", "instance_id": name, "model_patch": patch}
        path.write_text(json.dumps(known))
    if grade is not None:
        (folder / "grades" / name).mkdir(parents=True)
        (folder / "grades" / name / "report.json").write_text(json.dumps(grade))


def read(folder: Path) -> dict[str, OutsideItem]:
    return {item.id: item for item in read_instances(folder)}


def test_what_the_model_did_is_a_score_and_what_the_infrastructure_did_is_none(tmp_path: Path) -> None:
    lay(tmp_path, "solved", "Submitted", "diff", GRADED)
    lay(tmp_path, "wrong", "Submitted", "diff", GRADED | {"resolved": False})
    lay(tmp_path, "no_patch", "Submitted", "")
    lay(tmp_path, "too_long", "LimitsExceeded", "")
    lay(tmp_path, "too_slow", "TimeExceeded", "")
    lay(tmp_path, "no_calls", "RepeatedFormatError", "")
    lay(tmp_path, "no_context", "ContextWindowExceededError", "")
    lay(tmp_path, "server", "InternalServerError", "", exception_str="500 api_key=abcdefgh1234")
    lay(tmp_path, "no_box", "Submitted", "diff", GRADED | {"box": False, "resolved": False})
    lay(tmp_path, "no_python", "Submitted", "diff", GRADED | {"infra_failure": True, "infra_failure_reason": "why"})
    lay(tmp_path, "no_start", None, "")
    lay(tmp_path, "not_graded_yet", "Submitted", "diff")
    found = read(tmp_path)
    zeros = ("wrong", "no_patch", "too_long", "too_slow", "no_calls", "no_context")
    assert {name: item.score for name, item in found.items() if item.score is not None} == {
        "solved": 1.0,
        **dict.fromkeys(zeros, 0.0),
    }
    assert {name for name, item in found.items() if item.status is ItemStatus.failed} == {
        *("server", "no_box", "no_python", "no_start"),
    }
    assert found["no_calls"].status is ItemStatus.unextracted
    assert found["no_context"].status is ItemStatus.truncated
    assert found["too_slow"].status is ItemStatus.timed_out, "how fast the machine is decides it"
    assert "not_graded_yet" not in found
    assert (found["solved"].turns, found["solved"].tokens_in, found["solved"].tokens_out) == (3, 200, 20)
    assert "abcdefgh1234" not in str(found["server"].error)
    assert str(found["server"].error).startswith("InternalServerError")


def test_a_control_has_grades_only(tmp_path: Path) -> None:
    lay(tmp_path, "one", None, None, GRADED)
    lay(tmp_path, "two", None, None, GRADED | {"resolved": False})
    assert {name: item.score for name, item in read(tmp_path).items()} == {"one": 1.0, "two": 0.0}


def test_predictions_torn_by_a_kill_are_mended_from_the_trajectories(tmp_path: Path) -> None:
    """The agent skips what preds.json names: finished ones must stay there, failed ones must not."""
    lay(tmp_path, "done", "Submitted", "diff")
    lay(tmp_path, "server", "APIConnectionError", "")
    (tmp_path / "preds.json").write_text('{"done": {"model_pat')
    fix_predictions(tmp_path)
    assert {name: one["model_patch"] for name, one in json.loads((tmp_path / "preds.json").read_text()).items()} == {
        "done": "diff"
    }
    lay(tmp_path, "ended", "LimitsExceeded", None)
    lay(tmp_path, "never_started", None, "")
    fix_predictions(tmp_path)
    assert set(json.loads((tmp_path / "preds.json").read_text())) == {"done", "ended"}
    fix_predictions(tmp_path / "empty")
    assert not (tmp_path / "empty").exists()


def test_the_demo_repairs_are_the_same_everywhere_and_their_patches_apply(tmp_path: Path) -> None:
    found = local_instances(benchmark("demo_repairs"), tmp_path)
    assert len(found.rows) == benchmark("demo_repairs").items == 20
    # the commits are made of text, fixed dates and fixed modes
    assert found.version == "sha256:d8997e257d5711c1e22519630372a21f316588eb5477823894dca984c9075df2"
    for name, row in found.rows.items():
        place = found.folder / "repositories" / name
        for patch in (row["patch"], row["test_patch"]):
            subprocess.run(["git", "apply", "--check", "-"], input=patch, text=True, cwd=place, check=True)
    again = local_instances(benchmark("demo_repairs"), tmp_path)
    assert again.folder == found.folder


def test_data_that_is_not_there_or_not_whole_is_one_clear_line(tmp_path: Path) -> None:
    plain = benchmark("demo_repairs")
    with pytest.raises(UserError, match="give its entry a data_folder"):
        local_instances(plain.model_copy(update={"data_folder": None}), tmp_path)
    own = plain.model_copy(update={"data_folder": str(tmp_path)})
    with pytest.raises(UserError, match=r"test\.jsonl cannot be read"):
        local_instances(own, tmp_path)
    for content, words in (
        ("[1", "no JSON object"),
        ('{"instance_id": "a"}', "lacks repo"),
        ("", "has no instances"),
    ):
        (tmp_path / "test.jsonl").write_text(content)
        with pytest.raises(UserError, match=words):
            local_instances(own, tmp_path)
    (tmp_path / "repositories.yaml").write_text(
        "- {name: a, file: a.py, problem: p, content: x, good: y, bad: z, tests: {}, shows: {}}"
    )
    with pytest.raises(UserError, match="exactly once"):
        build_repositories(tmp_path / "repositories.yaml", tmp_path / "made")


def test_an_entry_of_the_users_own_finds_its_data_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path))
    (tmp_path / "catalogue").mkdir()
    entry = {"name": "my_repairs", "title": "My Repairs", "evaluator": "outside", "harness": "mini-swe-agent"}
    entry |= {"scores": [{"metric": "resolved"}], "items": 1, "data_folder": "repairs"}
    (tmp_path / "catalogue" / "my_repairs.yaml").write_text(json.dumps(entry))
    with pytest.raises(UserError, match="correct data_folder"):
        benchmark("my_repairs")
    (tmp_path / "catalogue" / "repairs").mkdir()
    assert benchmark("my_repairs").data_folder == str(tmp_path / "catalogue" / "repairs")


def test_what_a_harness_lacks_is_a_reason_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(HarnessMissing) as raised:
        local_instances(benchmark("demo_repairs").model_copy(update={"data_folder": None}), tmp_path)
    assert failure_reason(raised.value, tmp_path, "Demo Repairs")[0] == "dataset_missing"
    with pytest.raises(HarnessMissing) as raised:
        harness_environment(tmp_path, "small", "1", ["small==1"], python="9.9")
    assert failure_reason(raised.value, tmp_path, "Demo Repairs") == (
        "tools_missing",
        "this harness needs Python 9.9, which is not installed; install python9.9",
    )
