"""`import claimcheck`: a home folder from Python, and what stands in its way in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import claimcheck
from evaluators.user_error import UserError
from flows.installed.claimcheck import _problem
from tests.warehouse.test_store import claim
from warehouse.home import Home
from warehouse.load import save_claims


@pytest.fixture
def home(tmp_path: Path) -> Path:
    save_claims(Home(tmp_path / "home"), [claim(n) for n in range(3)])
    return tmp_path / "home"


def test_a_home_from_python(home: Path) -> None:
    found = claimcheck.open_home(home)
    table = found.table()
    assert table.num_rows == 3 and {"model", "claimed", "outcome"} <= set(table.column_names)
    assert len(found.table(kind="pandas")) == 3
    assert found.table("nobody/unheard-of").num_rows == 0
    assert found.claim("0000000000000001").row["outcome"] == "unverified"
    assert [one.claim_id for one in found.claims()] == sorted(one.claim_id for one in found.claims())
    assert found.query("select count(*) as n from claims") == [{"n": 3}]
    with pytest.raises(UserError, match="polars is not installed"):
        found.table(kind="polars")
    with pytest.raises(claimcheck.UserError, match="no option speed"):
        found.verify("acme/one", speed="fast")
    with pytest.raises(UserError, match="nowhere"):
        found.judge(home / "nowhere.json", release="acme/one")


def test_results_made_elsewhere_are_judged(home: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.csv"
    results.write_text("model,benchmark,score,items\nacme/one,gsm8k,85.2,1319\n")
    found = claimcheck.open_home(home)
    try:
        verdicts = found.judge(results, release="acme/one", benchmark="gsm8k", by="me")
    except UserError as problem:
        assert "results.csv" in str(problem)
    else:
        assert not any(verdict.flagged for verdict in verdicts)


def test_another_package_of_our_name_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").touch()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "import claimcheck; claimcheck.main()", "table"],
        capture_output=True, text=True, env=environment, cwd=tmp_path.parent,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert f"{tmp_path.name}/flows stands before claimcheck's own package flows" in done.stderr


def test_windows_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "WSL" in (_problem() or "")
    with pytest.raises(SystemExit) as ended:
        claimcheck.main()
    assert ended.value.code == 3 and len(capsys.readouterr().err.splitlines()) == 1
