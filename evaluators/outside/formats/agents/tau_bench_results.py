"""tau-bench 1: one JSON list a run, with a reward for each task and trial, and its settings in the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import finite, inside, json_document, mapping, sequence, text, whole
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun, mean_of
from evaluators.outside.redact import redacted_line
from evaluators.records import ItemStatus, Settings
from evaluators.user_error import UserError

TASKS = {"airline": 50, "retail": 115}
"""Tasks of the test split of each domain."""
NAME = re.compile(
    r"(?P<strategy>tool-calling|act|react|few-shot)-(?P<model>.+)-(?P<temperature>\d+(?:\.\d+)?)"
    r"_range_(?P<start>-?\d+)-(?P<end>-?\d+)_user-(?P<user>.+)-(?P<user_strategy>[a-z]+)_\d+\.json"
)
"""Name that the program gives to a file."""
POLICY = re.compile(r"# (?P<domain>Airline|Retail) [Aa]gent [Pp]olicy")
"""First line of the system prompt."""
BY_THE_MODEL = re.compile(r"(?i)context[_ ](?:length|window)|maximum context|too many tokens|JSONDecodeError")
"""In the error of a task that ended by what the model did; every other error is the infrastructure's."""


def is_tau_bench_file(content: Any) -> bool:
    """Whether a JSON value is a list of rewards."""
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and {"task_id", "reward", "info", "traj", "trial"} <= first.keys()


def read_tau_bench_results(path: Path) -> OutsideRun:
    """One run. The user simulator is its judge. Raises UserError for another file, for several domains in one, and for
    a task and trial that stands there twice."""
    content = json_document(path)
    if not is_tau_bench_file(content):
        raise UserError(f"{path} is no file of tau-bench; it needs task_id, reward, info, traj and trial")
    rows = [row for row in content if isinstance(row, dict) and row.get("task_id") is not None]
    items = tuple(_items(rows))
    if len({(item.id, item.repeat) for item in items}) < len(items):
        raise UserError(f"{path} holds a task twice under one trial; give the file of one run")
    left = [LeftOut(place=str(path), reason=f"{len(content) - len(rows):,} rows have no task_id")]
    domain = _domain(path, rows)
    named = NAME.fullmatch(path.name)
    trials = max((item.repeat for item in items), default=0) + 1
    graded = {item.score for item in items} - {None}
    if graded - {0.0, 1.0}:
        raise UserError(f"{path} has rewards between 0 and 1, which tau-bench does not give; its tasks were changed")
    whole_set = TASKS.get(domain or "")
    ran = len({item.id for item in items})
    return OutsideRun(
        format="tau-bench results",
        path=str(path),
        harness="tau-bench",
        model=named["model"] if named else None,
        scaffold=named["strategy"] if named else None,
        results=(
            OutsideResult(
                task=f"tau_bench_{domain}" if domain else "tau-bench",
                metric="pass^1",
                score=mean_of(items),
                count=ran,
                whole=whole_set,
                limited=f"{ran:,} of {whole_set:,} tasks" if whole_set and ran < whole_set else None,
                settings=Settings(
                    prompt="chat",
                    temperature=finite(named["temperature"]) if named else None,
                    metric="pass^1",
                    repeats=trials,
                    subset=f"{ran:,} of {whole_set:,} tasks" if whole_set and ran < whole_set else "",
                    scaffold=named["strategy"] if named else None,
                    harness="tau-bench",
                    judge=named["user"] if named else None,
                ),
                items=items,
            ),
        ),
        left_out=tuple(left) if len(content) > len(rows) else (),
    )


def _items(rows: list[dict[str, Any]]) -> Iterator[OutsideItem]:
    for row in rows:
        info = mapping(row.get("info"))
        failure = redacted_line(str(info["error"])) if "error" in info else None
        told = f"{info.get('error')} {info.get('traceback')}"
        score = finite(row.get("reward"))
        dead = score is None or (failure is not None and not BY_THE_MODEL.search(told[:20_000]))
        replies = [message for message in sequence(row.get("traj")) if mapping(message).get("role") == "assistant"]
        yield OutsideItem(
            id=str(row["task_id"])[:60],
            repeat=whole(row.get("trial")) or 0,
            score=None if dead else score,
            status=ItemStatus.failed if dead else ItemStatus.ok,
            turns=len(replies) or None,
            error=failure or ("it has no reward" if score is None else None),
        )


def _domain(path: Path, rows: list[dict[str, Any]]) -> str | None:
    """The domain by the policy in the system prompts, else by the file's name."""
    prompts = (inside(next(iter(sequence(row.get("traj"))), None), "content") for row in rows)
    domains = {
        policy["domain"].casefold() for prompt in prompts if (policy := POLICY.search((text(prompt) or "")[:200]))
    }
    if len(domains) > 1:
        raise UserError(f"{path} holds tasks of {' and '.join(sorted(domains))}; give a file of one domain")
    return next(iter(domains), None) or next((name for name in TASKS if name in path.name.casefold()), None)
