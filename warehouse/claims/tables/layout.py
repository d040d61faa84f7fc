"""What the rows and columns of a table are: benchmarks, models, metrics, shots, settings, numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from warehouse.claims.tables.cells import read_value
from warehouse.claims.tables.grid import EMPTY, Cell, Grid
from warehouse.claims.text.labels import SHOTS, Label, metric_settings, read_label
from warehouse.claims.text.names import mode_of, normalise
from warehouse.claims.text.vocabulary import (
    ASIDE_HEADS,
    GROUP_HEADS,
    LABEL_HEADS,
    METRIC_HEADS,
    MODEL_HEADS,
    SETTING_HEADS,
    SHOT_HEADS,
    VALUE_HEADS,
)

MODE_FIELDS = frozenset({"thinking", "effort", "mode", "quantization"})
"""Settings whose column holds words; with numbers in it, it is a column of scores under that setting."""


@dataclass(frozen=True)
class Layout:
    """How a table is read."""

    benchmarks: Literal["rows", "columns"]
    """Where the benchmarks stand."""
    label: int | None
    """Column with the benchmarks (or, for benchmarks in columns, the models); None if there is none."""
    heads: tuple[tuple[str, ...], ...]
    """Heading parts of each column, group first."""
    roles: dict[int, str]
    """Column -> `shots`, `metric`, `group`, `words`, a settings field with `set:` before it, or `value`."""


def heads_of(grid: Grid) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """How many rows are headings, and each column's heading parts without repeats."""
    count = grid.heads
    if count == 0 and len(grid.rows) > 1 and _like_heading(grid.rows[0]):
        count = 1
    parts = []
    for column in range(grid.width):
        seen: list[Cell] = []
        for row in grid.rows[:count]:
            if row[column].text and all(row[column].origin != cell.origin for cell in seen):
                seen.append(row[column])
        parts.append(tuple(cell.text for cell in seen))
    return count, tuple(parts)


def _like_heading(row: tuple[Cell, ...]) -> bool:
    values = [read_value(cell) for cell in row]
    return all(value.kind in ("words", "nothing") for value in values) and sum(bool(cell.text) for cell in row) > 1


def layout_of(grid: Grid) -> Layout | None:
    """How to read the table; None if nothing in it names a benchmark or says that it is a table of scores."""
    count, heads = heads_of(grid)
    body = grid.rows[count:]
    if not body:
        return None
    leaf = [normalise(re.sub(r"[(\[][^()\[\]]*[)\]]", "", parts[-1])) if parts else "" for parts in heads]
    first = range(min(4, grid.width))
    in_rows = [sum(bool(read_label(row[column].text).benchmark) for row in body) for column in first]
    in_heads = [bool(parts and _heading_benchmark(parts)) for parts in heads]
    best = max(range(len(in_rows)), key=lambda column: in_rows[column])
    label_head = next((column for column in range(min(4, grid.width)) if leaf[column] in LABEL_HEADS), None)
    model_head = next((column for column, words in enumerate(leaf) if _model_head(words)), None)
    if in_rows[best] and in_rows[best] >= sum(in_heads) and not (best == model_head and sum(in_heads)):
        return Layout("rows", best, heads, _roles(grid, count, leaf, heads, best, "rows"))
    if sum(in_heads):
        column = model_head
        if column is None:
            column = next((c for c in range(grid.width) if not in_heads[c] and _named_rows(body, c, leaf[c])), None)
        return Layout("columns", column, heads, _roles(grid, count, leaf, heads, column, "columns", in_heads))
    if label_head is not None and grid.width > 1 and leaf[label_head].startswith(("benchmark", "eval", "task")):
        return Layout("rows", label_head, heads, _roles(grid, count, leaf, heads, label_head, "rows"))
    return None


def _model_head(words: str) -> bool:
    return words in MODEL_HEADS or (words.endswith("model") and len(words) < 20)


def _named_rows(body: tuple[tuple[Cell, ...], ...], column: int, head: str) -> bool:
    """Whether a column without a heading of its own kind may hold model names."""
    if head in SETTING_HEADS or head in ASIDE_HEADS | GROUP_HEADS | SHOT_HEADS | METRIC_HEADS:
        return False
    cells = [row[column].text for row in body if row[column].text]
    return head == "" and bool(cells) and all(any(c.isalpha() for c in text) for text in cells)


def _heading_benchmark(parts: tuple[str, ...]) -> str | None:
    return read_label(parts[-1]).benchmark or (read_label(" ".join(parts)).benchmark if len(parts) > 1 else None)


def _roles(
    grid: Grid,
    count: int,
    leaf: list[str],
    heads: tuple[tuple[str, ...], ...],
    label: int | None,
    benchmarks: str,
    in_heads: list[bool] | None = None,
) -> dict[int, str]:
    roles: dict[int, str] = {}
    for column in range(grid.width):
        if column == label:
            continue
        words = leaf[column]
        cells = [row[column] for row in grid.rows[count:]]
        if benchmarks == "columns" and in_heads and in_heads[column]:
            roles[column] = "value"
        elif words in SHOT_HEADS:
            roles[column] = "shots"
        elif words in METRIC_HEADS:
            roles[column] = "metric"
        elif words in SETTING_HEADS and not (SETTING_HEADS[words] in MODE_FIELDS and _mostly_numbers(cells)):
            roles[column] = f"set:{SETTING_HEADS[words]}"
        elif words in GROUP_HEADS:
            roles[column] = "group"
        elif words in ASIDE_HEADS or words.startswith(("delta", "improvement", "recovery", "stderr", "Δ")):
            roles[column] = "words"
        elif _model_head(words) and benchmarks == "rows":
            roles[column] = "model"
        elif benchmarks == "columns":
            roles[column] = "value" if words and _mostly_numbers(cells) else "words"
        elif not words and label is not None and column < label:
            roles[column] = "group"
        elif (
            _mostly_numbers(cells)
            or (heads[column] and mode_of(heads[column][-1]))
            or words in VALUE_HEADS
            or sum(other != label for other in range(grid.width)) == 1
        ):
            roles[column] = "value"
        else:
            roles[column] = "words"
    return roles


def _mostly_numbers(cells: list[Cell]) -> bool:
    kinds = [read_value(cell).kind for cell in cells]
    numbers = kinds.count("number") + kinds.count("unsure")
    return numbers > 0 and numbers * 2 >= sum(kind != "nothing" for kind in kinds)


def is_uneven(grid: Grid, number: int) -> bool:
    """Whether a row has cells with text where no heading stands over them: its numbers may be in wrong columns."""
    count = heads_of(grid)[0]
    heading = grid.rows[:count]
    return bool(heading) and any(
        cell.text and all(row[column].origin == EMPTY.origin for row in heading)
        for column, cell in enumerate(grid.rows[number])
    )


def split_rows(grid: Grid) -> Grid:
    """The table with rows taken apart that hold several benchmarks, one a line, with as many lines of numbers."""
    rows: list[tuple[Cell, ...]] = []
    for number, row in enumerate(grid.rows):
        count = _lines_of(row) if number >= grid.heads else 0
        if not count:
            rows.append(row)
            continue
        for line in range(count):
            rows.append(
                tuple(
                    replace(cell, text=cell.lines[line], lines=(), origin=(len(rows), column))
                    if len(cell.lines) == count
                    else cell
                    for column, cell in enumerate(row)
                )
            )
    return replace(grid, rows=tuple(rows)) if len(rows) != len(grid.rows) else grid


def _lines_of(row: tuple[Cell, ...]) -> int:
    """How many benchmarks a row names, one a line; 0 for an ordinary row."""
    for cell in row[:4]:
        count = len(cell.lines)
        if count > 1 and sum(bool(read_label(line).benchmark) for line in cell.lines) == count:
            numbers = [other for other in row if other is not cell and any(c.isdigit() for c in other.text)]
            if numbers and all(len(other.lines) == count for other in numbers):
                return count
    return 0


Stated = dict[str, str | int | float]


def row_settings(layout: Layout, row: Sequence[Cell], label: Label) -> tuple[Stated, list[str]]:
    """Settings that a row's other columns state (shots, metric, hardware, ...), and words that no field holds."""
    stated: Stated = {}
    words: list[str] = []
    for column, role in layout.roles.items():
        text = row[column].text
        if not text or read_value(row[column]).kind == "nothing":
            continue
        head = " ".join(layout.heads[column])
        if role == "shots":
            shots = SHOTS.search(text)
            if text.isdigit() or (shots and shots[1]):
                stated["shots"] = int(text if text.isdigit() else shots[1])  # type: ignore[index]
            else:
                words.append(f"{head}: {text}")
        elif role == "metric":
            found, left = metric_settings(text, label.benchmark)
            stated |= found
            words += left
        elif role.startswith("set:"):
            name = role.removeprefix("set:")
            if name in ("mode", "thinking", "effort"):
                if mode := mode_of(text):
                    stated |= mode
                elif name == "thinking" and text.casefold() in ("yes", "no", "on", "off"):
                    stated["thinking"] = "on" if text.casefold() in ("yes", "on") else "off"
                else:
                    words.append(f"{head}: {text}")
            elif name in ("concurrency", "prompt_tokens", "generation_tokens", "depth"):
                if (digits := text.replace(",", "")).isdigit():
                    stated[name] = int(digits)
                else:
                    words.append(f"{head}: {text}")
            else:
                stated[name] = text
        elif role == "words" and any(c.isalpha() for c in head) and len(text) <= 200:
            words.append(f"{head}: {text}")
    return stated, words
