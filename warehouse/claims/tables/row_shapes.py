"""Rows and columns with several benchmarks or values taken apart, and rows without a label joined to the one above."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluators.catalogue import catalogue
from warehouse.claims.tables.cells import read_value
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.headings import heads_of
from warehouse.claims.tables.layout import Layout
from warehouse.claims.text.labels import read_label, states_only_settings
from warehouse.claims.text.names import mode_of, normalise
from warehouse.claims.text.vocabulary import MEANS


def split_rows(grid: Grid) -> Grid:
    """The table with rows taken apart that hold several benchmarks, one a line, with as many lines of numbers. Where
    other rows are so taken apart by a column, names in it that nobody knows are parted too."""
    rows: list[tuple[Cell, ...]] = []
    parted = {column for row in grid.rows[grid.heads :] for count, column in (_lines_of(row),) if count}
    for number, row in enumerate(grid.rows):
        if number >= grid.heads and (sides := _sides_of(row)):
            rows += [
                tuple(replace(cell, origin=(len(rows) + side, column)) for column, cell in enumerate(cells))
                for side, cells in enumerate(sides)
            ]
            continue
        count = _lines_of(row)[0] if number >= grid.heads else 0
        if not count and number >= grid.heads and len(parted) == 1:
            count = _lines_of_unknown(row, next(iter(parted)))
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


_NUMBER = re.compile(r"[*_]*\d+(?:\.\d+)?\s*%?[*_]*")


def _sides_of(row: tuple[Cell, ...]) -> list[tuple[Cell, ...]]:
    """The rows that a row of two models or modes and as many numbers a cell stands for: `Odd / Odd + search | 53.9 /
    65.8`, `Odd (low / high) | 37.4 / 60.7`; empty for an ordinary row."""
    if not row:
        return []
    label, bracket = row[0].text, re.fullmatch(r"(.*\S)\s*\(([^()]* / [^()]*)\)\W*", row[0].text)
    names = [f"{bracket[1]} ({side.strip()})" for side in bracket[2].split(" / ")] if bracket else label.split(" / ")
    if len(names) < 2 or any(read_label(name).benchmark for name in (label, *names)):
        return []
    cells = [[side.strip() for side in re.split(r"\s*/\s*", cell.text)] for cell in row[1:]]
    numbers = [sides for cell, sides in zip(row[1:], cells, strict=True) if any(map(str.isdigit, cell.text))]
    if not numbers or not all(len(sides) == len(names) and all(map(_NUMBER.fullmatch, sides)) for sides in numbers):
        return []
    return [
        (
            replace(row[0], text=name.strip()),
            *(
                replace(cell, text=sides[side]) if any(map(str.isdigit, cell.text)) else cell
                for cell, sides in zip(row[1:], cells, strict=True)
            ),
        )
        for side, name in enumerate(names)
    ]


def _lines_of_unknown(row: tuple[Cell, ...], column: int) -> int:
    """How many names a row has in the column by which other rows are taken apart, where each is one line, and every
    cell with numbers has as many; 0 for an ordinary row."""
    count = len(row[column].lines)
    numbers = [cell for cell in row[column + 1 :] if any(map(str.isdigit, cell.text))]
    even = all(len(cell.lines) == count and all(map(_NUMBER.fullmatch, cell.lines)) for cell in numbers)
    named = all(re.match(r"[^\W\d]", line) and not states_only_settings(line) for line in row[column].lines)
    return count if count > 1 and numbers and even and named else 0


def _lines_of(row: tuple[Cell, ...]) -> tuple[int, int]:
    """How many benchmarks, or precisions of weights, a row names, one a line, and in which column; 0 for an ordinary
    row. One of them must be known, and every cell with numbers must have as many lines."""
    for column, cell in enumerate(row[:4]):
        count = len(cell.lines)
        if any(states_only_settings(line) for line in cell.lines):
            continue  # a heading with its shots below, no two benchmarks
        precisions = sum("quantization" in mode_of(line) for line in cell.lines) * 2 >= count
        if count > 1 and (precisions or any(read_label(line).benchmark for line in cell.lines)):
            others = row[1:] if precisions else row  # the benchmark, once for all of them
            numbers = [other for other in others if other is not cell and any(c.isdigit() for c in other.text)]
            if numbers and all(len(other.lines) == count for other in numbers):
                return count, column
    return 0, 0


_COUNTED = re.compile(
    r"(?i)#?\s*(?:params?|parameters|(?:model |parameter )?size|参数(?:大小|量|规模))\s*"
    r"[(\[（](?:in )?(?:b|bn|billions?|十亿)[)\]）]"
)
"""Headings of columns of sizes in billions of parameters."""


def with_billions(grid: Grid, legends: Mapping[str, str]) -> Grid:
    """The table of several models named `Ours` with the unit behind their sizes, where the column is headed as one of
    sizes in billions, by itself or by what the `legends` say of a short heading: `6.8` under `PS`, where `PS` is the
    `parameter size (billion)`."""
    count = heads_of(grid)[0]
    if sum(normalise(row[0].text) in ("ours", "ourmodel", "ourmodels") for row in grid.rows[count:]) < 2:
        return grid
    names = [row.text for row in grid.rows[count - 1]] if count else []
    named = [legends.get(normalise(name), name) for name in names]
    columns = [
        column
        for column, name in enumerate(named)
        if _COUNTED.fullmatch(name.strip())
        and all(re.fullmatch(r"\d{1,3}(?:\.\d+)?|\W*", row[column].text) for row in grid.rows[count:])
    ]
    if not columns:
        return grid
    rows = [
        tuple(
            replace(cell, text="Size" if number < count else f"{cell.text}B" if cell.text[:1].isdigit() else cell.text)
            if column in columns
            else cell
            for column, cell in enumerate(row)
        )
        if number >= count - 1
        else row
        for number, row in enumerate(grid.rows)
    ]
    return replace(grid, rows=tuple(rows))


def with_long_names(grid: Grid, legends: Mapping[str, str]) -> Grid:
    """The table with the names that its legend gives to its columns, where no heading names a benchmark itself and the
    legend names at least two."""
    count = heads_of(grid)[0]
    if not count or any(read_label(cell.text).benchmark for cell in grid.rows[count - 1]):
        return grid
    names = {
        column: legends[key]
        for column, cell in enumerate(grid.rows[count - 1])
        if (key := normalise(cell.text)) in legends and read_label(legends[key]).benchmark
    }
    if len(names) < 2 or any(read_label(cell.text).benchmark for row in grid.rows[count:] for cell in row[:2]):
        return grid
    heads = tuple(
        replace(cell, text=names[column]) if column in names else cell
        for column, cell in enumerate(grid.rows[count - 1])
    )
    return replace(grid, rows=(*grid.rows[: count - 1], heads, *grid.rows[count:]))


def with_math(grid: Grid, layout: Layout) -> Grid:
    """The table with `Math` as the benchmark of that name where it is a row of scores among at least three benchmarks,
    and no other row is a group of benchmarks or a mean."""
    label, first = layout.label, heads_of(grid)[0]
    if label is None or layout.benchmarks != "rows":
        return grid
    labels = {number: read_label(grid.rows[number][label].text) for number in range(first, len(grid.rows))}
    values = [column for column, role in layout.roles.items() if role == "value"]
    groups = [number for number, said in labels.items() if said.category or normalise(said.text) in MEANS]
    scored = [said for said in labels.values() if said.benchmark and catalogue()[said.benchmark].unit == "fraction"]
    if len(groups) != 1 or len(scored) < 3 or normalise(labels[groups[0]].text) != "math":
        return grid
    if not any(read_value(grid.rows[groups[0]][column]).kind == "number" for column in values):
        return grid
    rows = [
        tuple(
            replace(cell, text="MATH") if (number, column) == (groups[0], label) else cell
            for column, cell in enumerate(row)
        )
        for number, row in enumerate(grid.rows)
    ]
    return replace(grid, rows=tuple(rows))


_HOW = r"[(\[]?\s*(n ?= ?\d{1,2}|\d{1,2}[- ]?shots?|(?:pass|maj|cons|avg|best)@\d{1,4})\s*[)\]]?"
_TWO_WAYS = re.compile(rf"(?i)(\S.*?)\s*{_HOW}\s*[/,&|]?\s*{_HOW}")
"""A heading over two values in every cell: `HellaSwag n=0 n=5`, `MMLU (0-shot) (5-shot)`."""
_TWO_VALUES = re.compile(r"(\d+(?:\.\d+)?)(?:\s+|\s*\(\s*)(\d+(?:\.\d+)?)\s*\)?")


def split_columns(grid: Grid, around: Sequence[str]) -> Grid:
    """The table with columns taken apart whose heading states two ways of measuring and whose cells hold a value for
    each, parted by space or with the second in brackets. `n=5` is five shots where the words around say `n-shot`."""
    if grid.heads != 1 or len(grid.rows) < 2:
        return grid
    counts_shots = any(re.search(r"(?i)\bn[- ]shots?\b", text) for text in around)
    ways: dict[int, tuple[str, str, str]] = {}
    for column, head in enumerate(grid.rows[0]):
        said = _TWO_WAYS.fullmatch(head.text)
        cells = [row[column].text for row in grid.rows[1:] if any(map(str.isdigit, row[column].text))]
        if said is None or not cells or not all(map(_TWO_VALUES.fullmatch, cells)):
            continue
        shot = r"\1-shot" if counts_shots else r"n=\1"
        first, second = (re.sub(r"(?i)^n ?= ?(\d+)$", shot, way) for way in said.groups()[1:])
        if first != second and not first.startswith("n="):
            ways[column] = (said[1], first, second)
    if not ways:
        return grid
    names = [replace(cell, text=ways[at][0]) if at in ways else cell for at, cell in enumerate(grid.rows[0])]
    below = [cell if at not in ways else None for at, cell in enumerate(grid.rows[0])]
    rows = [
        tuple(cell for at, cell in enumerate(names) for _ in range(2 if at in ways else 1)),
        tuple(
            cell or replace(grid.rows[0][at], text=way, lines=(), origin=(-2, 2 * at + side))
            for at, cell in enumerate(below)
            for side, way in enumerate(ways[at][1:] if at in ways else ("",))
        ),
        *(tuple(cell for at, held in enumerate(row) for cell in _sides(held, at in ways)) for row in grid.rows[1:]),
    ]
    return replace(grid, rows=tuple(rows), heads=2)


def _sides(cell: Cell, parted: bool) -> tuple[Cell, ...]:
    """The cell, or one for each of its two values."""
    if not parted:
        return (cell,)
    values = _TWO_VALUES.fullmatch(cell.text)
    row, column = cell.origin
    said = values.groups() if values else (cell.text, cell.text)
    return tuple(
        replace(cell, text=text, lines=(), origin=(row, 1000 + 2 * column + side)) for side, text in enumerate(said)
    )


def carry_down(grid: Grid, layout: Layout) -> Grid:
    """The table with the label of the row above in rows without one that state another part or setting."""
    label = layout.label
    if label is None:
        return grid
    states = [
        column for column, role in layout.roles.items() if role.startswith("set:") or role in ("stated", "metric")
    ]
    rows, above = list(grid.rows), None
    for number in range(heads_of(grid)[0], len(rows)):
        row = rows[number]
        if row[label].text:
            above = number
        elif above is not None and any(
            row[column].text and row[column].text != rows[above][column].text for column in states
        ):
            rows[number] = tuple(rows[above][column] if column == label else cell for column, cell in enumerate(row))
    return replace(grid, rows=tuple(rows))
