"""BFCL's tables, `data_overall.csv` and those of the categories: one row a model, percentages of two places."""

from __future__ import annotations

import re
from pathlib import Path

from evaluators.outside.bounded_reading import csv_header, csv_rows, finite
from evaluators.outside.outside_records import LeftOut, OutsideResult, OutsideRun
from evaluators.records import Settings
from evaluators.user_error import UserError

OVERALL = "data_overall.csv"
COLUMNS = {
    "Overall Acc": "",
    "Live Acc": "live",
    "Live Overall Acc": "live",
    "Multi Turn Acc": "multi_turn",
    "Multi Turn Overall Acc": "multi_turn",
    "Python Simple AST": "simple_python",
    "Multiple AST": "multiple",
    "Non-Live Multiple AST": "multiple",
    "Parallel AST": "parallel",
    "Non-Live Parallel AST": "parallel",
    "Parallel Multiple AST": "parallel_multiple",
    "Non-Live Parallel Multiple AST": "parallel_multiple",
    "Irrelevance Detection": "irrelevance",
}
"""Column -> category of the catalogue; the overall accuracy is the benchmark itself."""
OTHERWISE = {
    OVERALL: {"Irrelevance Detection"},
    "data_live.csv": {"Python Simple AST", "Irrelevance Detection"},
}
"""Columns that mean something else in a table: both irrelevances together, or those of the live set."""
TITLES = {"Live Overall Acc", "Multi Turn Overall Acc", "Non-Live Overall Acc", "Non_Live Overall Acc"}
"""Columns of which each table of a category has one."""
PARTS = ("Non-Live AST Acc", "Live Acc", "Multi Turn Acc", "Irrelevance Detection")
PARTS_OF_V4 = ("Web Search Acc", "Memory Acc")
"""Columns without which an overall accuracy counts a category that was not run as 0."""
MODE = re.compile(r"\s*\((?P<mode>FC|Prompt|FC thinking|Prompt thinking)\)$", re.I)
HUB = re.compile(r"https://huggingface\.co/([\w.-]+/[\w.-]+?)/?$")


def is_bfcl_table(start: str) -> bool:
    """Whether a text begins as a table of BFCL does."""
    header = csv_header(start)
    overall = {"Overall Acc", "Non-Live AST Acc"} <= header
    return {"Rank", "Model"} <= header and (overall or bool(header & TITLES))


def read_bfcl_table(path: Path) -> OutsideRun:
    """Every model and category of a table that the catalogue may know. The version is told by the overall table, which
    must be the file or lie beside it. Raises UserError for another file, and where the version is not told."""
    rows = csv_rows(path)
    columns = set(rows[0]) if rows else set()
    if "Model" not in columns:
        raise UserError(f"{path} is no table of BFCL; it needs Rank and Model")
    table = OVERALL if "Overall Acc" in columns else "data_live.csv" if "Live Overall Acc" in columns else path.name
    version = _version(path, columns)
    results, left = [], []
    for row in rows:
        shown = (row.get("Model") or "").strip()
        if not shown:
            left.append(LeftOut(place=f"row {row.get('Rank') or '?'}", reason="it names no model"))
            continue
        for column, category in COLUMNS.items():
            if column not in columns or column in OTHERWISE.get(table, ()):
                continue
            score = _share(row.get(column))
            if score is None:
                left.append(
                    LeftOut(place=f"{shown[:80]}: {column}", reason=f"{str(row.get(column))[:20]!r} is no share")
                )
            elif not category and (missing := _missing(row, version)):
                reason = f"{', '.join(missing)} was not run, and counts as 0 in it"
                left.append(LeftOut(place=f"{shown[:80]}: {column}", reason=reason))
            else:
                results.append(_result(row, shown, version, category, score, column))
    return OutsideRun(
        format="BFCL table",
        path=str(path),
        harness="bfcl-eval",
        results=tuple(results),
        left_out=tuple(left),
    )


def _result(row: dict[str, str], shown: str, version: str, category: str, score: float, column: str) -> OutsideResult:
    mode = MODE.search(shown)
    linked = HUB.fullmatch((row.get("Model Link") or "").strip())
    return OutsideResult(
        task=f"bfcl_{version}_{category}".rstrip("_"),
        metric="accuracy",
        score=score,
        settings=Settings(
            metric="accuracy",
            repeats=1,
            harness="bfcl-eval",
            shots=0,
            prompt="chat",
            notes=(f"{mode['mode']} mode",) if mode else (),
        ),
        model=linked[1] if linked else MODE.sub("", shown),
        evidence={"model": shown[:120], "column": column},
    )


def _version(path: Path, columns: set[str]) -> str:
    """`v4` if the overall table has web search, `v3` if it has several turns."""
    if "Overall Acc" not in columns:
        beside = path.with_name(OVERALL)
        if not beside.is_file():
            raise UserError(f"{path} does not tell the version of BFCL; put {OVERALL} of the same run beside it")
        with beside.open("rb") as file:
            columns = set(csv_header(file.read(65536).decode("utf-8-sig", "replace")))
    if "Web Search Acc" in columns:
        return "v4"
    return "v3" if "Multi Turn Acc" in columns else "v2"


def _missing(row: dict[str, str], version: str) -> list[str]:
    parts = PARTS + (PARTS_OF_V4 if version == "v4" else ())
    return [part for part in parts if part in row and _share(row[part]) is None]


def _share(cell: str | None) -> float | None:
    """`74.50%` as a fraction."""
    value = finite((cell or "").strip().removesuffix("%")) if (cell or "").strip().endswith("%") else None
    return value / 100 if value is not None and 0 <= value <= 100 else None
