"""A full disk: one line, and nothing that was finished is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators.files import write_atomic
from evaluators.user_error import CannotWrite
from flows.cli import run_command
from flows.demo import RELEASE
from flows.runtime.disk_space import NoRoom
from flows.verification.failures import failure_reason
from tests.flows.conftest import Place
from tests.reports.many_claims import make_home
from warehouse.home import Home
from warehouse.queries.table import table_rows

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no byte."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 10):
            try:
                while True:
                    os.write(filler.fileno(), b"x" * size)
            except OSError:
                continue


@pytest.mark.parametrize("small_disk", ["1m"], indirect=True)
def test_too_small_a_disk_is_seen_before_anything_starts(small_disk: Path, prefect_home: Path) -> None:
    place = Place(small_disk / "home", prefect_home)
    done = place.run("verify", str(RELEASE))
    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()
    assert "too little for a run" in line
    assert not place.root.exists()


@pytest.mark.long
@pytest.mark.parametrize("small_disk", ["120m"], indirect=True)
def test_a_disk_that_fills_up_loses_no_answer(
    small_disk: Path, prefect_home: Path, tmp_path: Path, one_claim: Path
) -> None:
    place = Place(small_disk / "home", prefect_home)
    log = tmp_path / "log"
    command = place.command("verify", str(one_claim), "--full")
    with log.open("w") as out:
        process = subprocess.Popen(command, env=place.environment, stdout=out, stderr=out)
    while not list(place.root.glob("runs/*/journal.sqlite")):
        assert process.poll() is None, log.read_text()
    fill(small_disk)
    assert process.wait(timeout=120) == 3, log.read_text()
    last = log.read_text().strip().splitlines()[-1]
    assert last.startswith("claimcheck: ") and "free some space" in last
    (small_disk / "filler").unlink()
    again = subprocess.run(command, env=place.environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "1,600 of 1,600" in again.stdout


COMMANDS = (
    ["claims", "add", "vendor-1/model-0001", "GSM8K", "77.7", "--source", "https://x.example"],
    ["rebuild"], ["report"], ["table"], ["query", "from claims"],
)  # fmt: skip


@pytest.mark.parametrize("small_disk", ["40m"], indirect=True)
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(words, marks=[pytest.mark.long] * (number > 2), id=words[0])
        for number, words in enumerate(COMMANDS)
    ],
)
def test_a_full_disk_costs_a_command_one_line_and_no_row(
    command: list[str], small_disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While claims are stored, tables loaded, pages written: the same command goes on once there is space."""
    home = make_home(small_disk / "home", releases=4, claims=4)
    monkeypatch.setenv("CLAIMCHECK_HOME", str(home.root))
    before = _rows(home)
    fill(small_disk)
    code = run_command(command)
    told = capsys.readouterr().err.strip().splitlines()
    if command[0] in ("table", "query"):
        assert code == 0, told
    else:
        assert code == 3 and len(told) == 1 and "space" in told[0], (code, told)
    (small_disk / "filler").unlink()
    assert run_command(command) == 0, capsys.readouterr().err
    after = _rows(home)
    assert before <= after and len(after - before) == (command[0] == "claims")


def _rows(home: Home) -> set[tuple[str, str]]:
    return {(str(row["claim_id"]), str(row["outcome"])) for row in table_rows(home)}


@pytest.mark.parametrize("small_disk", ["1m"], indirect=True)
def test_a_full_disk_is_no_verdict(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(CannotWrite) as full:
        write_atomic(small_disk / "some.json", b"x" * 9999)
    for error in (full.value, NoRoom("too full"), OSError(28, "No space left on device")):
        with pytest.raises(type(error)):
            failure_reason(error, small_disk, "GSM8K")
