"""The catalogue against lm-eval, and entries of a user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from evaluators.catalogue import BY_NAME, FOLDER, NOT_RUNNABLE, Benchmark, catalogue
from evaluators.harness.check_catalogue import check_entry
from flows.cli import run_command

RUNNABLE = [entry for entry in catalogue().values() if entry.evaluator == "lm-eval" and not entry.cannot_run]


@pytest.mark.parametrize(
    "entries", [RUNNABLE[::8], pytest.param(RUNNABLE, marks=pytest.mark.long)], ids=["an eighth", "all"]
)
def test_every_runnable_entry_says_what_lm_eval_says(entries: list[Benchmark]) -> None:
    assert len(RUNNABLE) > 60
    wrong = {
        entry.name: [f"{line.what}: {line.text}" for line in check_entry(entry) if line.state == "wrong"]
        for entry in entries
    }
    assert not {name: lines for name, lines in wrong.items() if lines}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"task": "gsm8k_of_nobody"}, "task"),
        ({"output": "multiple_choice"}, "output"),
        ({"scores": [{"metric": "acc", "filter": "strict-match"}]}, "score acc,strict-match"),
        ({"scores": [{"metric": "exact_match", "filter": "lenient"}]}, "score exact_match,lenient"),
    ],
)
def test_an_entry_that_is_wrong_is_found(changes: dict[str, object], what: str) -> None:
    gsm8k = catalogue()["gsm8k"]
    changed = type(gsm8k).model_validate(gsm8k.model_dump() | changes)
    assert [line.what for line in check_entry(changed) if line.state == "wrong"] == [what]


def test_items_are_counted_where_the_data_are_here() -> None:
    sums = catalogue()["demo_sums"]
    [items] = [line for line in check_entry(sums, data=True) if line.what == "items"]
    assert items.state == "ok"
    [items] = [line for line in check_entry(sums.model_copy(update={"items": 7}), data=True) if line.what == "items"]
    assert items.state == "wrong"


def test_what_cannot_run_lies_in_one_file_with_its_reason() -> None:
    entries = yaml.safe_load((FOLDER / NOT_RUNNABLE).read_text(encoding="utf-8"))
    assert all(entry["cannot_run"] for entry in entries)
    named = yaml.safe_load((FOLDER / BY_NAME).read_text(encoding="utf-8"))
    cannot_run = {entry["name"] for entry in entries}
    assert not (cannot_run | named.keys()) & {path.stem for path in FOLDER.glob("*.yaml")}
    assert not cannot_run & named.keys()
    assert all(
        catalogue()[path.stem].evaluator != "none"
        for path in FOLDER.glob("*.yaml")
        if path.name not in (NOT_RUNNABLE, BY_NAME)
    )


def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """A home with one benchmark of the user's, its task and two items beside it."""
    folder = tmp_path / "home" / "catalogue"
    tasks = folder / "my_task"
    tasks.mkdir(parents=True)
    rows = [{"question": f"{n} + {n} =", "answer": str(2 * n)} for n in range(2)]
    (tasks / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {
        "task": "my_sums", "dataset_path": "json", "test_split": "train", "output_type": "generate_until",
        "dataset_kwargs": {"data_files": str(tasks / "items.jsonl")},
        "doc_to_text": "{{question}}", "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": ["\n"], "max_gen_toks": 8},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }  # fmt: skip
    (tasks / "my_sums.yaml").write_text(yaml.safe_dump(task))
    entry = {
        "name": "my_sums", "title": "My Sums", "evaluator": "lm-eval", "task": "my_sums", "tasks_folder": "my_task",
        "output": "generate_until", "items": 2, "scores": [{"metric": "exact_match", "filter": "none"}],
    } | changes  # fmt: skip
    (folder / "my_sums.yaml").write_text(yaml.safe_dump(entry))
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))


def test_a_users_own_entry_is_listed_shown_and_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own_home(tmp_path, monkeypatch)
    assert run_command(["benchmarks", "list", "my sums", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["my_sums"]
    assert run_command(["benchmarks", "show", "my_sums"]) == 0
    assert "My Sums" in capsys.readouterr().out
    assert run_command(["benchmarks", "check", "my_sums", "--data", "--json"]) == 0
    assert {line["what"]: line["state"] for line in json.loads(capsys.readouterr().out)["my_sums"]}["items"] == "ok"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"output": "loglikelihoods"}, "output: Input should be"),
        ({"name": "other"}, "name the file other.yaml"),
        ({"tasks_folder": "nowhere"}, "correct tasks_folder"),
        ({"colour": "red"}, "colour: Extra inputs"),
    ],
)
def test_a_users_broken_entry_is_one_line_that_names_the_file(
    tmp_path: Path, changes: dict, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own_home(tmp_path, monkeypatch, **changes)
    assert run_command(["benchmarks", "list"]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1 and "my_sums.yaml" in told and words in told
