"""simple-evals: `<eval>_<model>_<date>.json` with metrics, and `..._allresults.json` with the conversations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import finite, json_document, mapping, moment, sequence
from evaluators.outside.outside_records import LeftOut, OutsideResult, OutsideRun
from evaluators.records import Settings
from evaluators.user_error import UserError

EVALS = {
    "mmlu": "MMLU", "math": "MATH", "gpqa": "GPQA Diamond", "mgsm": "MGSM", "drop": "DROP", "humaneval": "HumanEval",
    "simpleqa": "SimpleQA", "browsecomp": "BrowseComp", "healthbench": "HealthBench", "mmmlu": "MMMLU",
    "healthbench_hard": "HealthBench Hard", "healthbench_consensus": "HealthBench Consensus", "math500": "MATH-500",
}  # fmt: skip
"""Name of an evaluation in a file name -> benchmark."""
REPEATS = {"gpqa": 4, "humaneval": 5}
"""Answers an item that simple-evals takes and averages itself, where not 1."""
FILE = re.compile(
    r"(?P<eval>healthbench_hard|healthbench_consensus|[a-z0-9]+)_(?P<model>.+?)"
    r"(?:_(?P<date>\d{8}(?:_\d{6})?))?(?P<debug>_DEBUG)?(?P<all>_allresults)?\.json"
)


def is_simple_evals_result(content: Any, path: Path) -> bool:
    """Whether a JSON value and its file name are a result."""
    named = FILE.fullmatch(path.name)
    if (
        named is None
        or named["eval"] not in EVALS
        or not isinstance(content, dict)
        or finite(content.get("score")) is None
    ):
        return False
    everything = {"score", "metrics", "htmls", "convos"} <= content.keys()
    return everything or all(isinstance(value, (int, float)) for value in content.values())


def read_simple_evals_result(path: Path) -> OutsideRun:
    """One evaluation. Only the mean and its standard deviation are told, so it is compared without items.

    Raises UserError for another file.
    """
    content = json_document(path)
    named = FILE.fullmatch(path.name)
    if named is None or not is_simple_evals_result(content, path):
        raise UserError(f"{path} is no result of simple-evals; its name is <eval>_<model>.json and it has a score")
    metrics = mapping(content.get("metrics")) or content
    count = len(sequence(content.get("htmls"))) or None
    spread = finite(metrics.get("score:std"))
    repeats = REPEATS.get(named["eval"], 1)
    name = EVALS[named["eval"]]
    items = count // repeats if count else None
    score = float(content["score"])
    left = []
    if not 0 <= score <= 1:
        left.append(LeftOut(place="score", reason=f"{score:g} is no share"))
    return OutsideRun(
        format="simple-evals result",
        path=str(path),
        harness="simple-evals",
        model=named["model"],
        finished=moment(_iso(named["date"])),
        results=()
        if left
        else (
            OutsideResult(
                task=name,
                names=(name,),
                metric="accuracy",
                score=score,
                stderr=spread / (count or 1) ** 0.5 if spread is not None and count else None,
                count=items,
                limited=f"{count or 'a few'} items, a trial run" if named["debug"] else None,
                part_untold=name != "MGSM" and name != "DROP",  # `--examples N`; these two are no shares of right items
                settings=Settings(
                    shots=0,
                    prompt="chat",
                    metric="accuracy",
                    repeats=repeats,
                    subset="" if not named["debug"] else "trial run",
                    harness="simple-evals",
                ),
            ),
        ),
        left_out=tuple(left),
    )


def _iso(date: str | None) -> str | None:
    if not date:
        return None
    day, _, time = date.partition("_")
    clock = f"T{time[:2]}:{time[2:4]}:{time[4:]}" if time else "T00:00:00"
    return f"{day[:4]}-{day[4:6]}-{day[6:]}{clock}"
