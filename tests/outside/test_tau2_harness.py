"""tau2's own airline tasks against a server whose truth is planted, through the loop of all harnesses.

The server plays both the model and the customer. Its environment (732 MB) is made from the package index:
`make test-agents`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.outside.harnesses.harness import Endpoint, HarnessSetup
from evaluators.outside.harnesses.idle_server import idle_server
from evaluators.outside.harnesses.task_journal import TaskJournal
from evaluators.outside.harnesses.task_loop import LoopEnd, LoopOrder, run_tasks
from evaluators.outside.harnesses.tau2 import Tau2
from evaluators.records import ItemStatus
from evaluators.stopping import RunAll
from tests.demo_agents.test_mini_swe_agent import home
from tests.harness.scripted_server import ScriptedServer, messaged

pytestmark = pytest.mark.agents
__all__ = ["home"]
KEY, USER_KEY = "the-key-of-the-server-0123456789", "the-key-of-the-customer-98765"
TASKS = ("2", "3", "7", "8", "9", "11")
"""Tasks that doing nothing does not solve."""
SOLVED = ("2", "7", "8", "11")
FREE = ("0", "1")
"""Tasks that doing nothing solves: a refusal is what they want."""
MARK = "This is task "


def tau2(home: Path, ids: Sequence[str], user: Endpoint | None = None) -> Tau2:
    setup = HarnessSetup(benchmark("tau2_bench_airline"), home, home / "work", user=user, user_key=USER_KEY)
    made = Tau2(setup)
    assert len(made.items()) == setup.benchmark.items
    made.items = lambda: tuple(ids)  # type: ignore[method-assign]
    return made


def acting(message: dict[str, Any]) -> bool:
    return message["role"] == "assistant" and bool(message.get("tool_calls"))


@contextmanager
def planted(harness: Tau2, dies_after: int | None = None) -> Iterator[ScriptedServer]:
    """Solved tasks are done by the expected actions, the others refused. `begun`: tasks, by their first request."""
    tasks = {task["id"]: task for task in json.loads((harness.data / "tasks.json").read_text())}
    scenes = {task["user_scenario"]["instructions"]["reason_for_call"]: name for name, task in tasks.items()}

    def answer(body: Any) -> Any:
        server.turns += 1  # type: ignore[attr-defined]
        if dies_after is not None and server.turns > dies_after:  # type: ignore[attr-defined]
            return 500, {"error": {"message": "out of memory"}}, {}
        if body.get("tools"):
            return model(body["messages"])
        return customer(body["messages"])

    def customer(messages: list[dict[str, Any]]) -> Any:
        if any(message["role"] == "assistant" for message in messages):
            return messaged("###STOP###")
        told = " ".join(messages[0]["content"].split())
        (name,) = [name for scene, name in scenes.items() if " ".join(scene.split()) in told]
        return messaged(f"{MARK}{name}.")

    def model(messages: list[dict[str, Any]]) -> Any:
        said = next(message["content"] for message in messages if MARK in str(message["content"]))
        name, turn = said.removeprefix(MARK).removesuffix("."), sum(map(acting, messages))
        wanted = tasks[name]["evaluation_criteria"]
        if turn == 0:
            server.begun.append(name)  # type: ignore[attr-defined]
        if name not in SOLVED:
            return messaged("I am sorry, but I cannot help with that.")
        if turn == len(wanted["actions"]):
            return messaged(" ".join(wanted["communicate_info"] or ["Done."]))
        action = wanted["actions"][turn]
        function = {"name": action["name"], "arguments": json.dumps(action["arguments"])}
        return messaged(None, tool_calls=[{"id": f"c{turn}", "type": "function", "function": function}])

    with ScriptedServer({"/v1/chat/completions": answer}) as server:
        server.begun, server.turns = [], 0  # type: ignore[attr-defined]
        yield server


def run(harness: Tau2, folder: Path, url: str, alive: Callable[[], bool] = lambda: True) -> LoopEnd:
    with idle_server() as idle:
        order = LoopOrder(
            folder=folder, endpoint=Endpoint(f"{url}/v1", "fake", 4), idle=idle, key=KEY, alive=alive,
            rule=RunAll(), score=("reward", "none"), order_seed=3,
        )  # fmt: skip
        return run_tasks(harness, TaskJournal(folder / "tasks.jsonl"), order)


def truth(ids: Sequence[str]) -> dict[str, float]:
    return {name: float(name in SOLVED or name in FREE) for name in ids}


def test_the_planted_score_comes_out_task_by_task(home: Path, tmp_path: Path) -> None:
    ids = (*TASKS, *FREE)
    with planted(tau2(home, ids)) as server, planted(tau2(home, ids)) as customers:
        harness = tau2(home, ids, Endpoint(f"{customers.url}/v1", "customer"))
        end = run(harness, tmp_path, server.url)
        assert {body["model"] for _, body in server.asked} == {"fake"}
        assert {body["model"] for _, body in customers.asked} == {"customer"}
    assert (end.reason, end.refused) == (None, ())
    assert {item.id: item.score for item in end.prefix} == truth(ids), [item.error for item in end.prefix]
    assert end.chance == len(FREE) / len(ids)
    assert harness.scaffold().user == "customer"
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in held if KEY.encode() in path.read_bytes() or USER_KEY.encode() in path.read_bytes()] == []


def test_a_server_that_dies_half_way_costs_nothing(home: Path, tmp_path: Path) -> None:
    """tau2 itself would write a reward of 0 for every task that it skipped."""
    harness = tau2(home, TASKS)
    with planted(harness, dies_after=18) as server:
        end = run(harness, tmp_path, server.url, alive=lambda: False)
        first = list(server.begun)  # type: ignore[attr-defined]
    assert end.reason is not None and "does not answer" in end.reason
    finished = {name: item.score for name, item in TaskJournal(tmp_path / "tasks.jsonl").items.items()}
    assert 0 < len(finished) < len(TASKS)
    assert finished == {name: truth(TASKS)[name] for name in finished}
    with planted(harness) as server:
        end = run(harness, tmp_path, server.url)
        second = list(server.begun)  # type: ignore[attr-defined]
    assert end.reason is None
    assert {item.id: item.score for item in end.prefix} == truth(TASKS)
    assert not any(item.status is ItemStatus.failed for item in end.prefix)
    assert not set(second) & set(finished)
    assert set(first + second) == set(TASKS)
    assert {name: Counter(first)[name] for name in finished} == dict.fromkeys(finished, 1)
