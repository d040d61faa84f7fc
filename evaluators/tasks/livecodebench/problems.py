"""LiveCodeBench's problems from its data files, as they lie on the hub: no loading script is run.

The data set `livecodebench/code_generation_lite` is a row of files: release 1 is test.jsonl, each further release adds
test2.jsonl, test3.jsonl, ... A problem's tests can take megabytes and some are pickles, so a document keeps only where
its row lies; the row is read again when an answer is graded, and its tests are opened in the box.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import DatasetDict

REPOSITORY = "livecodebench/code_generation_lite"
KEPT = ("question_id", "contest_date", "platform", "difficulty", "question_content", "starter_code")
"""Fields of a row that a document keeps."""


@dataclass(frozen=True)
class ProblemRow:
    """Where a problem's row lies."""

    file: str
    offset: int
    length: int
    """Bytes."""


def load_problems(release: int, **_: object) -> DatasetDict:
    """Split `test`: the problems of a release, in the files' order.

    lm-eval calls it as a task's `custom_dataset`. Raises an error of huggingface_hub where the files cannot be had.
    """
    from datasets import Dataset, DatasetDict

    rows = [row for number in range(1, release + 1) for row in index_file(file_name(number))]
    return DatasetDict({"test": Dataset.from_list(rows)})


def file_name(number: int) -> str:
    """Name of the file that a release added."""
    return "test.jsonl" if number == 1 else f"test{number}.jsonl"


@cache
def data_file(name: str) -> Path:
    """The local copy of a file; a folder of the data set's name in the working directory comes before the hub."""
    local = Path(REPOSITORY) / name
    if local.exists():
        return local.resolve()
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(REPOSITORY, name, repo_type="dataset"))


def index_file(name: str) -> Iterator[dict[str, Any]]:
    """A document for each row of a file: its fields without the tests, and where the row lies."""
    offset = 0
    with data_file(name).open("rb") as file:
        for line in file:
            if line.strip():
                row = json.loads(line)
                span = {"file": name, "offset": offset, "length": len(line)}
                yield {field: row[field] for field in KEPT} | span
            offset += len(line)


def read_row(problem: ProblemRow) -> dict[str, Any]:
    """The whole row of a problem, tests included."""
    with data_file(problem.file).open("rb") as file:
        file.seek(problem.offset)
        row: dict[str, Any] = json.loads(file.read(problem.length))
    return row


def question(document: dict[str, Any]) -> str:
    """The user's message, as LiveCodeBench's generic template has it."""
    text = f"### Question:\n{document['question_content']}\n\n"
    if document["starter_code"]:
        text += "### Format: You will use the following starter code to write the solution to the problem and enclose "
        text += f"your code within delimiters.\n```python\n{document['starter_code']}\n```\n\n"
    else:
        text += "### Format: Read the inputs from stdin solve the problem and write the answer to stdout (do not "
        text += "directly test on the sample inputs). Enclose your code within delimiters as follows. Ensure that when "
        text += "the python program runs, it reads the inputs, runs the algorithm and writes output to STDOUT.\n"
        text += "```python\n# YOUR CODE HERE\n```\n\n"
    return text + "### Answer: (use the provided format with backticks)\n\n"
