"""tau2's telecom, where the customer has tools too, against a server that plays both sides: `make test-agents`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.outside.harnesses.harness import HarnessSetup
from evaluators.outside.harnesses.tau2 import Tau2
from tests.demo_agents.test_mini_swe_agent import home
from tests.harness.scripted_server import ScriptedServer, messaged
from tests.outside.test_tau2_harness import run

pytestmark = pytest.mark.agents
__all__ = ["home"]


def reason(task: dict[str, Any]) -> str:
    """Why the customer calls."""
    return " ".join(task["user_scenario"]["instructions"]["reason_for_call"].split())


@contextmanager
def both_sides(tasks: Sequence[dict[str, Any]], solved: Sequence[str]) -> Iterator[ScriptedServer]:
    """Who is due carries out the expected actions in their order; the other side says something."""
    done = {task["id"]: 0 for task in tasks}

    def answer(body: Any) -> Any:
        system, *said = body["messages"]
        side = "assistant" if "<policy>" in system["content"] else "user"
        known = " ".join(f"{system['content']} {said}".split())
        (task,) = [task for task in tasks if f"call {tasks.index(task)}!" in known or reason(task) in known]
        expected = task["evaluation_criteria"]["actions"]
        due = expected[done[task["id"]]] if done[task["id"]] < len(expected) else None
        if task["id"] not in solved:
            return messaged(
                "I cannot help." if side == "assistant" else f"This is call {tasks.index(task)}! ###STOP###"
            )
        if side == "user" and not any(message["role"] == "assistant" for message in said):
            return messaged(f"This is call {tasks.index(task)}!")
        if due is None and side == "user":
            return messaged("###STOP###")
        if due is None or due["requestor"] != side:
            return messaged("Go on.")
        done[task["id"]] += 1
        function = {"name": due["name"], "arguments": json.dumps(due["arguments"])}
        return messaged(None, tool_calls=[{"id": f"c{done[task['id']]}", "type": "function", "function": function}])

    with ScriptedServer({"/v1/chat/completions": answer}) as server:
        yield server


def test_a_customer_with_tools(home: Path, tmp_path: Path) -> None:
    setup = HarnessSetup(benchmark("tau2_bench_telecom"), home, home / "work")
    harness = Tau2(setup)
    assert len(harness.items()) == setup.benchmark.items
    by_id = {task["id"]: task for task in json.loads((harness.data / "tasks.json").read_text())}
    few = sorted(harness.items(), key=lambda name: -len(by_id[name]["evaluation_criteria"]["actions"]))
    chosen = list({reason(by_id[name]): name for name in few}.values())  # the shortest for each reason to call
    harness.items = lambda: tuple(chosen)  # type: ignore[method-assign]
    assert len(chosen) == 3
    with both_sides([by_id[name] for name in chosen], chosen[:2]) as server:
        end = run(harness, tmp_path, server.url)
    scores = {item.id: item.score for item in end.prefix}
    assert scores == {name: float(name in chosen[:2]) for name in chosen}, [item.error for item in end.prefix]
    assert (end.reason, end.refused, end.chance) == (None, (), 0.0)
