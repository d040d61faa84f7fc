"""The heading rows of a table: how many there are, the parts of each column's heading, and what these name, with the
help of the cells below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evaluators.catalogue import catalogue
from evaluators.licence_names import licence_named
from warehouse.claims.tables.cells import read_value
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.ownership.identity import Identity, names_model
from warehouse.claims.text.labels import Label, read_label, stated_by, states_only_settings
from warehouse.claims.text.model_words import is_size
from warehouse.claims.text.names import normalise
from warehouse.claims.text.speed_names import UNIT, device_named, names_speed, quantization_named, speed_named
from warehouse.claims.text.vocabulary import LABEL_HEADS, MEANS, MODEL_HEADS

Heads = tuple[tuple[str, ...], ...]
_BELOW = frozenset(
    ["setup", "setups", "setting", "settings", "details", "metric", "metrics", "shots", "shot", "nshots", "protocol"]
)
"""First cells of rows below the heading that say how each column was measured."""


def heads_of(grid: Grid) -> tuple[int, Heads]:
    """How many rows are headings, and each column's heading parts without repeats, group first.

    A row below the headings whose first cell is empty and whose other cells only state settings ("5-shot") belongs to
    them.
    """
    count = grid.heads
    if count == 0 and len(grid.rows) > 1 and _like_heading(grid.rows[0]):
        count = 1
    while 0 < count < len(grid.rows) - 1 and _goes_on(grid.rows[count], count):
        count += 1
    while 0 < count < len(grid.rows) - 1 and _states_settings(grid.rows[count]):
        count += 1
    if 0 < count < len(grid.rows) - 1 and _names_columns(
        grid.rows[count], grid.rows[count - 1], grid.rows[count + 1 :]
    ):
        count += 1
        above = grid.rows[count - 2]
        if grid.rows[count - 1][0].text:  # a Markdown table has no cells over several columns
            grid = replace(grid, rows=(*grid.rows[: count - 2], _carried(above), *grid.rows[count - 1 :]))
    parts = []
    for column in range(grid.width):
        seen: list[Cell] = []
        for number, row in enumerate(grid.rows[:count]):
            if column == 0 and number >= grid.heads and normalise(row[0].text) in _BELOW:
                continue
            named = row[column].text if number < grid.heads else any(c.isalnum() for c in row[column].text)
            if named and all(row[column].origin != cell.origin for cell in seen):
                seen.append(row[column])
        parts.append(tuple(cell.text for cell in seen))
    return count, tuple(parts)


def _goes_on(row: tuple[Cell, ...], count: int) -> bool:
    """Whether a cell of the headings reaches into the row, and its other cells are words: the row is one of them."""
    reaching = [0 <= cell.origin[0] < count for cell in row]
    words = [read_value(cell).kind == "words" for cell, above in zip(row, reaching, strict=True) if not above]
    return any(reaching) and len(words) > 1 and all(words)


def _carried(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The row of headings of groups, each carried over the empty cells to its right; the first cell is none."""
    cells = [*row[:1]]
    for cell in row[1:]:
        cells.append(cell if cell.text or len(cells) == 1 else cells[-1])
    return tuple(cells)


def _like_heading(row: tuple[Cell, ...]) -> bool:
    values = [read_value(cell) for cell in row]
    return all(value.kind in ("words", "nothing") for value in values) and sum(bool(cell.text) for cell in row) > 1


def _names_columns(row: tuple[Cell, ...], above: tuple[Cell, ...], below: tuple[tuple[Cell, ...], ...]) -> bool:
    """Whether the row gives every column but the first, which it leaves empty, a name of its own, under headings some
    of which are empty; or begins as a heading does (`Benchmark`). Numbers stand below."""
    names = [cell.text for cell in row[1:]]
    is_whole = all(cell.text for cell in above) and normalise(above[0].text) in LABEL_HEADS | MODEL_HEADS
    headed = normalise(row[0].text) in LABEL_HEADS | MODEL_HEADS and not is_whole
    apart = {(over.text, name) for over, name in zip(_carried(above)[1:], names, strict=True)} if headed else set(names)
    if (row[0].text and not headed) or len(names) < 2 or not all(names) or len(apart) < len(names):
        return False
    if any(read_value(cell).kind != "words" for cell in row[1:]) or (not headed and all(c.text for c in above[1:])):
        return False
    return any(all(read_value(cell).kind == "number" for cell in other[1:]) for other in below)


def _states_settings(row: tuple[Cell, ...]) -> bool:
    """Whether the row has no label, and every filled cell states settings and nothing else."""
    filled = [cell for cell in row if any(c.isalnum() for c in cell.text)]
    if filled and normalise(row[0].text) in _BELOW and len(filled) > 2:
        return all(any(map(str.isalpha, cell.text)) for cell in filled)
    if not filled or row[0].text or all(cell.origin == filled[0].origin for cell in filled):
        return False
    read = [stated_by(cell.text, None) for cell in filled]
    return all(stated and not left for stated, left in read)


def columns_of_speeds(heads: Heads, body: Sequence[Sequence[Cell]]) -> set[int]:
    """The columns whose headings speak of a speed and whose cells, not they, give the unit."""
    return {column for column, parts in enumerate(heads) if parts and _speeds(parts, [row[column] for row in body])}


def named_heads(
    heads: Heads,
    body: Sequence[Sequence[Cell]],
    units: set[int],
    rows_named: bool,
    identity: Identity,
    context: Sequence[str] = (),
) -> tuple[Heads, list[bool]]:
    """The headings, and which of them name a benchmark. Where the rows (`rows_named`) do not, `Size` over sizes of
    files is named so; where neither do, headings are given the name of what their cells, or the nearest of the
    `context`, show them to hold: speeds on a machine, or lengths of a context."""
    columns = [[row[column] for row in body] for column in range(len(heads))]
    heads = _with_counts(_with_math(heads, columns), columns)
    in_heads = [
        bool(parts and heading_label(parts, c in units).benchmark) and not _holds_models(columns[c], identity)
        for c, parts in enumerate(heads)
    ]
    sizes = [bool(parts) and _file_sizes(parts, columns[c]) for c, parts in enumerate(heads)]
    if rows_named:
        return heads, in_heads
    if any(in_heads):
        rates = [bool(parts) and _rates_on_device(parts, columns[c], False) for c, parts in enumerate(heads)]
        names = [_name_held(parts, *held) for parts, *held in zip(heads, sizes, rates, strict=True)]
        told = tuple((*parts[:-1], name) if name else parts for parts, name in zip(heads, names, strict=True))
        return told, [named or bool(name) for named, name in zip(in_heads, names, strict=True)]
    over = any(speed_named(text)[0] == "output_speed" for text in context[-2:])
    rates = [bool(parts) and _rates_on_device(parts, columns[c], over) for c, parts in enumerate(heads)]
    if any(rates):
        told = tuple((f"Speed ({p[-1]}, tok/s)",) if rate else p for p, rate in zip(heads, rates, strict=True))
        return told, rates
    lengths = [bool(parts) and _context_lengths(parts, columns[c]) for c, parts in enumerate(heads)]
    held = zip(sizes, lengths, strict=True)
    names = ["File size" if size else "Context length" if length else "" for size, length in held]
    told = tuple((*parts[:-1], name) if name else parts for parts, name in zip(heads, names, strict=True))
    return told, [bool(name) for name in names]


def _name_held(parts: tuple[str, ...], size: bool, rate: bool) -> str:
    """The name for a heading over sizes of files, or over speeds on the machine that it names; empty for another."""
    return "File size" if size else f"Speed ({parts[-1]}, tok/s)" if rate else ""


def _with_math(heads: Heads, columns: Sequence[Sequence[Cell]]) -> Heads:
    """The headings, with `Math` as the benchmark of that name where it stands among at least three benchmarks, nothing
    else there is a group of benchmarks or a mean, and the cells are scores."""
    labels = [read_label(parts[-1]) if parts else None for parts in heads]
    scored = [
        label for label in labels if label and label.benchmark and catalogue()[label.benchmark].unit == "fraction"
    ]
    groups = [c for c, label in enumerate(labels) if label and (label.category or normalise(label.text) in MEANS)]
    if len(groups) != 1 or len(scored) < 3 or normalise(heads[groups[0]][-1]) != "math":
        return heads
    if not mostly_numbers(columns[groups[0]]):
        return heads
    return tuple((*parts[:-1], "MATH") if column == groups[0] else parts for column, parts in enumerate(heads))


_OF_COUNTS = {
    **dict.fromkeys(("total", "size", "params", "parameters"), "Total parameters"),
    **dict.fromkeys(("active", "activated"), "Active parameters"),
}


def _with_counts(heads: Heads, columns: Sequence[Sequence[Cell]]) -> Heads:
    """The headings, with `Total` (or `Size`) and `Active` as those of parameters where a column `Active` holds such
    counts alone, and one `Total` beside it too."""
    names = [_OF_COUNTS.get(normalise(parts[-1]), "") if parts else "" for parts in heads]
    held = [bool(name) and _counts_of_parameters(columns[c]) for c, name in enumerate(names)]
    named = [name if holds else "" for name, holds in zip(names, held, strict=True)]
    if named.count("Active parameters") != 1 or named.count("Total parameters") > 1:
        return heads
    return tuple((*parts[:-1], name) if name else parts for parts, name in zip(heads, named, strict=True))


def _counts_of_parameters(cells: Sequence[Cell]) -> bool:
    filled = [cell.text for cell in cells if any(c.isdigit() for c in cell.text)]
    return bool(filled) and all(re.fullmatch(r"[~≈]?\s?\d+(?:\.\d+)?\s?[BMT]", text) for text in filled)


def _speeds(parts: tuple[str, ...], cells: list[Cell]) -> bool:
    filled = [cell.text for cell in cells if any(c.isdigit() for c in cell.text)]
    return (
        names_speed(parts[-1]) and bool(filled) and sum(bool(UNIT.search(text)) for text in filled) * 2 >= len(filled)
    )


def _rates_on_device(parts: tuple[str, ...], cells: Sequence[Cell], over: bool) -> bool:
    """Whether a column is headed by a machine alone and its cells are tokens a second: speeds on that machine. The
    unit stands in the cells, or in the heading over the table (`over`)."""
    filled = [cell.text for cell in cells if any(c.isdigit() for c in cell.text)]
    device, quantization = device_named(parts[-1]), quantization_named(parts[-1])
    alone = parts[-1].replace(quantization, "") if quantization else parts[-1]
    if device is None or not normalise(device).endswith(normalise(alone)) or not filled:
        return False
    return all(re.search(r"(?i)\d[\d.,]*\s*(?:tok\w*/s\w*|t/s)", text) for text in filled) or (
        over and mostly_numbers(cells)
    )


def _holds_models(cells: list[Cell], identity: Identity) -> bool:
    """Whether a column's cells are names of models, whatever its heading (`Model Size`) says."""
    filled = [cell.text for cell in cells if any(c.isalnum() for c in cell.text)]
    named = [text for text in filled if names_model(text, identity) and not licence_named(text)]
    return bool(filled) and not any(is_size(text) for text in filled) and len(named) * 2 > len(filled)


def _file_sizes(parts: tuple[str, ...], cells: list[Cell]) -> bool:
    """Whether a column is headed `Size` and its cells say that this is the size of files."""
    filled = [cell.text for cell in cells if any(c.isdigit() for c in cell.text)]
    return (
        normalise(parts[-1]) in ("size", "modelsize", "大小")
        and bool(filled)
        and all(re.fullmatch(r"(?i)[~≈]?\s?\d+(?:\.\d+)?\s?[MG]i?B", text) for text in filled)
    )


def _context_lengths(parts: tuple[str, ...], cells: list[Cell]) -> bool:
    """Whether a column is headed `Length` and its cells say that this is how long a context may be."""
    filled = [cell.text for cell in cells if any(c.isdigit() for c in cell.text)]
    return (
        normalise(parts[-1]) in ("length", "seqlength", "maxlength", "长度")
        and bool(filled)
        and all(re.fullmatch(r"\d{1,4}\s?[kK]|[1-9]\d?\s?M", text) for text in filled)
    )


def heading_label(parts: tuple[str, ...], speed: bool = False) -> Label:
    """The label of a column's heading: its last part, or all its parts together where only they name a benchmark.
    `speed`: the heading speaks of a speed, and the cells give the unit."""
    if speed and read_label(parts[-1]).benchmark is None:
        return replace(read_label(f"{parts[-1]} tok/s"), text=parts[-1])
    leaf = read_label(parts[-1])
    joined = read_label(" ".join(parts)) if len(parts) > 1 else leaf
    if leaf.benchmark is None and joined.benchmark is None and len(parts) > 1 and states_only_settings(parts[-1]):
        return replace(read_label(f"{' '.join(parts[:-1])} ({parts[-1]})"), text=" ".join(parts[:-1]))
    if leaf.benchmark or not joined.benchmark:
        first = read_label(parts[0]) if len(parts) > 1 and not leaf.benchmark else leaf
        over = first.benchmark is not None and first is not leaf and catalogue()[first.benchmark].unit == "fraction"
        return read_label(f"{parts[0]} ({', '.join(parts[1:])})") if over else leaf
    return joined


_PAIR = re.compile(r"[*_]*\d+(?:\.\d+)?\s*%?[*_]*\s*/\s*[*_]*\d+(?:\.\d+)?\s*%?[*_]*\s*[†‡§¶✱]?")


def mostly_numbers(cells: Sequence[Cell]) -> bool:
    """Whether at least half of the filled cells hold numbers."""
    kinds = [read_value(cell).kind for cell in cells]
    numbers = kinds.count("number") + kinds.count("unsure") + sum(bool(_PAIR.fullmatch(cell.text)) for cell in cells)
    return numbers > 0 and numbers * 2 >= sum(kind != "nothing" for kind in kinds)
