"""tau2 simulations: one JSON file a run, with a reward for each task and trial; or its index, and a file for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import finite, inside, json_document, mapping, moment, sequence, text, whole
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun, mean_of
from evaluators.outside.redact import redacted_line
from evaluators.records import ItemStatus, Settings
from evaluators.user_error import UserError

ENDED = frozenset({"user_stop", "agent_stop"})
LIMITS = frozenset({"max_steps", "max_turns", "too_many_errors", "judge_stop"})
"""Reasons of termination that the model brought about: score 0. Every other but `ENDED` is the infrastructure's."""
LATE = "timeout"
"""How fast the machine answers decides it: 0, in doubt."""
MALFORMED = "agent_error"
"""A message that is empty, or both text and call: 0, in doubt, as the server's parsers bring it about too. Older
versions give the same reason, and a reward of 0, to a task without a conversation, which they skipped because the
server failed."""


def is_tau2_file(content: Any) -> bool:
    """Whether a JSON value is a file of simulations."""
    rows = _simulations(content)
    return isinstance(content, dict) and isinstance(rows, list) and "tasks" in content


def is_tau2_folder(path: Path) -> bool:
    """Whether a folder holds a run's index, `results.json`, beside `simulations/` with a file for each."""
    file = path / "results.json"
    try:
        return (path / "simulations").is_dir() and file.is_file() and is_tau2_file(json_document(file))
    except UserError:
        return False


def _simulations(content: Any) -> Any:
    """The simulations, or what the index tells of them: their files hold the conversations besides."""
    rows = mapping(content).get("simulations")
    index = mapping(content).get("simulation_index")
    if rows or not isinstance(index, list):
        return rows
    return [{**entry, "reward_info": {"reward": entry.get("reward")}} for entry in map(mapping, index)]


def read_tau2_simulations(path: Path) -> OutsideRun:
    """One run, a file or its folder. The user simulator is its judge. Raises UserError for another file."""
    content = json_document(path / "results.json" if path.is_dir() else path)
    if not is_tau2_file(content):
        raise UserError(f"{path} is no file of tau2 simulations; it needs tasks and simulations")
    info = mapping(content.get("info"))
    simulations = _simulations(content)
    left = [
        LeftOut(place=f"simulations[{number}]", reason="it has no task_id")
        for number, simulation in enumerate(simulations)
        if not isinstance(simulation, dict) or simulation.get("task_id") is None
    ]
    agent, commit = mapping(info.get("agent_info")), text(info.get("git_commit"))
    return OutsideRun(
        format="tau2 simulations",
        path=str(path),
        harness="tau2",
        harness_version=commit,
        model=text(agent.get("llm")),
        started=moment(content.get("timestamp")),
        scaffold=text(agent.get("implementation")),
        results=(_result(info, tuple(simulation_items(simulations)), len(sequence(content["tasks"]))),),
        left_out=tuple(left),
    )


def _result(info: dict[str, Any], items: tuple[OutsideItem, ...], planned: int) -> OutsideResult:
    """The score of a run's items. `planned`: tasks that the file has."""
    domain, ran = text(inside(info, "environment_info", "domain_name")), len({item.id for item in items})
    limited = f"{ran:,} of {planned:,} tasks" if ran < planned else None
    return OutsideResult(
        task=f"tau2 {domain}" if domain else "tau2",
        names=(f"tau2_bench_{domain}",) if domain else (),
        metric="reward",
        score=mean_of(items),
        count=ran,
        limited=limited,
        settings=_settings(info, limited),
        items=items,
        evidence={name: str(value)[:60] for name in ("max_steps", "seed") if (value := info.get(name)) is not None},
    )


def _settings(info: dict[str, Any], limited: str | None) -> Settings:
    agent, commit = mapping(info.get("agent_info")), text(info.get("git_commit"))
    arguments = mapping(agent.get("llm_args"))
    return Settings(
        prompt="chat",
        temperature=finite(arguments.get("temperature")),
        max_tokens=whole(arguments.get("max_tokens")),
        metric="reward",
        repeats=whole(info.get("num_trials")) or 1,
        subset=limited or "",
        judge=text(inside(info, "user_info", "llm")),
        scaffold=text(agent.get("implementation")),
        harness=f"tau2 {commit[:12]}" if commit else "tau2",
    )


def simulation_items(simulations: Sequence[Any]) -> Iterator[OutsideItem]:
    """An item for each simulation of a task; one that tau2 skipped is a failure, though it writes a reward of 0."""
    for simulation in simulations:
        if not isinstance(simulation, dict) or simulation.get("task_id") is None:
            continue
        ending = text(simulation.get("termination_reason")) or ""
        ending = ending.rpartition(".")[2].casefold()
        reward = finite(inside(simulation, "reward_info", "reward"))
        messages = sequence(simulation.get("messages"))
        agent = [message for message in map(mapping, messages) if message.get("role") == "assistant"]
        score, status = reward, ItemStatus.ok
        if simulation.get("skipped"):
            score, status = None, ItemStatus.failed
        elif ending in LIMITS:
            score = reward or 0.0
        elif ending == LATE or (ending == MALFORMED and simulation.get("messages") != []):
            score, status = reward or 0.0, ItemStatus.timed_out if ending == LATE else ItemStatus.unextracted
        elif ending not in ENDED or reward is None:
            score, status = None, ItemStatus.failed
        usages = [mapping(message.get("usage")) for message in agent]
        yield OutsideItem(
            id=str(simulation["task_id"])[:200],
            repeat=whole(simulation.get("trial")) or 0,
            score=score,
            status=status,
            turns=len(agent) or None,
            tokens_in=sum(whole(usage.get("prompt_tokens")) or 0 for usage in usages) or None,
            tokens_out=sum(whole(usage.get("completion_tokens")) or 0 for usage in usages) or None,
            seconds=finite(simulation.get("duration")),
            error=None
            if ending in ENDED and score is not None
            else redacted_line(f"ended by {ending or 'nothing told'}"),
        )
