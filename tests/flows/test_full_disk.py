"""A full disk: one line, and nothing that was finished is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.demo import RELEASE
from tests.flows.conftest import Place

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
    with (small_disk / "filler").open("wb") as filler:
        try:
            while True:
                os.write(filler.fileno(), b"x" * (1 << 16))
        except OSError:
            pass
    assert process.wait(timeout=120) == 2, log.read_text()
    last = log.read_text().strip().splitlines()[-1]
    assert last.startswith("claimcheck: ") and "free some space" in last
    (small_disk / "filler").unlink()
    again = subprocess.run(command, env=place.environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "1,600 of 1,600" in again.stdout
