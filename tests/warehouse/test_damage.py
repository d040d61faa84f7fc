"""Damaged files cost what they hold, and are named; readers and rebuilds keep nobody waiting."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators.harness import run_benchmark
from evaluators.records import Settings
from evaluators.run_manifest import read_manifest, write_manifest
from evaluators.user_error import DamagedFile
from flows.cli import run_command
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer, generated
from tests.reports.many_claims import make_home
from tests.warehouse.test_store import claim
from warehouse.database_state import working
from warehouse.home import Home
from warehouse.load import load_home, rebuild_database, save_claims
from warehouse.store import fetch_rows, reading


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with ten claims, their verdicts, and one run with its tables."""
    root = tmp_path_factory.mktemp("pattern") / "home"
    home = make_home(root, releases=2, claims=5)
    for manifest in sorted(home.runs.glob("*/run.json")):
        run = read_manifest(manifest.parent)
        assert run is not None
        write_manifest(manifest.parent, run)
    with ScriptedServer({"/v1/completions": lambda _: generated(" #### 1")}) as server:
        run_benchmark(FEW_SUMS, ARTIFACT, server, Settings(), folder=home.runs, limit=20, checks=False)
    load_home(home)
    return root


@pytest.fixture
def home(pattern: Path, tmp_path: Path) -> Home:
    """A copy to be damaged."""
    shutil.copytree(pattern, tmp_path / "home")
    return Home(tmp_path / "home")


def flip(path: Path) -> None:
    """Change one bit in the middle: a digit or letter becomes another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "flipped": flip,
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"\x00garbage\xff" * 99),
}
KINDS = ("claims/*.jsonl", "criteria/*.json", "verdicts/*.json", "runs/*/run.json", "runs/*/items.parquet",
         "runs/*/responses.parquet")  # fmt: skip


def counts(home: Home) -> dict[str, int]:
    with reading(home) as connection:
        tables = ("claims", "criteria", "verdicts", "runs", "responses")
        return {name: fetch_rows(connection, f"select count(*) as n from {name}")[0]["n"] for name in tables}


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        pytest.param(kind, damage, marks=[] if (number + place) % 4 == 0 else [pytest.mark.long])
        for number, kind in enumerate(KINDS)
        for place, damage in enumerate(DAMAGES)
    ],
)
def test_a_damaged_file_is_named_and_costs_what_it_holds(kind: str, damage: str, home: Home) -> None:
    before = counts(home)
    path = sorted(home.root.glob(kind))[0]
    DAMAGES[damage](path)
    made = rebuild_database(home)
    assert any(str(path) in line or str(path.parent) in line for line in made.damaged), made.damaged
    after = counts(home)
    lost = {name: before[name] - after[name] for name in before}
    allowed = {"claims": {"claims": 5}, "runs": {"runs": 1, "responses": 20}}
    least = {kind.split("/")[0]: 1}
    assert all(lost[name] <= allowed.get(kind.split("/")[0], least).get(name, 0) for name in lost), lost
    assert not path.exists() and list(home.damaged.rglob("*"))
    assert all("that verdicts refer to" in line for line in rebuild_database(home).damaged), "named once, then aside"


@pytest.mark.parametrize("kind", ["claims/*.jsonl", "criteria/*.json", "runs/*/run.json"])
def test_a_deleted_file_is_missed_by_the_verdicts_about_it(kind: str, home: Home) -> None:
    verdicts = counts(home)["verdicts"]
    for path in home.root.glob(kind):
        path.unlink()
    [line] = rebuild_database(home).damaged
    assert kind.split("/")[0] in line and counts(home)["verdicts"] == verdicts


def test_deleted_tables_of_a_run_are_missed(home: Home) -> None:
    path = next(home.runs.glob("*/items.parquet"))
    path.unlink()
    assert any(str(path) in line for line in rebuild_database(home).damaged)


def test_a_score_edited_by_hand_is_seen(home: Home) -> None:
    path = sorted(home.runs.glob("*/run.json"))[0]
    record = json.loads(path.read_text())
    record["measurements"][0]["score"] += 0.1
    path.write_text(json.dumps(record, indent=2))
    with pytest.raises(DamagedFile, match="changed"):
        read_manifest(path.parent)


@pytest.mark.parametrize(("which", "damage"), zip(("readers", "writers", "both", "both"), DAMAGES, strict=True))
def test_a_damaged_database_is_made_again(which: str, damage: str, home: Home) -> None:
    before = counts(home)
    paths = {"readers": [home.database], "writers": [working(home)], "both": [home.database, working(home)]}[which]
    for path in paths:
        DAMAGES[damage](path)
    assert not rebuild_database(home).damaged
    assert counts(home) == before


def test_a_reader_of_hours_keeps_no_writer_waiting(home: Home) -> None:
    """Another program holds the database open, as a notebook does; writing, reading and rebuilding go on."""
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(c.sql('from runs')); input()"
    with reading(home) as connection:
        found = len(fetch_rows(connection, "select * from claims"))
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(home.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None and holder.stdout.readline()
    assert save_claims(home, [claim(1000)]) == 1
    with reading(home) as connection:
        assert len(fetch_rows(connection, "select * from claims")) == found + 1
    assert rebuild_database(home).claims == found + 1
    assert holder.poll() is None
    holder.communicate(b"\n")


LOOP = """
import sys
from pathlib import Path
from warehouse.home import Home
from warehouse.load import rebuild_database
from warehouse.store import fetch_rows, reading
home, what = Home(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
for _ in range(int(sys.argv[3])):
    if what == "rebuild":
        assert not rebuild_database(home).damaged
        continue
    with reading(home) as connection:
        [row] = fetch_rows(connection, "select count(*) as n, (select count(*) from verdicts) as v from claims")
    claims, verdicts = row["n"], row["v"]
    assert claims >= 10 and verdicts == 10, (claims, verdicts)
"""


def test_readers_writers_and_two_rebuilds_at_once(home: Home) -> None:
    """Nobody fails, nobody sees a half state, and what was written meanwhile is in the tables at the end."""
    loops = [("read", 6), ("read", 6), ("rebuild", 2), ("rebuild", 2)]
    others = [
        subprocess.Popen([sys.executable, "-c", LOOP, str(home.root), what, str(times)], stderr=subprocess.PIPE)
        for what, times in loops
    ]
    for number in range(12):
        assert save_claims(home, [claim(2000 + number)]) == 1
        with reading(home) as connection:
            [row] = fetch_rows(connection, "select count(*) as n from claims")
        assert row["n"] == 10 + number + 1
    for other in others:
        assert other.communicate()[1] == b"" and other.returncode == 0
    assert counts(home)["claims"] == 22


@pytest.mark.parametrize("command", ["report", "table", pytest.param("query", marks=pytest.mark.long)])
@pytest.mark.parametrize("damage", ["truncated", "zeroed"])
def test_a_damaged_copy_is_named_with_the_next_step(
    command: str, damage: str, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The readers' file is made again where it does not open; one that opens and breaks where it is read is named."""
    counts(home)
    size = home.database.stat().st_size
    with home.database.open("r+b") as file:
        if damage == "truncated":
            file.truncate(size // 2)
        else:
            file.seek(size // 2)
            file.write(b"\x01" * (size - size // 2))
    monkeypatch.setenv("CLAIMCHECK_HOME", str(home.root))
    asked = {"report": ["report", "--to", str(home.root / "site")], "query": ["query", "from claims_vs_measured"]}
    code = run_command(asked.get(command, [command]))
    told = capsys.readouterr().err
    assert (code, "`claimcheck rebuild`" in told, "unexpected" in told) in ((3, True, False), (0, False, False)), told
    assert run_command(["rebuild"]) == 0 == run_command(["table"])
