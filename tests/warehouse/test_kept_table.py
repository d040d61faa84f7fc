"""A large table is kept until something is written: it never shows what is not so any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.benchmarks.large_home import write_large_home
from tests.reports.many_claims import _claim
from warehouse.home import Home
from warehouse.load import load_home, rebuild_database, save_claims
from warehouse.queries.kept_table import PRINTED, printed_rows
from warehouse.queries.table import table_rows

WITHOUT_DATABASE = """
import sys
from pathlib import Path
from warehouse.home import Home
from warehouse.queries.kept_table import printed_rows
print(len(printed_rows(Home(Path(sys.argv[1])))), "duckdb" in sys.modules)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = write_large_home(tmp_path / "home", items=80, claims=20, runs=4, answered=0)
    load_home(made)
    return made


def kept(home: Home) -> Path:
    return home.private / "table.json"


def test_kept_rows_are_those_of_the_tables(home: Home) -> None:
    asked = table_rows(home, columns=PRINTED)
    assert len(asked) == 20 and any(row["settings_compared"] for row in asked)
    assert printed_rows(home) == asked and not kept(home).exists(), "few rows are not worth it"
    assert printed_rows(home, many=20) == asked and kept(home).exists()
    assert printed_rows(home) == asked
    command = [sys.executable, "-c", WITHOUT_DATABASE, str(home.root)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["20", "False"]


def test_filters_pick_the_rows_that_the_tables_give(home: Home) -> None:
    rows = printed_rows(home, many=1)
    named = {"model": rows[0]["model"].upper()[1:]}
    filters: list[dict[str, Any]] = [named, {"model": "nobody"}, {"outcome": rows[-1]["outcome"]}, {"flagged": True}]
    for asked in filters:
        expected = table_rows(home, columns=PRINTED, **asked)
        assert printed_rows(home, **asked) == expected, asked
        kept(home).rename(home.root / "aside")
        assert printed_rows(home, many=1, **asked) == expected and not kept(home).exists(), "a part is never kept"
        (home.root / "aside").rename(kept(home))
    assert 0 < len(printed_rows(home, model=named["model"])) < len(rows)


def test_a_write_is_seen_at_once(home: Home) -> None:
    before = printed_rows(home, many=1)
    save_claims(home, [_claim("another/model", 0, Random(1))])
    after = printed_rows(home, many=1)
    assert len(after) == len(before) + 1 and printed_rows(home, many=1) == after == table_rows(home, columns=PRINTED)
    rebuild_database(home)
    assert printed_rows(home, many=1) == table_rows(home, columns=PRINTED)


def test_a_damaged_file_is_asked_for_again(home: Home) -> None:
    rows = printed_rows(home, many=1)
    whole = kept(home).read_text()
    other = whole.replace('"asked":"', '"asked":"0')  # the program prints other columns now
    for damaged in ("", "{", "[]", '{"state": "", "asked": "", "rows": []}', "\x00", other):
        kept(home).write_text(damaged)
        assert printed_rows(home, many=1) == rows and kept(home).read_text() == whole
