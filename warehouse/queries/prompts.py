"""The questions of items, from the prompts that lie in the folder of their run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from warehouse.home import Home

Key = tuple[str, int]
"""Task and document of an item."""
TAIL = 1500
"""Characters of a plain prompt that are taken for its question; what stands before them are examples."""


def add_questions(home: Home, rows: Iterable[dict[str, Any]], run_id: str) -> None:
    """Put `prompt`, `question` and `options` into rows of items (`task`, `doc_id`) of a run; None where the run's
    folder has no prompts, as those of older versions and of other programs."""
    rows = list(rows)
    known = _prompts(home.runs / run_id / "prompts.parquet", {(row["task"], row["doc_id"]) for row in rows})
    for row in rows:
        prompt, options = known.get((row["task"], row["doc_id"]), (None, None))
        row["prompt"], row["options"] = prompt, options
        row["question"] = None if prompt is None else question_of(prompt)


def question_of(prompt: str) -> str:
    """The question in a prompt: the last thing that the user says in a message history, the last part of a text."""
    try:
        content = json.loads(prompt) if prompt.startswith(("[", "{")) else None
    except ValueError:
        content = None
    messages = content.get("messages") if isinstance(content, dict) else content
    if isinstance(messages, list):
        questions = [
            message.get("content")
            for message in messages
            if isinstance(message, dict) and message.get("role") == "user"
        ]
        if questions and isinstance(questions[-1], str):
            return questions[-1]
    last = prompt.rstrip().rpartition("\n\n")[2] if len(prompt) > TAIL else prompt
    return last if len(last) <= TAIL else f"…{last[-TAIL:]}"


def _prompts(path: Path, keys: set[Key]) -> dict[Key, tuple[str, list[str] | None]]:
    """Prompt and choices of some items, read a few items at a time until all are found."""
    if not keys or not path.is_file():
        return {}
    import pyarrow
    import pyarrow.parquet as pq

    prompts: dict[Key, tuple[str, list[str] | None]] = {}
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                names = file.read_row_group(group, columns=["task", "doc_id"]).to_pylist()
                indexes = [index for index, row in enumerate(names) if (row["task"], row["doc_id"]) in keys]
                if indexes:
                    for row in file.read_row_group(group).take(indexes).to_pylist():
                        prompts[row["task"], row["doc_id"]] = (row["prompt"], row["choices"])
                if len(prompts) == len(keys):
                    break
    except (OSError, KeyError, pyarrow.ArrowException):  # its damage is told where runs are loaded
        return {}
    return prompts
