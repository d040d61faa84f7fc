"""A home that version 0.1.0 (commit 688e553) wrote, and a run of it that was killed: all of it goes on.

`homes/home-0.1.0.tar.xz` was made by that commit's `claimcheck demo`, and by a `verify --full` that was killed with -9.
The release it was about is taken from the history, because the demo's weights are others today.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHIVE = Path(__file__).parent / "homes" / "home-0.1.0.tar.xz"
COMMIT = "688e553"
RELEASE = "flows/demo/release"
UNFINISHED = "demo_sums-71bea086ea9830ad"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # not in 3.11.2
    return folder


def claimcheck(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLAIMCHECK_HOME": str(home), "CLAIMCHECK_LOCKS": str(home.parent / "locks")}
    command = [sys.executable, "-c", "from flows.cli import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)


def answered(home: Path, *arguments: str) -> list[dict]:
    done = claimcheck(home, *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict] = json.loads(done.stdout)
    return found


def test_table_show_and_query_answer(home: Path) -> None:
    rows = answered(home, "table", "demo-model-1.5M", "--json")
    assert len(rows) == 12 and sum(bool(row["flagged"]) for row in rows) == 2
    one = next(row for row in rows if row["outcome"] == "confirmed" and row["of"])
    shown = claimcheck(home, "show", one["claim_id"])
    assert shown.returncode == 0 and one["claimed"] in shown.stdout, shown.stderr
    [counts] = answered(
        home, "query", "select count(*) as verdicts, count(criterion_id) as judged from verdicts", "--json"
    )
    assert counts == {"verdicts": 12, "judged": 12}


@pytest.mark.long
def test_rebuild_gives_the_same_table(home: Path) -> None:
    names = ("claim_id", "outcome", "measured", "items", "flagged")
    before = [[row[name] for name in names] for row in answered(home, "table", "demo-model-1.5M", "--json")]
    done = claimcheck(home, "rebuild")
    assert done.returncode == 0, done.stderr
    assert [[row[name] for name in names] for row in answered(home, "table", "demo-model-1.5M", "--json")] == before


def old_release(folder: Path) -> Path:
    """The release of that commit, from the history. Skips where the clone has none."""
    found = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", COMMIT, RELEASE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode or not found.stdout:
        pytest.skip(f"the history of this clone does not reach {COMMIT}")
    release = folder / "demo-model-1.5M"
    release.mkdir()
    for name in found.stdout.split():
        shown = subprocess.run(["git", "show", f"{COMMIT}:{name}"], cwd=ROOT, capture_output=True, check=True)
        (release / Path(name).name).write_bytes(shown.stdout)
    return release


@pytest.mark.long
def test_a_killed_run_goes_on_and_pays_for_nothing_twice(home: Path, tmp_path: Path) -> None:
    release = old_release(tmp_path)
    with sqlite3.connect(home / "runs" / UNFINISHED / "journal.sqlite") as journal:
        [(held,)] = journal.execute("select count(*) from responses").fetchall()
    assert 0 < held < 1600
    options = ("--benchmark", "demo_sums", "--full", "--shots", "0", "--protocol", "completion", "--again")
    done = claimcheck(home, "verify", str(release), *options)
    assert done.returncode == 0, done.stderr
    manifests = [json.loads(path.read_text()) for path in (home / "runs").glob("demo_sums-*/run.json")]
    new = [run for run in manifests if run["requests_reused"]]
    assert any(run["requests_sent"] + run["requests_reused"] == 1600 for run in new), [
        (run["run_id"], run["requests_sent"], run["requests_reused"]) for run in manifests
    ]
