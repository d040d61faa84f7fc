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

    keep: of the rows of its tables, and of the result in its front matter ("model-index"), only those that this
    matches; without: all but those. Fewer claims are fewer runs.
    """
    release = Path(shutil.copytree(RELEASE, folder / name))
    card = release / "README.md"

    def wanted(claim: str) -> bool:
        return bool(re.search(keep, claim)) and not (without and re.search(without, claim))

    front, _, rest = card.read_text().replace("demo-model-1.5M", name).partition("\n---\n")
    if not wanted("model-index"):
        front = front.partition("\nmodel-index:")[0]
    kept = []
    for line in rest.splitlines():
        row = line.startswith("| ") and not line.startswith(("| Benchmark |", "| Spec", "| Speed |"))
        if not row or wanted(line):
            kept.append(line)
    card.write_text("\n".join([front, "---", *kept]) + "\n")
    return release


@pytest.fixture(scope="session")
def each_kind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo release with a claim of each kind: true and stated, true and left open, a lie, facts of the files."""
    few = r"^\| Demo Sums \| 99|thinking, strict|\(acc\)|Parameters|Context"
    return copy_of_demo(tmp_path_factory.mktemp("release"), keep=few)


@pytest.fixture
def one_claim(tmp_path: Path) -> Path:
    """The demo release with one claim, which one run of a thousand items decides."""
    return copy_of_demo(tmp_path / "release", keep=r"0-shot, strict")


@pytest.fixture(scope="session")
def verified(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path, each_kind: Path) -> Place:
    """A home folder in which `each_kind` was verified."""
    found = Place(tmp_path_factory.mktemp("verified") / "home", prefect_home)
    done = found.run("verify", str(each_kind))
    assert done.returncode == 0, done.stderr
    return found
