"""Texts that mean harm or are broken: a clear report, and nothing wrong in the ledger."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluators.records import UserError
from tests.claims.scoring import NOW
from warehouse.claims import Reading, read_any, read_card

BAD = ("-70.1", "185%", "185", "NaN", "inf", "1e400", "7O.1", "70.1.2", "0x46", "84.2/86.1", "~~70.1~~", "\u202e1.07")
GOOD = "\n\n| Benchmark | Odd-7B |\n|---|---|\n| MMLU | 70.1 |\n"


def card(text: str) -> Reading:
    return read_card(text, model="maker/Odd-7B", url="u", read_at=NOW)


@pytest.mark.parametrize(
    "cell",
    [*BAD, "9" * 5000, "70.1 (71.2)", "<script>70.1</script>", "٧٠٫١"],
)
def test_a_bad_number_is_never_a_claim(cell: str) -> None:
    reading = card(f"| Benchmark | Odd-7B |\n|---|---|\n| MMLU | {cell} |\n")
    assert reading.claims == []


@pytest.mark.parametrize(
    "head",
    [
        "---\na: [1,\nb: }\n---\n",
        "---\na: &a [*a]\nmodel-index: *a\n---\n",
        "---\na: !!python/object/apply:os.system ['true']\n---\n",
        "---\na: " + "[" * 20_000 + "\n---\n",
        "---\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"b{n}: &b{n} [{','.join([f'*b{n - 1}' if n else '*a'] * 10)}]\n" for n in range(9))
        + "---\n",
    ],
    ids=["broken", "self", "object", "nested", "bomb"],
)
def test_broken_front_matter_is_said_and_the_table_still_read(head: str) -> None:
    reading = card(head + GOOD)
    assert [claim.said for claim in reading.claims] == ["70.1"]
    assert "front matter" in reading.unread[-1].reason


@pytest.mark.parametrize("text", ["x" * 20_000_000, "<div>" * 100_000 + GOOD], ids=["20 MB", "deep"])
def test_what_is_no_card_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UserError, match="import the part with the tables"):
        card(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "*a_" * 20_000,
        "- " * 3000,
        "<foo>" * 20_000,
        "<table>" + "<tr><td colspan=99999 rowspan=99999>x</td></tr>" * 500 + "</table>",
    ],
    ids=["brackets", "emphasis", "lists", "tags", "spans"],
)
def test_a_table_after_a_flood_is_still_read(text: str) -> None:
    assert [claim.said for claim in card(text + GOOD).claims] == ["70.1"]


@pytest.mark.parametrize(
    "text",
    [
        "| Benchmark | Odd-7B | Other |\n|---|---|---|\n| MMLU | 5 | 70.1 | 60.0 |\n| GSM8K | 80.2 | 1.0 |\n",
        "<table><tr><th>Benchmark</th><th>Odd-7B</th><th>Other</th></tr><tr><td>MMLU</td><td>5</td><td>70.1</td>"
        "<td>60.0</td></tr><tr><td>GSM8K</td><td>80.2</td><td>1.0</td></tr></table>",
    ],
)
def test_a_row_that_is_longer_than_its_heading_is_left(text: str) -> None:
    reading = card(text)
    assert [(claim.benchmark, claim.said) for claim in reading.claims] == [("gsm8k", "80.2")]
    assert len(reading.mentions) == 1
    assert any("more cells than the heading" in part.reason for part in reading.unread)


def test_scripts_in_cells_are_no_text() -> None:
    reading = card("<table><tr><th>Benchmark</th><th>Odd-7B</th></tr><tr><td>MMLU<script>x</script></td>"
                   "<td><script>alert(99.9)</script>71.0</td></tr></table>")  # fmt: skip
    assert [(claim.benchmark, claim.said) for claim in reading.claims] == [("mmlu", "71.0")]


def test_mixed_line_ends_change_nothing() -> None:
    assert [claim.said for claim in card(GOOD.replace("\n", "\r\n")).claims] == ["70.1"]
    assert [claim.said for claim in card(GOOD.replace("\n", "\r")).claims] == ["70.1"]


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"a": ' * 50_000, "{}", "[1, 2]", '{"results": 3}', "\x00"])
def test_unreadable_files_are_problems(text: str) -> None:
    with pytest.raises(UserError):
        read_any(text, url="file.json")


CELLS = st.text(alphabet=string.printable + "—–~±≥†✱μ²م", max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6), st.sampled_from(["md", "html"]))
def test_any_table_is_read_without_an_error_and_within_bounds(rows: list[list[str]], form: str) -> None:
    if form == "md":
        body = "\n".join("| MMLU | " + " | ".join(row) + " |" for row in rows)
        text = f"| Benchmark | Odd-7B | A | B | C |\n|---|---|---|---|---|\n{body}\n"
    else:
        body = "".join("<tr><td>MMLU</td>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        text = f"<table><tr><th>Benchmark</th><th>Odd-7B</th><th>A</th></tr>{body}</table>"
    reading = card(text)
    for claim in (*reading.claims, *reading.mentions):
        if claim.benchmark == "mmlu" and claim.interval is not None and claim.interval.value is not None:
            assert 0 <= claim.interval.value <= 1


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=0, max_value=100, places=1))
def test_a_printed_score_comes_back_as_its_fraction(number: object) -> None:
    reading = card(f"| Benchmark | Odd-7B |\n|---|---|\n| MMLU | {number} |\n| GSM8K | 55.5 |\n")
    found = {claim.benchmark: claim for claim in reading.claims}
    interval = found["mmlu"].interval
    assert interval is not None and interval.value == pytest.approx(float(str(number)) / 100)
    assert found["mmlu"].said == str(number)
