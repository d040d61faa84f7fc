"""The table on terminals of several widths, in a pipe, and with what a card may say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from flows.cli.measured_table import print_claims
from tests.reports.hostile import WORDS, hostile_verdict, make_hostile
from tests.reports.many_claims import one_of_each
from warehouse.home import Home
from warehouse.load import save_claims, save_verdicts
from warehouse.queries.table import Row, table_rows
from warehouse.reports.outcome_words import outcome_words


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    home = Home(tmp_path_factory.mktemp("home"))
    claims, verdicts = one_of_each()
    for number, words in enumerate(WORDS):
        claims.append(make_hostile(claims[2], words).model_copy(update={"claim_id": f"{number:016x}"}))
        verdicts.append(hostile_verdict(verdicts[2], words).model_copy(update={"claim_id": f"{number:016x}"}))
    save_claims(home, claims)
    save_verdicts(home, verdicts)
    return table_rows(home)


def printed(rows: list[Row], width: int, *, terminal: bool, ids: bool = False) -> list[str]:
    file = io.StringIO()
    out = Console(file=file, width=width, force_terminal=terminal, color_system=None)
    print_claims(rows, ids=ids, out=out)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize("ids", [False, True])
def test_no_line_is_wider_than_the_terminal(rows: list[Row], width: int, ids: bool) -> None:
    lines = printed(rows, width, terminal=True, ids=ids)
    assert max(cell_len(line) for line in lines) <= width
    text = " ".join(" ".join(lines).split())
    for row in rows[:7]:
        assert outcome_words(row["outcome"]).symbol in text
        assert row["benchmark_text"].split()[0] in text


def test_a_pipe_gets_one_line_a_claim_and_no_padding(rows: list[Row]) -> None:
    lines = printed(rows, 160, terminal=False)
    models = {row["model"] for row in rows}
    assert len(lines) == len(rows) + 3 * len(models) - 1  # heading, column names, blank line between models
    assert not any(line.endswith(" ") for line in lines)


def test_text_of_a_card_moves_nothing_on_the_terminal(rows: list[Row], tmp_path: Path) -> None:
    text = "\n".join(printed(rows, 80, terminal=True))
    assert "\u202e" not in text and "\x1b" not in text
    assert "<script>" in text.replace("\n", "") or "<scri" in text
