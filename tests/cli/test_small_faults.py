"""Empty queries, homes that cannot be, an unreachable Prefect, credentials in URLs: one line each."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators.backends.remote import plain_url
from evaluators.records import UserError
from flows.cli import run_command
from flows.demo import RELEASE
from warehouse.home import Home
from warehouse.load import load_home
from warehouse.store import reading, writing


def said(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, str]:
    code = run_command(list(command))
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


@pytest.mark.parametrize("sql", ["", ";", "  ;;\n"])
def test_an_empty_query(
    sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    code, line = said(capsys, "query", sql)
    assert code == 2 and "empty" in line


@pytest.mark.parametrize("home", ["a file", "too long"])
def test_a_home_that_cannot_be(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    monkeypatch.setenv("CLAIMCHECK_HOME", str(path if home == "a file" else tmp_path / ("x" * 300)))
    for command in (["table"], ["rebuild"], ["verify", str(RELEASE)]):
        code, line = said(capsys, *command)
        assert code == 2 and "set CLAIMCHECK_HOME" in line, line


EVERY = (
    ["weekly", "--dry-run"], ["weekly"], ["watch", "--every", "0"], ["plan", str(RELEASE)], ["report"],
    ["claims", "list"], ["claims", "candidates"], ["claims", "conflicts"], ["models", "alias"], ["query", "select 1"],
    ["show", "x"], ["doctor"], ["speed", str(RELEASE)], ["results", "export", "x.csv"], ["demo"], ["mcp"],
)  # fmt: skip


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_on_a_home_that_is_a_file(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "file"))
    code, line = said(capsys, *command)
    assert code == 2 and "set CLAIMCHECK_HOME" in line, line


@pytest.mark.parametrize(
    "url", ["http://user:PASSWORD@127.0.0.1:1", "http://127.0.0.1:1/?key=PASSWORD", "ftp://x", "http://"]
)
def test_urls_with_secrets_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UserError) as caught:
        plain_url(url)
    assert "PASSWORD" not in str(caught.value)


LONG_QUERY = "select count(*) from range(100000000000) a, range(1000) b"


@pytest.fixture
def no_collection() -> Iterator[None]:
    """No garbage collection: hypothesis measures it with a callback, and an interrupt that hits a callback is lost."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_ctrl_c_ends_a_query_and_a_long_one_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    assert run_command(["query", "select 1"]) == 0
    capfd.readouterr()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    # DuckDB draws its bar after two seconds
    timer = threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        assert run_command(["query", LONG_QUERY, "--json"]) == 130
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1


@pytest.mark.usefixtures("no_collection")
def test_ctrl_c_while_the_database_works_is_one(tmp_path: Path) -> None:
    """DuckDB tells of it as an error of its own; what writes must not take it for a failure of a job."""
    home = Home(tmp_path)
    load_home(home)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt), writing(home) as connection:
            timer.start()
            while True:
                connection.execute("select count(*) from range(100000000)").fetchall()
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    with reading(home) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


LATE = """
import os, signal, threading
from flows.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
threading._register_atexit(os.kill, os.getpid(), signal.SIGINT)
main(["--version"])
"""


def test_ctrl_c_while_threads_are_waited_for_at_the_end_prints_no_traceback() -> None:
    ended = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "") and ended.stdout


def test_a_query_has_a_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("warehouse.queries.user_query.QUERY_SECONDS", 0.2)
    code, line = said(capsys, "query", LONG_QUERY)
    assert code == 2 and "took more than" in line


def test_doctor_tells_of_an_executable_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLAIMCHECK_LLAMA_SERVER", "/nowhere/llama-server")
    assert run_command(["doctor", "--json"]) in (0, 3)
    printed = capsys.readouterr()
    assert "there is no executable /nowhere/llama-server" in printed.out and not printed.err
