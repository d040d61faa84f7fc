"""A release that is verified again on a server whose weights nobody has seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends.fingerprint import LENGTH
from flows.options import VerifyOptions
from flows.verify import verify_release
from tests.flows.answering_server import AnsweringServer
from tests.flows.conftest import copy_of_demo
from warehouse.home import Home
from warehouse.store import reading

pytestmark = pytest.mark.long


def verdicts(home: Path) -> list[tuple[str, str]]:
    with reading(Home(home)) as connection:
        sql = "select run_id, outcome from verdicts order by sequence"
        return connection.execute(sql).fetchall()


def test_the_same_server_is_recognised_and_not_paid_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release, home = copy_of_demo(tmp_path / "release", keep=r"0-shot, strict"), tmp_path / "home"
    with AnsweringServer({"completion": 0.4, "chat": 0.4, "thinking": 0.4}) as server:
        options = VerifyOptions(backend="attached", url=server.url, benchmarks=("demo_sums",))
        verify_release.fn(str(release), home, options)
        first, paid = verdicts(home), len(server.bodies)
        assert [outcome for _, outcome in first] == ["below_claim"] and paid > 100
        verify_release.fn(str(release), home, options)
        again = server.bodies[paid:]
        assert again and {body["max_tokens"] for body in again} == {LENGTH}, "only what tells which server it is"
        assert verdicts(home) == first
        assert "already verified" in capsys.readouterr().err
        server.shares = dict.fromkeys(server.shares, 0.3)
        verify_release.fn(str(release), home, options)
    changed = verdicts(home)
    assert [outcome for _, outcome in changed] == ["below_claim", "below_claim"]
    assert changed[0][0] != changed[1][0], "another server behind the same address makes a run of its own"
