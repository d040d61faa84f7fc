"""A clock that is set during a run, and a run that was interrupted for days, make no cost of days or below zero."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from evaluators.harness import run_benchmark
from evaluators.records import Run, Settings
from evaluators.run_manifest import read_manifest, write_manifest
from tests.harness.conftest import SUMS
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer, generated
from warehouse.home import Home
from warehouse.load import load_home
from warehouse.queries.verification import costs

ITEMS = 8


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """The folder of runs with one run, and the run."""
    folder = tmp_path_factory.mktemp("made") / "runs"
    with ScriptedServer({"/v1/completions": lambda _: generated(" #### 1")}) as server:
        return folder, run_benchmark(SUMS, ARTIFACT, server, Settings(), folder=folder, limit=ITEMS, checks=False)


@pytest.mark.parametrize("jump", [timedelta(0), timedelta(hours=-3), timedelta(hours=5), timedelta(days=9)])
def test_an_item_costs_what_answers_took_at_most(jump: timedelta, made: tuple[Path, Run], tmp_path: Path) -> None:
    folder, run = made
    home = Home(tmp_path / "home")
    shutil.copytree(folder, home.runs)
    place = home.runs / run.run_id
    kept = read_manifest(place)
    assert kept is not None and kept.finished is not None
    write_manifest(place, kept.model_copy(update={"finished": kept.finished + jump}))
    load_home(home)
    [cost] = costs(home, run.release.model, "attached").values()
    assert 0 < cost.seconds < 60 and cost.requests == 1
