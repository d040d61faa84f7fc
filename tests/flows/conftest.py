"""A verification of the demo release as a user runs it: the program in a process of its own, a real server, Prefect."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from flows.demo import RELEASE


class Place:
    """A home folder and the program run against it."""

    def __init__(self, root: Path, prefect: Path) -> None:
        self.root = root
        self.environment: Mapping[str, str] = {
            **os.environ,
            "CLAIMCHECK_HOME": str(root),
            "CLAIMCHECK_LOCKS": str(root / "locks-of-devices"),
            "PREFECT_HOME": str(prefect),
            "PREFECT_API_URL": "",
        }

    def command(self, *arguments: str) -> list[str]:
        """The program with these arguments."""
        return [sys.executable, "-c", "from flows.cli import main; main()", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        # into a file: a pipe would wait for whatever might outlive the program
        with (self.root.parent / "stdout").open("w+") as out, (self.root.parent / "stderr").open("w+") as errors:
            done = subprocess.run(
                self.command(*arguments), env=self.environment, stdout=out, stderr=errors, check=False
            )
            out.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), errors.read())

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it and go on."""
        with (self.root.parent / "started.log").open("w") as log:
            return subprocess.Popen(self.command(*arguments), env=self.environment, stdout=log, stderr=log, text=True)


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Prefect database for all: making it takes longer than using it."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture
def place(tmp_path: Path, prefect_home: Path) -> Place:
    """An empty home folder."""
    return Place(tmp_path / "home", prefect_home)


def copy_of_demo(folder: Path, name: str = "demo-model-1.5M", *, keep: str = "", without: str = "") -> Path:
    """The demo release in a folder of its own, under a name of its own.

    keep: of the rows of its tables only those that this matches; without: all but those. Fewer claims are fewer runs.
    """
    release = Path(shutil.copytree(RELEASE, folder / name))
    card = release / "README.md"
    kept = []
    for line in card.read_text().replace("demo-model-1.5M", name).splitlines():
        row = line.startswith("| ") and not line.startswith(("| Benchmark |", "| Spec", "| Speed |"))
        if not row or (re.search(keep, line) and not (without and re.search(without, line))):
            kept.append(line)
    card.write_text("\n".join(kept) + "\n")
    return release


@pytest.fixture(scope="session")
def without_speeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo release without its claims about speed: what a machine that runs other tests can judge."""
    return copy_of_demo(tmp_path_factory.mktemp("release"), without=r"\b[Ss]peed\b|3-shot|non-thinking")


@pytest.fixture
def one_claim(tmp_path: Path) -> Path:
    """The demo release with one claim, which one run decides: a whole one has 1,600 items."""
    return copy_of_demo(tmp_path / "release", keep=r"0-shot, strict")


@pytest.fixture(scope="session")
def verified(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path, without_speeds: Path) -> Place:
    """A home folder in which `without_speeds` was verified."""
    found = Place(tmp_path_factory.mktemp("verified") / "home", prefect_home)
    done = found.run("verify", str(without_speeds))
    assert done.returncode == 0, done.stderr
    return found
