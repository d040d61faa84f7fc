"""The guides: every command in them is one that exists, and the cheap ones are run in an empty folder.

Blocks of commands are marked: `sh` is run; `sh demo` stands for a verification and is replaced by a made home; `sh hub`
needs the hub or a server and `sh files` needs files, so their words are parsed only.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from flows.cli import run_command
from flows.cli.app import build_app
from flows.config import Configuration
from flows.runtime.verbosity import take_verbosity
from tests.reports.many_claims import make_home
from warehouse.reports.site.overviews import glossary

GUIDES = Path(__file__).parents[2] / "deploy" / "guides"
READERS = ("analyst", "columnist", "engineer", "hobbyist")
BLOCK = re.compile(r"^ *```(\w+)(?: (\w+))?\n(.*?)^ *```$", re.M | re.S)
LONGEST = 75
"""Lines of a guide of one page."""


def blocks(name: str) -> list[tuple[str, str, str]]:
    """(language, mark, text) of each block of a guide."""
    return [found.groups(default="") for found in BLOCK.finditer((GUIDES / f"{name}.md").read_text(encoding="utf-8"))]  # type: ignore[misc]


def words(line: str) -> list[str]:
    program, *rest = shlex.split(line)
    assert program == "claimcheck", line
    return rest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAIMCHECK_HOME", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path


def test_there_is_one_a_reader_on_one_page() -> None:
    assert {path.stem for path in GUIDES.glob("*.md")} == {*READERS, "glossary"}
    for name in READERS:
        text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LONGEST and "(glossary.md)" in text


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in ("analyst", "hobbyist"))) for name in READERS]
)
def test_its_commands_work_in_an_empty_folder(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = 0
    for language, mark, text in blocks(name):
        if language == "toml":
            assert set(tomllib.loads(text)) <= set(Configuration.__dataclass_fields__)
        if language == "python":
            exec(compile(re.sub("^   ", "", text, flags=re.M), name, "exec"), {})
        if language != "sh":
            continue
        if mark == "demo":
            make_home(folder / "claimcheck-data", releases=2, claims=5)
        for line in text.strip().splitlines():
            if mark in ("demo", "hub", "files"):
                build_app().parse_args(take_verbosity(words(line)), exit_on_error=False, print_error=False)
                continue
            given = words(line)
            if "ID" in given:
                given[given.index("ID")] = _first_claim(folder)
            assert run_command(given) == 0, f"{line}: {capsys.readouterr().err}"
            assert capsys.readouterr().out, line
            ran += 1
    assert ran >= 3


def _first_claim(folder: Path) -> str:
    import claimcheck

    home = claimcheck.open_home(folder / "claimcheck-data")
    return str(home.query("select claim_id from claims_vs_measured where measured is not null")[0]["claim_id"])


def test_the_notebook_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_home(folder / "claimcheck-data", releases=1, claims=5)
    names: dict[str, object] = {}
    cells = json.loads((GUIDES / "table.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for cell in code:
        exec(compile(cell, "table.ipynb", "exec"), names)
    assert len(code) == 4 and "measured" in capsys.readouterr().out
    assert all(cell.get("outputs") in (None, []) for cell in cells)


def test_the_glossary_is_that_of_the_pages() -> None:
    text = " ".join((GUIDES / "glossary.md").read_text(encoding="utf-8").split())
    found = dict(glossary())
    assert len(found) == 12
    for word, meaning in found.items():
        assert f"- **{word}**: {' '.join(str(meaning).split())}" in text
