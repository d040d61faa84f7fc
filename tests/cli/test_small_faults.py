"""Empty queries, homes that cannot be, an unreachable Prefect, credentials in URLs: one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends.remote import plain_url
from evaluators.records import UserError
from flows.cli import run_command
from flows.demo import RELEASE


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


@pytest.mark.parametrize(
    "url", ["http://user:PASSWORD@127.0.0.1:1", "http://127.0.0.1:1/?key=PASSWORD", "ftp://x", "http://"]
)
def test_urls_with_secrets_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UserError) as caught:
        plain_url(url)
    assert "PASSWORD" not in str(caught.value)


def test_prefect_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.runtime.prefect_server import PrefectLost, with_prefect

    monkeypatch.setenv("PREFECT_API_URL", "http://10.0.0.9:9/api")

    def flow() -> None:
        raise RuntimeError("Failed to reach API at http://10.0.0.9:9/api/")

    with pytest.raises(PrefectLost, match=r"10\.0\.0\.9") as caught:
        with_prefect(lambda: None, flow)
    assert caught.value.exit_code == 3


def test_a_lost_prefect_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    from flows.runtime.prefect_server import with_prefect

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    starts: list[int] = []

    def flow() -> str:
        if len(starts) < 2:
            raise httpx.ConnectError("connection refused")
        return "done"

    assert with_prefect(lambda: starts.append(1), flow) == "done" and len(starts) == 2
