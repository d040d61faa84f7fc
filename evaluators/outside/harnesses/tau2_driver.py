"""Plays tasks of tau2-bench without a model, as controls. Run by tau2's Python, not by ours:

    python tau2_driver.py ORDER

ORDER is a JSON file: `domain`, `ids`, `mode`: `gold` carries out the actions that a task expects and says what it
expects to be said; `nothing` refuses once. Leaves `attempt-000.json`, laid out as tau2 lays out its simulations,
with rewards by tau2's own evaluator.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

REFUSAL = "I am sorry, but I cannot help with that."


def main(order: dict[str, Any]) -> None:
    """Play all tasks of the order and write what came out."""
    registry = import_module("tau2.registry").registry
    wanted = set(order["ids"])
    tasks = [task for task in registry.get_tasks_loader(order["domain"])() if task.id in wanted]
    played = [_played(task, registry.get_env_constructor(order["domain"]), order) for task in tasks]
    Path("attempt-000.json").write_text(json.dumps({"tasks": [], "simulations": played}))


def _played(task: Any, make_environment: Any, order: dict[str, Any]) -> dict[str, Any]:
    messages, simulation = import_module("tau2.data_model.message"), import_module("tau2.data_model.simulation")
    evaluator = import_module("tau2.evaluator.evaluator")
    said = [messages.AssistantMessage(role="assistant", content=REFUSAL, cost=0.0)]
    if order["mode"] == "gold":
        said = _gold(task, make_environment(), messages)
    moment = import_module("tau2.utils.utils").get_now()
    run = simulation.SimulationRun(
        id=task.id, task_id=task.id, start_time=moment, end_time=moment, duration=0.0,
        termination_reason=simulation.TerminationReason.USER_STOP, messages=said, trial=0, seed=0,
    )  # fmt: skip
    reward = evaluator.evaluate_simulation(
        domain=order["domain"], task=task, simulation=run, solo_mode=False,
        evaluation_type=evaluator.EvaluationType.ALL,
    )  # fmt: skip
    return {
        "task_id": task.id, "trial": 0, "termination_reason": "user_stop", "messages": [],
        "reward_info": {"reward": reward.reward},
    }  # fmt: skip


def _gold(task: Any, environment: Any, messages: Any) -> list[Any]:
    """The expected actions with the answers of the tools, then the expected words."""
    state, expected = task.initial_state, task.evaluation_criteria
    environment.set_state(
        initialization_data=state.initialization_data if state else None,
        initialization_actions=state.initialization_actions if state else None,
        message_history=(state.message_history if state else None) or [],
    )
    replies = []
    for number, action in enumerate(expected.actions or []):
        call = messages.ToolCall(
            id=f"call_{number}", name=action.name, arguments=action.arguments, requestor=action.requestor
        )
        speaker = messages.AssistantMessage if action.requestor == "assistant" else messages.UserMessage
        replies.append(speaker(role=action.requestor, content=None, tool_calls=[call], cost=0.0))
        replies.append(environment.get_response(call))
    words = " ".join(expected.communicate_info or ["Done."])
    return [*replies, messages.AssistantMessage(role="assistant", content=words, cost=0.0)]


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
