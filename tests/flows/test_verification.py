"""The main job, end to end: right verdicts, nothing paid twice, the table open at any moment."""

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from evaluators.backends import ServerOptions
from evaluators.backends.registry import engine_version
from flows.demo import RELEASE
from tests.flows.conftest import Place
from tests.flows.prefect_server import wait
from tests.flows.test_weekly import dry_run

pytestmark = pytest.mark.slow

EXPECTED = {
    "Demo Sums": ("confirmed", {"assumed"}, False),
    "Demo Sums (0-shot, thinking, strict)": ("confirmed", {"assumed", "matched"}, False),
    "Demo Facts (acc)": ("below_claim", {"assumed"}, True),
    "Parameters": ("confirmed", {"matched"}, False),
    "Context length": ("below_claim", {"matched"}, True),
}
"""What the card's own comment says about its claims: outcome, comparability, flagged."""


def rows(place: Place) -> dict[str, dict[str, Any]]:
    found = json.loads(place.run("table", "--json").stdout)
    return {row["benchmark_text"]: row for row in found if row["claimant"] == "vendor"}


def test_each_kind_of_claim_gets_its_verdict(verified: Place) -> None:
    found = rows(verified)
    for name, (outcome, comparability, flagged) in EXPECTED.items():
        row = found[name]
        assert (row["outcome"], row["flagged"]) == (outcome, flagged), row
        assert row["comparability"] in comparability, row
    assert all(row["outcome"] != "unverified" for row in found.values())


def test_early_stops_are_named_and_save_items(verified: Place) -> None:
    inflated = rows(verified)["Demo Facts (acc)"]
    assert inflated["stopped_early"]
    assert inflated["items"] < inflated["of"]
    assert "at stop" in inflated["headline"]


def test_the_bar_was_stored_before_the_run(verified: Place) -> None:
    sql = (
        "select count(*) as runs, count(*) filter (stored_at > started) as late "
        "from verdicts join runs using (run_id) join criteria using (criterion_id) where evaluator = 'lm-eval'"
    )
    [found] = json.loads(verified.run("query", sql, "--json").stdout)
    assert found["runs"] >= 3
    assert found["late"] == 0


def test_a_second_run_pays_for_nothing(verified: Place, each_kind: Path) -> None:
    made = "select (select count(*) from runs) as runs, (select count(*) from verdicts) as verdicts, " + (
        "(select sum(requests_sent) from runs) as sent"
    )
    before = verified.run("query", made, "--json").stdout
    again = verified.run("verify", str(each_kind))
    assert again.returncode == 0, again.stderr
    assert "already verified: every claim has a verdict" in again.stdout
    assert verified.run("query", made, "--json").stdout == before


def test_after_a_verification_nothing_is_due_until_something_changes(verified: Place) -> None:
    sql = "select distinct backend_version from runs where backend = 'llama.cpp'"
    [run] = json.loads(verified.run("query", sql, "--json").stdout)
    assert run["backend_version"] == engine_version("llama.cpp", ServerOptions())
    assert dry_run(verified)["releases"] == []
    before = sorted((path, path.stat().st_mtime_ns) for path in verified.root.rglob("*") if path.is_file())
    [old] = dry_run(verified, "--weeks", "0")["releases"]
    assert "older than 0 weeks" in old["due"] and "earlier runs" in old["why"]
    assert sorted((path, path.stat().st_mtime_ns) for path in verified.root.rglob("*") if path.is_file()) == before


def test_rebuild_gives_the_same_table(verified: Place) -> None:
    before = verified.run("table", "--json").stdout
    assert verified.run("rebuild").returncode == 0
    assert verified.run("table", "--json").stdout == before


def test_show_has_the_settings_the_run_and_the_items(verified: Place) -> None:
    claim = rows(verified)["Demo Sums (0-shot, thinking, strict)"]["claim_id"]
    page = verified.run("show", claim).stdout
    for expected in ("Reasons", "shots", "lm-eval", "llama.cpp", "SHA-256", "demo_sums/", "answer"):
        assert expected in page


def _journaled(place: Place) -> int:
    for journal in place.root.glob("runs/*/journal.sqlite"):
        try:
            with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
                return int(connection.execute("select count(*) from responses").fetchone()[0])
        except sqlite3.OperationalError:
            continue
    return 0


def _wait_for_answers(place: Place, process: subprocess.Popen[str], least: int) -> None:
    log = place.root.parent / "started.log"

    def answered() -> bool:
        assert process.poll() is None, log.read_text()
        return _journaled(place) >= least

    wait(answered, 300, log.read_text)


def test_killed_in_the_middle_it_goes_on_and_leaves_nothing_running(place: Place, one_claim: Path) -> None:
    process = place.start("verify", str(one_claim))
    children: list[psutil.Process] = []
    try:
        _wait_for_answers(place, process, 100)
        # the table is open at any moment of a running verification
        done = place.run("query", "select count(*) as n from claims_vs_measured", "--json")
        assert json.loads(done.stdout)[0]["n"] > 0
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
    finally:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    kept = _journaled(place)
    assert kept >= 100
    done = place.run("verify", str(one_claim))
    assert done.returncode == 0, done.stderr
    manifests = [json.loads(path.read_text()) for path in place.root.glob("runs/demo_sums-*/run.json")]
    [manifest] = [one for one in manifests if one["settings"]["repeats"] == 1]
    assert manifest["requests_reused"] >= kept
    sums = rows(place)["Demo Sums (0-shot, strict)"]
    assert (sums["outcome"], sums["stopped_early"]) == ("confirmed", True)
    assert manifest["requests_sent"] <= sums["items"] + 64  # at most those in flight were sent again, or for nothing


def test_ctrl_c_is_one_line_and_leaves_nothing_running(place: Place, one_claim: Path) -> None:
    process = place.start("verify", str(one_claim))
    _wait_for_answers(place, process, 10)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert "run the same command to go on" in (place.root.parent / "started.log").read_text().splitlines()[-1]


@pytest.mark.parametrize(
    "damage", ["missing", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("truncated", "garbage"))]
)
def test_bad_weights_end_with_one_line_and_without_verdicts(place: Place, tmp_path: Path, damage: str) -> None:
    release = tmp_path / "broken-model"
    release.mkdir()
    [source] = RELEASE.glob("*-F16.gguf")
    (release / "README.md").write_text((RELEASE / "README.md").read_text())
    if damage != "missing":
        content = source.read_bytes()
        content = content[: len(content) // 2] if damage == "truncated" else os.urandom(5000)
        (release / "broken-model-F16.gguf").write_bytes(content)
    done = place.run("verify", str(release))
    assert done.returncode == 2
    told = [line for line in done.stderr.strip().splitlines() if line.startswith("claimcheck: ")]
    assert told == done.stderr.strip().splitlines()[-1:], done.stderr
    assert damage == "missing" or "broken-model-F16.gguf" in told[0]
    scores = "select count(*) as n from verdicts join claims using (claim_id) where unit = 'fraction'"
    if place.root.exists():  # claims that the files alone decide are judged before weights are looked at
        assert json.loads(place.run("query", scores, "--json").stdout) == [{"n": 0}]
