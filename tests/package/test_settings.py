"""Settings files, completion, and how much a command says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evaluators.user_error import UserError
from flows.cli import run_command
from flows.config import configuration
from flows.runtime.progress_lines import say, shown
from flows.runtime.verbosity import take_verbosity


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("HOME", "BACKEND", "ALPHA"):
        monkeypatch.delenv(f"CLAIMCHECK_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_nearest_file_counts_and_the_environment_comes_first(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outside / "pyproject.toml").write_text('[tool.claimcheck]\nhome = "checked"\nalpha = 0.01\n')
    inner = outside / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert (configuration().home, configuration().alpha) == (outside / "checked", 0.01)
    (inner / "claimcheck.toml").write_text('backend = "vllm"\nsite = "s3://bucket/pages"\n')
    found = configuration()
    assert (found.backend, found.site, found.home) == ("vllm", "s3://bucket/pages", Path("claimcheck-data"))
    monkeypatch.setenv("CLAIMCHECK_BACKEND", "ollama")
    assert configuration().backend == "ollama"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("speed = 3", "is no setting"),
        ("alpha = 'often'", "give a number"),
        ("alpha = 7", "between 0 and 1"),
        ("home = []", "give a text or a number"),
        ("llama_server = '/tmp/evil'", "may not stand in a file"),
        ("not toml", "cannot be read"),
    ],
)
def test_a_wrong_file_is_one_line(outside: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    (outside / "claimcheck.toml").write_text(text)
    assert run_command(["table"]) == 2
    told = capsys.readouterr().err
    assert says in told and len(told.splitlines()) == 1


def test_a_project_of_somebody_else_is_left_alone(outside: Path) -> None:
    (outside / "pyproject.toml").write_text("[tool.other]\nhome = 3\n")
    assert configuration().home == Path("claimcheck-data")


def test_how_much_is_said(outside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = outside / "said.log"
    words = ["verify", "--quiet", "x", "--log-file", str(log), "--server-argument", "--quiet"]
    assert take_verbosity(words) == ["verify", "x", "--server-argument", "--quiet"]
    say("a line on the way")
    with shown("a run"):
        pass
    assert capsys.readouterr().err == ""
    assert log.read_text().splitlines()[-1].endswith("Z a line on the way")
    assert take_verbosity(["--no-progress", "--", "--quiet"]) == ["--", "--quiet"]
    say("another")
    assert capsys.readouterr().err == "another\n"
    with pytest.raises(UserError, match="needs a file"):
        take_verbosity(["--log-file"])
    with pytest.raises(UserError, match="choose another --log-file"):
        take_verbosity([f"--log-file={outside}/none/here.log"])
    take_verbosity([])


def test_errors_are_told_however_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "ffff", "--quiet"]) == 2
    assert "no claim ffff" in capsys.readouterr().err
    take_verbosity([])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("claimcheck", "verify", "quantization", "export"))
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_a_shell_that_is_not_known_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/elvish")
    assert run_command(["completion"]) == 2
