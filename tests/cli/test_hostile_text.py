"""A ledger full of markup, terminal commands and formulas: every command shows it as text."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.imported_origin import Imported
from evaluators.run_manifest import write_manifest
from flows.cli import run_command
from flows.cli.mcp_command import read_only_server
from flows.cli.output import json_line
from flows.runtime.plain_text import printable
from tests.verdicts.cases import NOW, make_lock, make_measurement, make_run
from warehouse.claim_records import Verdict
from warehouse.claims.sentences.candidate_store import keep_candidates
from warehouse.home import Home
from warehouse.load import load_home, save_criteria, save_verdicts
from warehouse.queries.verification import claims_of
from warehouse.reports.spreadsheet_text import FORMULA
from warehouse.verdicts import could_not_run, judge

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
GSM8K = benchmark("gsm8k")
EVIL = (
    "crash[/nope]", "[bold red]PWNED[/][link=http://evil.example]click[/link]", "\x1b]0;TITLE\x07\x1b[2J\x1b[31mred",
    "\x1b]52;c;cHduZWQ=\x07", "c1\x9b31m\x9d0;x\x9c", "bidi\u202egnp.exe\u2066x\u2069", "=HYPERLINK(\"http://evil\",\"x\")",
    "zero\u200bwidth\u2060\ufeff", "<script>alert(1)</script>", "`rm -rf`|x|[y](javascript:z)", "\\[/]\\\\", ":bomb:",
)  # fmt: skip
COMMANDS = (
    ["table"], ["table", "--ids"], ["table", "--json"], ["claims", "list"], ["claims", "list", "--json"],
    ["claims", "conflicts"], ["query", "from claims"], ["query", "--json", "from claims_vs_measured"],
    ["rebuild"], ["results", "export", "{to}/results.csv"], ["claims", "export", "{to}/claims.csv"], ["doctor"],
    ["benchmarks", "list"], ["results", "export", "{to}/verdicts.csv", "--verdicts"],
    ["claims", "candidates"], ["claims", "candidates", "--json"], ["models", "alias"], ["completion", "bash"],
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose claims and verdicts hold EVIL in every text field."""
    root = tmp_path_factory.mktemp("hostile")
    rows = [
        {"model": f"evil/{evil}", "benchmark": "GSM8K", "said": "77.7", "source_url": f"http://x/{evil}"}
        for evil in EVIL
    ]
    rows += [{"model": "evil/one", "benchmark": evil, "said": "55", "source_url": "http://x"} for evil in EVIL]
    with (root / "evil.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    home = Home(root / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAIMCHECK_HOME", str(home.root))
        assert run_command(["claims", "import", str(root / "evil.csv")]) == 0
    models = sorted({f"evil/{evil}" for evil in EVIL} | {"evil/one"})
    claims = [claim for model in models for claim in claims_of(home, model)]
    verdicts: list[Verdict] = []
    for number, claim in enumerate(claims):
        evil = EVIL[number % len(EVIL)]
        verdict = could_not_run(claim, "server_failed", evil, now=NOW)
        if claim.benchmark == "gsm8k" and claim.interval is not None:
            bar = make_lock(claim, GSM8K)
            save_criteria(home, [bar])
            run = make_run(run_id=f"run-{number}", reason=evil, checks={evil: evil})
            write_manifest(home.runs / run.run_id, run)
            measured = make_measurement([1.0] * 50 + [0.0] * 50, benchmark="gsm8k", filter=bar.filter)
            verdict = judge(claim, bar, run, measured, now=NOW)
        verdicts.append(verdict)
    save_verdicts(home, verdicts)
    for number, evil in enumerate(EVIL):  # imported results, whose file says what it likes, and candidates
        origin = Imported(
            format="lm-eval results", path=evil, sha256="0" * 64, by=evil, harness=evil, model=evil, weights=evil,
            limited=evil, doubts=(evil,), notes=(evil,), imported_at=NOW,
        )  # fmt: skip
        measured = make_measurement([1.0] * 9 + [0.0], benchmark="gsm8k")
        run = make_run(run_id=f"imported-{number}", checks={evil: evil}, imported=origin, measurements=(measured,))
        write_manifest(home.runs / run.run_id, run)
    proposed = claims[: len(EVIL)]
    keep_candidates(home, [claim.model_copy(update={"note": evil}) for claim, evil in zip(proposed, EVIL, strict=True)])
    load_home(home)
    assert len(claims) >= 15
    return home


def ids(home: Home) -> list[str]:
    from warehouse.queries.table import table_rows

    return [str(row["claim_id"]) for row in table_rows(home)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_is_interpreted(
    command: list[str],
    hostile: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(hostile.root))
    code = run_command([part.format(to=tmp_path) for part in command])
    said, told = capsys.readouterr()
    assert code == 0 or command == ["doctor"], told
    assert said + told == printable(said + told)
    if "--json" in command:
        assert "\u202e" in json.dumps(json.loads(said), ensure_ascii=False), "JSON keeps the truth"
    for path in tmp_path.rglob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell)], path


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
def test_every_claim_is_shown(
    step: int, hostile: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(hostile.root))
    for claim in ids(hostile)[::step]:
        for command in (["show", claim], ["claims", "show", claim]):
            assert run_command(command) == 0
            said, told = capsys.readouterr()
            assert said + told == printable(said + told)


def test_markup_comes_out_as_it_was(
    hostile: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(hostile.root))
    monkeypatch.setenv("COLUMNS", "400")
    assert run_command(["table"]) == 0
    said = capsys.readouterr().out
    assert "evil/crash[/nope]" in said and "[bold red]PWNED[/]" in said and ":bomb:" in said


def test_cells_that_begin_like_formulas_are_quoted(
    hostile: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(hostile.root))
    target = tmp_path / "claims.csv"
    assert run_command(["claims", "export", str(target)]) == 0
    with target.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert any("HYPERLINK" in row["benchmark_text"] for row in rows)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert run_command(["claims", "import", str(target)]) == 0, "an export can be read again"


@pytest.mark.parametrize(
    "evil", [*EVIL[::4], *(pytest.param(text, marks=pytest.mark.long) for text in EVIL if text not in EVIL[::4])]
)
@pytest.mark.parametrize(
    "command", [["show"], ["claims", "show"], ["plan"], ["compare", "x/y", "--benchmark", "gsm8k"]]
)
def test_what_cannot_be_found_is_named_as_text(
    command: list[str], evil: str, hostile: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(hostile.root))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code = run_command([*command, evil])
    said, told = capsys.readouterr()
    assert code in (2, 3) and "unexpected" not in told, told
    assert said + told == printable(said + told)


def test_a_language_models_client_gets_json_without_commands(hostile: Home) -> None:
    pytest.importorskip("mcp")

    async def ask() -> list[str]:
        server: Any = read_only_server(hostile)
        asked = [("table", {}), ("query", {"sql": "from claims"})]
        asked += [("show", {"claim": claim}) for claim in ids(hostile)[:4]]
        return [text_of(await server.call_tool(name, arguments)) for name, arguments in asked]

    for text in asyncio.run(ask()):
        json.loads(text)
        assert text == printable(text)


def text_of(answer: Any) -> str:
    """The text of a tool's answer, whatever the library wraps it in."""
    content = getattr(answer, "content", answer)
    return "".join(str(part.text) for part in content)


def test_pictures_and_feed_are_xml_that_does_nothing(
    hostile: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(hostile.root))
    assert run_command(["report", "--to", str(tmp_path / "site")]) == 0
    said, told = capsys.readouterr()
    assert said + told == printable(said + told)
    pictures = list((tmp_path / "site").rglob("*.svg"))
    assert any(path.name.endswith(".badge.svg") for path in pictures)
    for path in [*pictures, tmp_path / "site" / "feed.xml"]:
        for element in ElementTree.parse(path).iter():
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "image", "iframe"), path
            assert not [name for name in element.attrib if name.lower().startswith("on")], path
            assert not str(element.get("href", "")).lower().lstrip().startswith("javascript:"), path


def test_json_of_any_values() -> None:
    moment, said = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "a\x7f\u202eb"
    row: dict[Any, Any] = {"at": moment, "parts": (1, None, True), "text": said, 7: {"deep": [moment, Path("/a")]}}
    iso = "2026-01-02T03:04:05Z"
    plain = {"at": iso, "parts": [1, None, True], "text": said, "7": {"deep": [iso, "/a"]}}
    for numbers, expected in ([1.5], [1.5]), ([1.5, math.nan, -math.inf], [1.5, None, None]):
        line = json_line(row | {"numbers": numbers}, indent=2)
        assert json.loads(line) == plain | {"numbers": expected} and not {"\x7f", "\u202e"} & set(line)


def test_only_what_is_not_printed_becomes_a_space() -> None:
    assert printable("é\ta\x1b[0m\n\u202eb\r\n\n☃") == "é a [0m\n b \n\n☃"
