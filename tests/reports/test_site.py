"""The site as files: sizes, what is left alone, data, feed, reviews, and what a new outcome looks like."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.user_error import UserError
from tests.reports.many_claims import make_home, one_of_each
from tests.verdicts.cases import NOW
from warehouse.claim_records import Outcome
from warehouse.home import Home
from warehouse.load import save_claims, save_verdicts
from warehouse.reports.odds import odds
from warehouse.reports.outcome_words import OUTCOMES, outcome_words
from warehouse.reports.repeat_command import repeat_command
from warehouse.reports.site.addresses import release_path
from warehouse.reports.site.axis import LEFT, RIGHT, axis_of
from warehouse.reports.site.colours import COLOURS, contrast
from warehouse.reports.site.overviews import glossary
from warehouse.reports.site.safe_text import safe_text
from warehouse.reports.site.site import write_site
from warehouse.store import reading

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("home"), releases=1, claims=31)
    claims, verdicts = one_of_each()
    save_claims(home, claims)
    save_verdicts(home, verdicts)
    return home


@pytest.fixture(scope="module")
def site(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site") / "pages"
    write_site(home, str(to), base_url="https://example.org/claims/", now=NOW)
    return to


def test_a_page_of_a_release_stays_small(site: Path) -> None:
    pages = sorted((site / "releases").rglob("model-*.html"))
    assert len(pages) == 2  # a release of 31 claims, 30 on a page
    assert max(page.stat().st_size for page in pages) < 100_000


def test_links_lead_somewhere(site: Path) -> None:
    from selectolax.lexbor import LexborHTMLParser

    for page in site.rglob("*.html"):
        for link in LexborHTMLParser(page.read_text(encoding="utf-8")).css("a[href], link[rel=stylesheet]"):
            href = str(link.attributes["href"]).partition("#")[0]
            if href and not href.startswith("https:"):
                assert (page.parent / href).is_file(), (page, href)


@pytest.mark.long
def test_nothing_new_writes_nothing_and_what_is_gone_goes(home: Home, tmp_path: Path) -> None:
    to = tmp_path / "pages"
    first = write_site(home, str(to), now=NOW)
    assert first.written == first.files
    assert write_site(home, str(to), now=NOW).written == 0
    one = write_site(home, str(to), model="vendor-of-each/model", now=NOW)
    assert one.files < first.files
    assert not (to / "releases/vendor-0/model-0000.html").exists()
    found = {str(path.relative_to(to)) for path in to.rglob("*") if path.is_file()} - {"files.json"}
    assert found == set(json.loads((to / "files.json").read_text()))


def test_a_folder_of_other_files_is_left_alone(home: Home, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="holds other files"):
        write_site(home, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.long
def test_an_fsspec_address_gets_the_same_files(home: Home, site: Path) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.rm("/pages", recursive=True) if files.exists("/pages") else None
    write_site(home, "memory://pages", base_url="https://example.org/claims/", now=NOW)
    for path in ("index.html", "feed.xml", "releases/vendor-0/model-0000.html", "files.json"):
        assert files.cat_file(f"/pages/{path}") == (site / path).read_bytes()


def test_data_files_hold_the_same_rows(site: Path) -> None:
    rows = json.loads((site / "index.json").read_text())
    table = pyarrow.parquet.read_table(site / "index.parquet")
    cells = list(csv.DictReader(io.StringIO((site / "index.csv").read_text())))
    ids = [row["claim_id"] for row in rows]
    assert ids == table.column("claim_id").to_pylist() == [row["claim_id"] for row in cells]
    assert len(ids) == len(set(ids)) == 31 + len(Outcome)
    assert [float(row["measured"]) if row["measured"] else None for row in cells] == table.column(
        "measured"
    ).to_pylist()
    part = json.loads((site / "releases/vendor-0/model-0000.json").read_text())
    assert [row for row in rows if row["model"] == "vendor-0/model-0000"] == part


def test_every_column_is_described(home: Home, site: Path) -> None:
    sql = "select column_name, comment from duckdb_columns() where table_name = 'claims_vs_measured'"
    with reading(home) as connection:
        columns = dict(connection.execute(sql).fetchall())
    assert len(columns) > 40
    page = (site / "columns.html").read_text()
    for name, comment in columns.items():
        assert comment and len(comment) > 10 and comment.endswith((".", "...")), name
        assert f"<code>{name}</code>" in page


def test_one_claim_of_two_sources_is_one_row(tmp_path: Path) -> None:
    claims, verdicts = one_of_each()
    first = claims[0]
    source = first.source.model_copy(update={"url": "https://other.example", "read_at": NOW + timedelta(days=1)})
    again = first.model_copy(update={"claim_id": "f" * 16, "source": source, "place": "line 9"})
    other = first.model_copy(update={"claim_id": "e" * 16, "settings": first.settings.model_copy(update={"shots": 7})})
    home = Home(tmp_path)
    save_claims(home, [first, again, other])
    save_verdicts(home, [verdicts[1].model_copy(update={"claim_id": again.claim_id})])
    with reading(home) as connection:
        rows = connection.execute("select claim_id, outcome, len(sources) from claims_vs_measured").fetchall()
    assert sorted(rows) == [(other.claim_id, "unverified", 1), (again.claim_id, "confirmed", 2)]


@pytest.mark.long
def test_the_feed_keeps_its_ids(home: Home, site: Path, tmp_path: Path) -> None:
    write_site(home, str(tmp_path / "pages"), base_url="https://elsewhere.example", now=NOW)
    ids = []
    for folder in (site, tmp_path / "pages"):
        entries = ElementTree.parse(folder / "feed.xml").getroot().findall(f"{ATOM}entry")
        ids.append([entry.findtext(f"{ATOM}id") for entry in entries])
    assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0]) > 30


def test_only_what_rates_a_claim_is_a_review(site: Path) -> None:
    claims, verdicts = one_of_each()
    for claim, verdict in zip(claims, verdicts, strict=True):
        page = (site / f"claims/{claim.claim_id}.html").read_text()
        text = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
        rates = verdict.outcome in (Outcome.confirmed, Outcome.above_claim, Outcome.below_claim)
        assert bool(text) == rates, verdict.outcome
        if rates:
            review = json.loads(text)
            assert review["url"] == f"https://example.org/claims/claims/{claim.claim_id}.html"
            assert (review["reviewRating"]["ratingValue"] == 1) == (verdict.outcome is Outcome.below_claim)


def test_pictures_are_there_and_right(site: Path) -> None:
    for picture in site.rglob("*.png"):
        data = picture.read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (1200, 630)
        ElementTree.parse(picture.with_suffix(".svg"))
    for badge in (site / "releases").rglob("*.badge.svg"):
        ElementTree.parse(badge)


def test_every_outcome_has_words_of_its_own() -> None:
    assert {outcome.value for outcome in Outcome} <= OUTCOMES.keys()
    words = [one.words for one in OUTCOMES.values()]
    assert len(set(words)) == len(words)
    assert all(one.colour in COLOURS["light"] for one in OUTCOMES.values())
    assert outcome_words("half_proven").words == "half proven"
    assert len(glossary()) == 12


@pytest.mark.parametrize("scheme", COLOURS)
def test_text_stands_out(scheme: str) -> None:
    colours = COLOURS[scheme]
    for ground in ("ground", "panel"):
        for ink in ("text", "quiet", "link", "good", "bad", "info", "doubt", "odd"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


@given(st.text(max_size=400))
def test_plain_text_cannot_turn_or_hide(text: str) -> None:
    shown = safe_text(text, 100)
    assert len(shown) <= 100
    assert shown.isprintable()
    assert safe_text(shown, 100) == shown


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_releases_have_addresses_of_their_own(one: str, other: str) -> None:
    paths = [release_path(name) for name in (one, other)]
    assert (paths[0] == paths[1]) == (one == other)
    assert all(".." not in path.split("/") and path.isascii() for path in paths)


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=6), st.sampled_from(["fraction", "tok/s", "elo", "bytes"]))
def test_values_stand_on_their_axis(values: list[float], unit: str) -> None:
    axis = axis_of(values, unit)
    assert axis is not None
    places = [axis.place(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(LEFT <= place <= RIGHT for place in places)
    assert 1 <= len(axis.ticks) <= 13


def test_no_axis_of_scores_ends_above_100() -> None:
    axis = axis_of([0.273, 0.771, 0.994 + 0.03], "fraction")
    assert axis is not None and axis.high == 1.0
    assert [label for _, label in axis.ticks][-1] == "100"


def test_words_of_a_card_cannot_leave_the_command() -> None:
    release = {"model": "a; rm -rf ~", "commit": "c0ffee", "location": "hub"}
    run = {"release": release, "artifact": None, "server": None, "benchmark": "$(reboot)"}
    assert (
        repeat_command(run, "a; rm -rf ~")
        == "claimcheck verify 'a; rm -rf ~' --revision c0ffee --benchmark '$(reboot)' --again"
    )
    assert repeat_command({**run, "ran_by": "imported"}, "a; rm -rf ~") is None
    quantized = repeat_command(run, "vendor/model")
    assert quantized == "claimcheck verify vendor/model --weights 'a; rm -rf ~@c0ffee' --benchmark '$(reboot)' --again"


def test_odds() -> None:
    assert (odds(3.7), odds(0.0), odds(50.0)) == ("40 : 1", "1.0 : 1", "more than a million : 1")
