"""The database file: refused when it is not ours, readable at any moment, whole after a kill."""

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from evaluators.records import Settings, UserError
from warehouse.claim_records import Claim, Claimant, ClaimSource
from warehouse.home import Home
from warehouse.load import load_home, rebuild_database, save_claims
from warehouse.store import fetch_rows, reading, writing


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def claim(number: int) -> Claim:
    source = ClaimSource(url="card.md", sha256="0" * 64, read_at=datetime(2026, 1, 1, tzinfo=UTC), kind="model_card")
    return Claim(
        claim_id=f"{number:016x}", model="acme/one", benchmark="gsm8k", benchmark_text="GSM8K", said="85.2",
        interval=None, claimant=Claimant.vendor, source=source, place=f"line {number}",
        settings=Settings(shots=number),
    )  # fmt: skip


def test_reading_cannot_write_or_leave_the_database(home: Home, tmp_path: Path) -> None:
    with reading(home) as connection:
        for sql in (
            "insert into claims (claim_id) values ('x')",
            "drop table claims",
            f"copy claims to '{tmp_path / 'stolen.csv'}'",
            f"select * from read_csv('{__file__}')",
            "set enable_external_access = true",
            f"attach '{tmp_path / 'other.duckdb'}'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)


def test_foreign_files_are_refused_in_one_line(home: Home) -> None:
    home.root.mkdir()
    home.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match="not a claimcheck database"), reading(home):
        pass
    home.database.unlink()
    sqlite3.connect(home.database).execute("create table t (a)").connection.commit()
    with pytest.raises(UserError, match="SQLite"), reading(home):
        pass
    home.database.unlink()
    duckdb.connect(str(home.database)).execute("create table t (a int)").close()
    with pytest.raises(UserError, match="another program"), writing(home):
        pass


def test_newer_schema_is_refused(home: Home) -> None:
    with writing(home) as connection:
        connection.execute(
            "insert into schema_migrations (program, version, name) values ('claimcheck', 9999, 'later')"
        )
    with pytest.raises(UserError, match="update claimcheck"), reading(home):
        pass
    with pytest.raises(UserError, match="update claimcheck"), writing(home):
        pass


def test_loading_twice_adds_nothing_and_rebuild_gives_the_same_tables(home: Home) -> None:
    assert save_claims(home, [claim(n) for n in range(5)]) == 5
    assert save_claims(home, [claim(n) for n in range(5)]) == 0
    assert load_home(home).claims == 0
    with reading(home) as connection:
        before = fetch_rows(connection, "select * from claims order by all")
        view = fetch_rows(connection, "select * from claims_vs_measured order by all")
    assert len(view) == 5
    assert {row["outcome"] for row in view} == {"unverified"}
    assert rebuild_database(home).claims == 5
    with reading(home) as connection:
        assert fetch_rows(connection, "select * from claims order by all") == before
        assert fetch_rows(connection, "select * from claims_vs_measured order by all") == view


WRITER = """
import sys
from pathlib import Path
from tests.warehouse.test_store import claim
from warehouse.home import Home
from warehouse.load import save_claims
home, first = Home(Path(sys.argv[1])), int(sys.argv[2])
for n in range(first, first + 8):
    save_claims(home, [claim(n)])
    print(n, flush=True)
"""


def test_writers_and_readers_take_turns(home: Home) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(home.root), str(first)], stdout=subprocess.PIPE)
        for first in (0, 100)
    ]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        with reading(home) as connection:
            now = len(fetch_rows(connection, "select * from claims_vs_measured"))
        assert now >= seen
        seen = now
    assert [writer.wait() for writer in writers] == [0, 0]
    with reading(home) as connection:
        assert fetch_rows(connection, "select count(*) as n from claims") == [{"n": 16}]


def test_kill_loses_nothing_that_was_reported(home: Home) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(home.root), "0"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    reported = [int(writer.stdout.readline()) for _ in range(4)]
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with reading(home) as connection:
        stored = {int(str(row["claim_id"]), 16) for row in fetch_rows(connection, "select claim_id from claims")}
    assert set(reported) <= stored
