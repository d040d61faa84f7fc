"""A benchmark whose data cannot be read costs nothing: no weights are pulled, no server is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluators import weights
from evaluators.harness import tasks
from evaluators.records import UserError
from flows.cli import run_command
from flows.runtime.server_pool import ServerPool


def test_nothing_is_paid_for_what_cannot_be_loaded(
    one_claim: Path, tmp_path: Path, prefect_home: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def missing(benchmark: object) -> None:
        raise UserError("demo_sums: task demo_sums cannot be loaded (no rows); check the data set")

    def paid(*_: object, **__: object) -> None:
        raise AssertionError("paid")

    for name, value in (
        ("CLAIMCHECK_HOME", tmp_path / "home"), ("CLAIMCHECK_LOCKS", tmp_path / "locks"),
        ("PREFECT_HOME", prefect_home), ("PREFECT_API_URL", ""),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(tasks, "load_tasks", missing)
    monkeypatch.setattr(weights, "pull", paid)
    monkeypatch.setattr(ServerPool, "server", paid)
    code = run_command(["verify", str(one_claim)])
    capfd.readouterr()
    assert run_command(["table", "--json"]) == 0
    rows = [row for row in json.loads(capfd.readouterr().out) if row["benchmark"] == "demo_sums"]
    rows = [row for row in rows if row["claimant"] == "vendor"]
    assert code == 3 and [row["outcome"] for row in rows] == ["could_not_run"]
    assert "no rows" in rows[0]["headline"]
