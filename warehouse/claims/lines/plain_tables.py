"""Columns that are aligned by spaces or tabs, and tables inside code fences -> Markdown tables.

Only runs of lines with equally many columns, a heading without numbers and mostly numbers below it are tables.
"""

from __future__ import annotations

import re

_GAP = re.compile(r"\t+|\s{2,}")
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(\w*)\s*$")
_TEXTUAL = ("", "text", "txt", "markdown", "md", "plaintext", "plain")
_RULED = re.compile(r"^[\s|+:=\-─━—]+$")
_MOST_PLACES = 100
_BORDER = re.compile(r"^\s*\+(?:[-=]+\+)+\s*$")
"""A line of a table drawn with characters: `+-----+-----+`."""
_VALUE = re.compile(
    r"[*_~≈<>]*-?\d[\d,]*(?:\.\d+)?(?:\s?[-–]\s?\d+(?:\.\d+)?)?\+?\s?"
    r"(?:%|[BMKk]|Gi?B|tok(?:en)?s?(?:/| per )s(?:ec(?:ond)?)?|t/s)?[*†‡_]*|-|–|—|n/?a",
    re.IGNORECASE,
)


def with_plain_tables(text: str) -> tuple[str, list[int]]:
    """The text with such tables as Markdown, and the number (from 1) that each of its lines had."""
    lines = text.split("\n")
    kept: list[str] = []
    numbers: list[int] = []
    index = 0
    while index < len(lines):
        if fence := _FENCE.match(lines[index]):
            end = next((n for n in range(index + 1, len(lines)) if re.match(r"^\s*(?:```|~~~)\s*$", lines[n])), None)
            inside = lines[index + 1 : end] if end is not None else []
            if end is None:
                kept += lines[index:]
                numbers += range(index + 1, len(lines) + 1)
                break
            table = _table_in(inside, index + 2) if fence[1].casefold() in _TEXTUAL else None
            rows = table or [(line, index + 1 + n) for n, line in enumerate(lines[index : end + 1])]
            kept += [line for line, _ in rows]
            numbers += [number for _, number in rows]
            index = end + 1
            continue
        end = index
        while end < len(lines) and ("|" in lines[end] or _BORDER.match(lines[end])):
            end += 1
        if end > index:
            inner = [n for n in range(index, end) if not _BORDER.match(lines[n])]
            ruled = _with_rule([lines[n] for n in inner])
            kept += ["", *ruled, ""] if ruled else lines[index:end]
            numbers += (
                [inner[0] + 1, inner[0] + 1, *(n + 1 for n in inner), end] if ruled else range(index + 1, end + 1)
            )
            index = end
            continue
        while end < len(lines) and len(_columns(lines[end])) > 1 and not _FENCE.match(lines[end]):
            end += 1
        table = _table_in(lines[index:end], index + 1) if end - index > 2 else None
        if table:
            kept += [line for line, _ in table]
            numbers += [number for _, number in table]
            index = end
            continue
        stop = max(index + 1, end)
        kept += lines[index:stop]
        numbers += range(index + 1, stop + 1)
        index = stop
    return "\n".join(kept), numbers


def _pipes(line: str) -> int:
    """How many pipes stand between the cells of a line; 0 for a line of a list or of HTML."""
    return 0 if re.match(r"^\s*(?:[-*+•>#]\s|\d+[.)]\s|<)", line) else line.strip().strip("|").count("|")


def _with_rule(lines: list[str]) -> list[str] | None:
    """Lines of equally many cells with the rule of a Markdown table below the first, where they are such a table but
    for it; else None."""
    if len(lines) < 3 or not all(map(_pipes, lines)) or any(map(_RULED.match, lines)):
        return None
    cells = [[cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")] for line in lines]
    width = len(cells[0])
    if any(len(row) != width for row in cells) or not all(cells[0][1:]) or any(map(_VALUE.fullmatch, cells[0])):
        return None
    if not all(row[0] for row in cells[1:]) or not any(is_value(cell) and cell for row in cells[1:] for cell in row):
        return None
    rows = [_row(row) for row in cells]
    return [rows[0], f"|{'---|' * width}", *rows[1:]]


def _columns(line: str) -> list[str]:
    """The cells of a line, split at two or more spaces or a tab; none for a line of another kind."""
    if "|" in line or re.match(r"^\s*(?:[-*+•>#]\s|\d+[.)]\s|<)", line):
        return []
    return [cell for cell in _GAP.split(line.strip()) if cell]


def _table_in(lines: list[str], first: int) -> list[tuple[str, int]] | None:
    """The lines as a Markdown table with their numbers, where all of them are one; else None."""
    filled = [(line, first + n) for n, line in enumerate(lines) if line.strip()]
    if len(filled) > 2 and all("|" in line for line, _ in filled) and _RULED.match(filled[1][0]):
        return [("", first), *filled, ("", filled[-1][1])]
    plain = [(line, number) for line, number in filled if not _RULED.match(line)]
    return next((table for split in _SPLITS if (table := _split_table(plain, split([x for x, _ in plain])))), None)


def _split_table(lines: list[tuple[str, int]], cells_of: list[list[str]]) -> list[tuple[str, int]] | None:
    """The lines, split so, as a Markdown table with their numbers, where they are one; else None."""
    rows = [(cells, number) for cells, (_, number) in zip(cells_of, lines, strict=True)]
    width = len(rows[0][0]) if rows else 0
    if len(rows) < 3 or width < 2:
        return None
    if len(rows[1][0]) == width + 1:  # the heading leaves the corner empty
        rows[0] = (["", *rows[0][0]], rows[0][1])
        width += 1
    head, body = rows[0][0], [cells for cells, _ in rows[1:]]
    if any(len(cells) != width for cells in body) or any(_VALUE.fullmatch(cell) for cell in head if cell):
        return None
    values = [cell for cells in body for cell in cells[1:]]
    filled = all(cells[0] for cells in body) and all(head[1:])
    of_values = any(all(map(is_value, column)) for column in list(zip(*body, strict=True))[1:])
    numeric = of_values or sum(map(is_value, values)) * 2 >= len(values)
    if any(_VALUE.fullmatch(cells[0]) for cells in body) or not (filled and numeric):
        return None
    first_line = rows[0][1]
    table = [_row(cells) for cells, _ in rows]
    numbered = list(zip(table, (number for _, number in rows), strict=True))
    return [("", first_line), numbered[0], (f"|{'---|' * width}", first_line), *numbered[1:], ("", numbered[-1][1])]


def _by_gaps(lines: list[str]) -> list[list[str]]:
    return [_columns(line) for line in lines]


def _by_tabs(lines: list[str]) -> list[list[str]]:
    """The cells between single tabs, empty ones too."""
    return [[cell.strip() for cell in line.split("\t")] for line in lines]


def _by_places(lines: list[str]) -> list[list[str]]:
    """The cells below the headings in the first line, where each stands below one alone; empty ones too."""
    heads = list(re.finditer(r"\S+(?: \S+)*", lines[0])) if lines and "\t" not in "".join(lines) else []
    rows: list[list[str]] = []
    for line in lines:
        if len(heads) > _MOST_PLACES:
            return [[] for _ in lines]
        cells = [""] * len(heads)
        for cell in re.finditer(r"\S+(?: \S+)*", line):
            below = [n for n, head in enumerate(heads) if cell.start() < head.end() and head.start() < cell.end()]
            if len(below) != 1 or cells[below[0]]:
                return [[] for _ in lines]
            cells[below[0]] = cell[0]
        rows.append(cells)
    return rows


_SPLITS = (_by_gaps, _by_tabs, _by_places)


def is_value(text: str) -> bool:
    """Whether a cell holds a number, a mark for a missing one, or nothing."""
    return text == "" or _VALUE.fullmatch(text) is not None


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', ' ') for cell in cells)} |"
