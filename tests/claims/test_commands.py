"""`claimcheck claims ...` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli import run_command

CARD = "# Odd-7B\n\n| Benchmark | Odd-7B |\n|---|---|\n| MMLU | 70.1 |\n| Newest Bench | 12.5 |\n| GSM8K | 185% |\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    return tmp_path


def claims(*arguments: str) -> int:
    return run_command(["claims", *arguments])


def test_import_list_show_export(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "card.md").write_text(CARD)
    assert claims("import", str(home / "card.md")) == 2
    assert "--model" in capsys.readouterr().err
    assert claims("import", str(home / "card.md"), "--model", "maker/Odd-7B") == 0
    said = capsys.readouterr().out
    assert "2 new claims" in said
    assert "unknown benchmark: Newest Bench" in said
    assert "line 7: GSM8K: 185%" in said
    assert claims("list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["benchmark"], row["said"]) for row in rows] == [(None, "12.5"), ("mmlu", "70.1")]
    assert claims("show", rows[1]["claim_id"][:10]) == 0
    assert "line 5, column 2" in capsys.readouterr().out
    assert claims("export", str(home / "out.csv")) == 0
    assert "2 claims written" in capsys.readouterr().out
    assert claims("import", str(home / "out.csv")) == 0
    assert "0 new claims" in capsys.readouterr().out


def test_a_release_folder_is_read_with_its_eval_results(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "Odd-7B"
    (folder / ".eval_results").mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    (folder / "config.json").write_text("{}")
    entry = "- dataset: {id: TIGER-Lab/MMLU-Pro, task_id: mmlu_pro}\n  value: 56.20\n  verifyToken: abc\n"
    (folder / ".eval_results" / "mmlu_pro.yaml").write_text(entry)
    assert claims("import", str(folder)) == 0
    assert "3 new claims" in capsys.readouterr().out
    assert claims("list", "--benchmark", "mmlu_pro", "--json") == 0
    row = json.loads(capsys.readouterr().out)[0]
    assert (row["model"], row["said"]) == ("Odd-7B", "56.20")
    assert claims("show", row["claim_id"]) == 0
    assert "verify token: abc" in capsys.readouterr().out


def test_a_dry_run_keeps_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims("import", "shipped", "--dry-run") == 0
    assert claims("list") == 0
    assert "no claims" in capsys.readouterr().out


def test_a_folder_is_read_file_by_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "many"
    folder.mkdir()
    (folder / "a.csv").write_text("model,benchmark,said\nmaker/Odd-7B,MMLU,70.1%\nmaker/Odd-7B,MMLU,lots\n")
    (folder / "b.json").write_text("{")
    assert claims("import", str(folder), "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["new"] == 1
    assert [len(file.get("unread", ())) for file in outcome["files"]] == [1, 0]
    assert "no valid JSON" in outcome["files"][1]["problem"]


def test_adding_by_hand_and_conflicts(capsys: pytest.CaptureFixture[str]) -> None:
    base = ("add", "maker/Odd-7B", "MMLU-Pro (5-shot)")
    assert claims(*base, "56.7", "--source", "https://x", "--claimant", "vendor", "--setting", "temperature=0.6") == 0
    assert claims(*base, "58.9", "--source", "https://y", "--claimant", "vendor") == 0
    assert claims(*base, "lots", "--source", "https://z") == 2
    assert claims("add", "maker/Odd-7B", "MMLU Prro", "56.7", "--source", "https://x") == 2
    assert "did you mean mmlu_pro" in capsys.readouterr().err
    assert claims("conflicts") == 0
    out = capsys.readouterr().out
    assert "56.7" in out and "58.9" in out


def test_control_characters_of_a_card_do_not_reach_the_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "card.md").write_text(
        "| Benchmark | Odd-7B |\n|---|---|\n| Evil\x1b[31m[bold]Bench | 12.5 |\n| MMLU | 1.5 |\n"
    )
    assert claims("import", str(home / "card.md"), "--model", "maker/Odd-7B") == 0
    assert claims("list") == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[bold]" in out.replace("\n", "")
