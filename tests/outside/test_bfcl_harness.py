"""BFCL's own data and grades against servers whose truth is planted, through the loop of all harnesses.

Its environment (196 MB) is made from the package index: `make test-agents`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.outside.harnesses.bfcl import Bfcl
from evaluators.outside.harnesses.bfcl_driver import gold_answer
from evaluators.outside.harnesses.harness import Endpoint, HarnessSetup
from evaluators.outside.harnesses.idle_server import idle_server
from evaluators.outside.harnesses.task_journal import TaskJournal
from evaluators.outside.harnesses.task_loop import LoopEnd, LoopOrder, run_tasks
from evaluators.records import ItemStatus
from evaluators.stopping import RunAll
from tests.harness.scripted_server import ScriptedServer, messaged

pytestmark = pytest.mark.agents
KEY = "the-key-of-the-server-0123456789"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("CLAIMCHECK_AGENTS_HOME") or tmp_path_factory.mktemp("home"))


def bfcl(name: str, home: Path, items: int | None = None) -> Bfcl:
    """The harness; `items`: only so many."""
    made = Bfcl(HarnessSetup(benchmark(name), home, home / "work"))
    made.category_of = dict(list(made.category_of.items())[:items])
    return made


def solved(name: str) -> bool:
    """The planted truth: three of four."""
    return hashlib.sha256(name.encode()).digest()[0] % 4 != 0


@contextmanager
def planted(harness: Bfcl, dies_after: int | None = None) -> Iterator[ScriptedServer]:
    """A server that knows the answers of the solved items and calls nothing for the others."""
    truth, known = {}, {}
    for category in harness.categories:
        questions = [json.loads(line) for line in (harness.data / f"BFCL_v4_{category}.json").open()]
        known |= {row["question"][0][-1]["content"]: row for row in questions}
        answers = harness.data / "possible_answer" / f"BFCL_v4_{category}.json"
        truth |= {row["id"]: row["ground_truth"] for row in map(json.loads, answers.open())}

    def answer(body: Any) -> Any:
        row = known[body["messages"][-1]["content"]]
        if dies_after is not None and len(server.answered) >= dies_after:
            return 500, {"error": {"message": "out of memory"}}, {}
        server.answered.append(row["id"])
        if not solved(row["id"]):
            return messaged("I do not know.")
        calls = [
            {"id": f"c{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for place, call in enumerate(gold_answer(truth[row["id"]], row["function"]))
            for name, arguments in call.items()
        ]
        return messaged(None, tool_calls=calls)

    with ScriptedServer({"/v1/chat/completions": answer}) as server:
        server.answered = []  # type: ignore[attr-defined]
        yield server


def run(harness: Bfcl, folder: Path, url: str, alive: Callable[[], bool] = lambda: True, slots: int = 8) -> LoopEnd:
    with idle_server() as idle:
        order = LoopOrder(
            folder=folder, endpoint=Endpoint(f"{url}/v1", "fake", slots), idle=idle, key=KEY, alive=alive,
            rule=RunAll(), score=("accuracy", "none"), order_seed=3,
        )  # fmt: skip
        return run_tasks(harness, TaskJournal(folder / "tasks.jsonl"), order)


def test_the_planted_score_comes_out_item_by_item(home: Path, tmp_path: Path) -> None:
    harness = bfcl("bfcl_v4_simple_python", home)
    with planted(harness) as server:
        end = run(harness, tmp_path, server.url)
        asked = Counter(server.answered)  # type: ignore[attr-defined]
    assert end.reason is None
    assert {item.id: item.score for item in end.prefix} == {name: float(solved(name)) for name in harness.items()}
    assert len(end.prefix) == end.total == 400
    assert (end.refused, end.chance) == ((), 0.0)
    assert set(asked.values()) == {1}
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_server_that_dies_half_way_costs_nothing(home: Path, tmp_path: Path) -> None:
    """bfcl-eval itself would end with exit code 0 and score every unanswered item 0."""
    harness = bfcl("bfcl_v4_simple_python", home, 130)
    with planted(harness, dies_after=90) as server:
        end = run(harness, tmp_path, server.url, alive=lambda: False)
        first = list(server.answered)  # type: ignore[attr-defined]
    assert end.reason is not None
    assert "does not answer" in end.reason
    assert len(first) == 90
    assert all(item.score == float(solved(item.id)) for item in end.prefix)
    with planted(harness) as server:
        end = run(harness, tmp_path, server.url)
        asked = Counter(first + server.answered)  # type: ignore[attr-defined]
    assert end.reason is None
    assert {item.id: item.score for item in end.prefix} == {name: float(solved(name)) for name in harness.items()}
    assert not any(item.status is ItemStatus.failed for item in end.prefix)
    assert len(asked) == 130
    assert set(asked.values()) == {1}


def test_a_dead_endpoint_is_no_score(home: Path, tmp_path: Path) -> None:
    harness = bfcl("bfcl_v4_simple_python", home, 70)
    end = run(harness, tmp_path, "http://127.0.0.1:9", alive=lambda: False)
    assert (end.prefix, end.reason is not None) == ((), True)


def test_who_calls_nothing_gets_all_of_irrelevance(home: Path, tmp_path: Path) -> None:
    harness = bfcl("bfcl_v4_irrelevance", home, 64)
    with idle_server() as idle:
        (_, nothing) = harness.controls(tmp_path / "controls", harness.items(), idle)
        assert nothing.expected is None
        end = run(harness, tmp_path, idle.url.removesuffix("/v1"))
    assert end.chance == 1.0
    assert benchmark("bfcl_v4_irrelevance").chance == 1.0


@pytest.mark.parametrize("name", ["multiple", "parallel", "parallel_multiple", "live", "multi_turn"])
def test_the_packages_own_answers_are_right(name: str, home: Path, tmp_path: Path) -> None:
    """Items whose own answer is not accepted are refused before anything is paid: few may be."""
    from evaluators.outside.harnesses.run_step import run_step

    harness = bfcl(f"bfcl_v4_{name}", home)
    assert len(harness.items()) == benchmark(f"bfcl_v4_{name}").items
    with idle_server() as idle:
        gold = harness.controls(tmp_path, harness.items(), idle)[0]
    assert run_step(gold.steps[0], gold.folder, None) == 0
    scores = [item.score for item in harness.read(gold.folder)]
    assert len(scores) == len(harness.items())
    assert sum(score != 1.0 for score in scores) <= 0.01 * len(scores)
