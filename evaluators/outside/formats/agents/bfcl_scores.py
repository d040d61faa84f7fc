"""BFCL: `score/<model>/.../BFCL_v4_<category>_score.json` (a summary, then the failures) and `result/...` beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import MOST_FILES, finite, json_lines, mapping, sequence, text, whole
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun, mean_of
from evaluators.outside.redact import redacted_line
from evaluators.records import ItemStatus, Settings
from evaluators.user_error import UserError

NAME = re.compile(r"BFCL_(?P<version>v\d+)_(?P<category>\w+)_(?P<kind>score|result)\.json")
BY_THE_MODEL = re.compile(
    r"(?i)context[_ ](?:length|size|window)|maximum context|json\.decoder\.JSONDecodeError(?![\s\S]*openai\.)"
)
"""In the traceback of an item that failed by what the model did: its context used up, or arguments that are no JSON."""
DEAD = "Error during inference"
"""Beginning of the `result` of an item whose request failed: the endpoint was dead, and the harness scores 0."""


def is_bfcl_summary(row: Any) -> bool:
    """Whether a JSON value is the first line of a score file."""
    return isinstance(row, dict) and {"accuracy", "correct_count", "total_count"} <= row.keys()


def is_bfcl_folder(path: Path) -> bool:
    """Whether a folder holds score files, at any depth down to four."""
    return path.is_dir() and bool(_files(path, "score"))


def read_bfcl_scores(path: Path) -> OutsideRun:
    """A project folder (`score/` and `result/`), the score folder of one model, or one score file.

    Raises UserError if there is no score, or scores of several models.
    """
    scores = [path] if path.is_file() and NAME.fullmatch(path.name) else _files(path, "score")
    if not scores:
        raise UserError(f"{path} holds no BFCL_..._score.json; give the folder of a BFCL project")
    models = sorted({_model(file) for file in scores})
    if len(models) > 1:
        raise UserError(f"{path} holds scores of {', '.join(models[:5])}; give the folder of one model")
    answers = {file.name: file for file in _files(path, "result")}
    results, left = [], []
    for file in scores:
        try:
            results.append(_result(file, answers.get(file.name.replace("_score.json", "_result.json"))))
        except UserError as problem:
            left.append(LeftOut(place=str(file), reason=str(problem)))
    return OutsideRun(
        format="BFCL scores",
        path=str(path),
        harness="bfcl-eval",
        model=models[0].removesuffix("-FC").replace("_", "/", 1),
        results=tuple(results),
        left_out=tuple(left),
    )


def graded_items(path: Path) -> Iterator[OutsideItem]:
    """Items of a project folder that are answered and graded, or whose request failed; none of a category whose grades
    are older than its answers. Whatever else ended an item is a score: bfcl-eval's 0."""
    scores = {file.name: file for file in _files(path, "score")} if path.is_dir() else {}
    for file in _files(path, "result") if path.is_dir() else ():
        graded = scores.get(file.name.replace("_result.json", "_score.json"))
        if graded is None:
            continue
        rows = json_lines(graded)
        summary = next(rows, (0, {}))[1]
        items = list(_items(file, {_wrong_id(row): row for _, row in rows}))
        if whole(summary.get("total_count")) == len(items):
            yield from items


def _result(scores: Path, answers: Path | None) -> OutsideResult:
    named = NAME.fullmatch(scores.name)
    assert named is not None
    rows = json_lines(scores)
    summary = next(rows, (0, {}))[1]
    accuracy, total = finite(summary.get("accuracy")), whole(summary.get("total_count"))
    if accuracy is None or total is None or not 0 <= accuracy <= 1:
        raise UserError("its first line has no accuracy and total_count")
    failures = {_wrong_id(row): row for _, row in rows}
    items = tuple(_items(answers, failures)) if answers is not None else ()
    if len(items) != total:
        items = ()
    version, category = named["version"], named["category"]
    score = mean_of(items) if any(item.status is ItemStatus.failed for item in items) else accuracy
    return OutsideResult(
        task=f"BFCL {version} {category}",
        names=(f"bfcl_{version}_{category}",),
        metric="accuracy",
        score=score,
        count=total,
        settings=Settings(metric="accuracy", repeats=1, subset=category, harness="bfcl-eval", shots=0, prompt="chat"),
        items=items,
        evidence={"published": f"{accuracy:g} of {total:,}", "category": category},
    )


def _items(answers: Path, failures: dict[str, dict[str, Any]]) -> Iterator[OutsideItem]:
    for _, row in json_lines(answers):
        name = str(row.get("id"))[:200]
        dead = str(row.get("result")).startswith(DEAD) and not BY_THE_MODEL.search(str(row.get("traceback")))
        wrong = failures.get(name)
        yield OutsideItem(
            id=name,
            score=None if dead else 0.0 if wrong is not None else 1.0,
            status=ItemStatus.failed if dead else ItemStatus.ok,
            tokens_in=_total(row.get("input_token_count")),
            tokens_out=_total(row.get("output_token_count")),
            seconds=finite(row.get("latency")),
            error=redacted_line(str(row.get("result"))) if dead else _why(wrong),
        )


def _wrong_id(row: dict[str, Any]) -> str:
    """Id of a failed item; until v3 its own `id` was its number, and only its prompt has the id."""
    told = row.get("id")
    return str(told if isinstance(told, str) else mapping(row.get("prompt")).get("id") or told)


def _why(wrong: dict[str, Any] | None) -> str | None:
    if wrong is None:
        return None
    kind, detail = text(wrong.get("error_type")), wrong.get("error")
    detail = (
        " ".join(str(line) for line in detail) if isinstance(detail, list) else str(mapping(detail) or detail or "")
    )
    return redacted_line(f"{kind or 'wrong'}: {detail}")


def _total(value: Any) -> int | None:
    """Tokens of all turns: BFCL writes a number, or nested lists of numbers."""
    if isinstance(value, list):
        parts = [_total(turn) for turn in sequence(value)]
        return sum(part or 0 for part in parts)
    return whole(value)


def _files(path: Path, kind: str) -> list[Path]:
    files = [file for depth in range(5) for file in path.glob("*/" * depth + f"BFCL_*_{kind}.json")]
    if len(files) > MOST_FILES:
        raise UserError(f"{path} holds more than {MOST_FILES:,} files; give a smaller folder")
    return sorted(file for file in files if NAME.fullmatch(file.name))


def _model(file: Path) -> str:
    """The folder below `score/`."""
    parts = file.parts
    if "score" in parts:
        below = parts[len(parts) - 1 - parts[::-1].index("score") :]
        return below[1] if len(below) > 2 else file.parent.name
    names = [
        part for part in parts[:-1] if part not in ("non_live", "live", "multi_turn", "agentic", "memory", "web_search")
    ]
    return names[-1] if names else ""
