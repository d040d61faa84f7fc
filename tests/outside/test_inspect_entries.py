"""The catalogue's entries that Inspect runs, against servers whose truth is planted: `make test-agents`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark, catalogue
from evaluators.outside.harnesses.harness import Endpoint
from tests.demo_agents.test_mini_swe_agent import home
from tests.harness.scripted_server import ScriptedServer
from tests.outside.test_inspect_harness import DATA, inspect_task, run, said, solved

pytestmark = pytest.mark.agents
__all__ = ["home"]
STOP = "###STOP###"


def calls(*wanted: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """An answer that calls functions."""
    answer = said("")
    made = [
        {"id": f"call-{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for number, (name, arguments) in enumerate(wanted)
    ]
    answer["choices"][0]["message"] |= {"content": None, "tool_calls": made}
    answer["choices"][0]["finish_reason"] = "tool_calls"
    return answer


@contextmanager
def served(answer: Any) -> Iterator[ScriptedServer]:
    with ScriptedServer({"/v1/chat/completions": answer}) as server:
        yield server


def test_every_entry_is_there() -> None:
    run_by_inspect = {entry.name for entry in catalogue().values() if entry.harness == "inspect"}
    assert run_by_inspect == {"simpleqa", "tau2_bench_banking"}


def test_simpleqa_is_graded_by_the_second_model(home: Path, tmp_path: Path) -> None:
    """A third is left unanswered, which is not right; the grader says so by a call."""

    def answer(body: Any) -> Any:
        number = int(re.findall(r"What is (\d+)", str(body["messages"][-1]["content"]))[-1])
        return said(f"It is {2 * number}." if solved(number) else "I cannot say.")

    def grade(body: Any) -> Any:
        (tool,) = body["tools"]
        right = "I cannot say." not in str(body["messages"])
        return calls((tool["function"]["name"], {"grade": "CORRECT" if right else "NOT_ATTEMPTED"}))

    entry = benchmark("simpleqa").model_copy(update={"task": "sums.py@facts", "data_folder": str(DATA), "items": 24})
    with served(answer) as server, served(grade) as grader:
        harness = inspect_task(entry, home, Endpoint(f"{grader.url}/v1", "grader"))
        end = run(harness, tmp_path, server.url)
    assert end.reason is None, [item.error for item in end.prefix][:3]
    assert {item.id: item.score for item in end.prefix} == {f"sum-{n}": float(solved(n)) for n in range(24)}
    assert harness.scaffold().user == "grader"


def test_banking_customers_are_served_as_planted(home: Path, tmp_path: Path) -> None:
    """Of six customers the agent does for three what their tasks expect, and sends three away."""
    entry = benchmark("tau2_bench_banking")
    harness_tasks: dict[str, Any] = {}

    def customer(body: Any) -> Any:
        told = squeezed(str(body["messages"][0]["content"]))
        turns = sum(message["role"] == "assistant" for message in body["messages"])
        name = next(name for name, task in harness_tasks.items() if squeezed(story(task)) in told)
        return said(STOP if turns else f"I come about {name}.")

    def agent(body: Any) -> Any:
        last = body["messages"][-1]
        name = next(iter(re.findall(r"I come about (task_\d+)", str(last.get("content")))), None)
        if last["role"] != "user" or name not in right:
            return said("Good bye.")
        known = {tool["function"]["name"] for tool in body["tools"]}
        actions = harness_tasks[name]["evaluation_criteria"]["actions"]
        wanted = ((action["name"], action["arguments"]) for action in actions)
        return calls(*((next(full for full in known if full.endswith(short)), given) for short, given in wanted))

    with served(customer) as user, served(agent) as server:
        harness = inspect_task(entry, home, Endpoint(f"{user.url}/v1", "customer"))
        assert len(harness.items()) == entry.items
        (path,) = harness.environment.programs.parent.glob(
            "lib/python3*/site-packages/inspect_evals/tau2/data/domains/banking_knowledge/tasks.json"
        )
        harness_tasks |= {task["id"]: task for task in json.loads(path.read_text()) if by_the_agent(task)}
        chosen = [name for name in harness.items() if name in harness_tasks][:6]
        right = chosen[:3]
        harness.listing["ids"] = chosen
        end = run(harness, tmp_path, server.url)
    assert end.reason is None, [item.error for item in end.prefix][:3]
    assert {item.id: item.score for item in end.prefix} == {name: float(name in right) for name in chosen}
    assert end.chance == 0.0


def story(task: dict[str, Any]) -> str:
    """What the customer is told, which no other customer is."""
    return str(task["user_scenario"]["instructions"])


def squeezed(text: str) -> str:
    """Without white space: the task's text is indented on its way."""
    return "".join(text.split())


def by_the_agent(task: dict[str, Any]) -> bool:
    """Whether calls of the agent alone do a task, and change something."""
    criteria = task["evaluation_criteria"]
    actions = criteria["actions"] or ()
    return (
        criteria["reward_basis"] == ["DB"]
        and all(action["requestor"] == "assistant" for action in actions)
        and any(action["name"] == "log_verification" for action in actions)
    )
