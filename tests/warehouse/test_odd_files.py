"""Pipes, folders and sockets where files belong, and files where folders do: named in one line, never waited for."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluators.files import read_plain
from flows.cli import run_command
from tests.reports.many_claims import make_home
from warehouse.home import Home
from warehouse.load import load_home, rebuild_database
from warehouse.store import reading


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pattern") / "home"
    home = make_home(root, releases=1, claims=2)
    load_home(home)
    with reading(home):
        pass
    return root


@pytest.fixture
def home(pattern: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shutil.copytree(pattern, tmp_path / "home")
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A test that waits for a pipe fails."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def bind(path: Path) -> None:
    """A socket; its address may have 100 characters only."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


THINGS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo, "folder": lambda path: (path.mkdir(), (path / "x").touch()), "socket": bind,
}  # fmt: skip
SHARP = ("pipe", *(pytest.param(thing, marks=pytest.mark.long) for thing in ("folder", "socket")))
PLACES = ("warehouse.duckdb", ".warehouse/working.duckdb", ".warehouse/working.duckdb.token", ".warehouse/published",
          ".warehouse/lock", ".warehouse/rebuild.lock", ".warehouse/rebuild.duckdb", ".warehouse/working.duckdb.wal",
          ".warehouse")  # fmt: skip


def replaced(path: Path, thing: str) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    THINGS[thing](path)


@pytest.mark.parametrize("thing", SHARP)
@pytest.mark.parametrize("place", PLACES)
def test_in_the_place_of_the_database(place: str, thing: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    if (place, thing) == (".warehouse", "folder"):
        pytest.skip("it is one")
    replaced(home.root / place, thing)
    assert run_command(["table"]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert place in line and "claimcheck rebuild" in line
    assert run_command(["rebuild"]) == 3
    told = capsys.readouterr()
    assert str(home.root / place) in told.out + told.err and list(home.damaged.rglob("*"))
    assert run_command(["rebuild"]) == 0 == run_command(["table"])


@pytest.mark.parametrize("thing", SHARP)
@pytest.mark.parametrize("kind", ["claims/*.jsonl", "criteria/*.json", "verdicts/*.json", "runs/*/run.json"])
def test_in_the_place_of_a_record(kind: str, thing: str, home: Home) -> None:
    path = sorted(home.root.glob(kind))[0]
    replaced(path, thing)
    load_home(home)
    assert any(str(path.parent) in line for line in rebuild_database(home).damaged)


@pytest.mark.parametrize("place", ["candidates/" + "0" * 64 + ".jsonl", "model_aliases.json", "watch.yaml"])
@pytest.mark.parametrize("thing", THINGS)
def test_in_the_place_of_what_people_wrote(
    place: str, thing: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.root / place).parent.mkdir(exist_ok=True)
    replaced(home.root / place, thing)
    command = {"watch.yaml": ["weekly", "--dry-run"], "model_aliases.json": ["models", "alias"]}.get(
        place, ["claims", "candidates"]
    )
    assert run_command(command) in (2, 3)
    [line] = capsys.readouterr().err.splitlines()
    assert place in line


@pytest.mark.parametrize("name", ["claims", "runs", "verdicts"])
def test_a_file_in_the_place_of_a_folder(name: str, home: Home) -> None:
    shutil.rmtree(home.root / name)
    (home.root / name).touch()
    assert any(str(home.root / name) in line for line in rebuild_database(home).damaged)
    assert not (home.root / name).is_file()


def test_only_plain_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_plain(tmp_path / "link") == b"x"
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="no plain file"):
            read_plain(path)
