"""Columns that are aligned by spaces or tabs, and tables inside code fences -> Markdown tables.

Only runs of lines with equally many columns, a heading without numbers and mostly numbers below it are tables.
"""

from __future__ import annotations

import re

_GAP = re.compile(r"\t+|\s{2,}")
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(\w*)\s*$")
_TEXTUAL = ("", "text", "txt", "markdown", "md", "plaintext", "plain")
_RULED = re.compile(r"^[\s|+:=\-─━—]+$")
_VALUE = re.compile(r"[*_~≈<>]*-?\d[\d,]*(?:\.\d+)?\s?[%BMKk]?[*†‡_]*|-|–|—|n/?a", re.IGNORECASE)


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
    rows = [(_columns(line), number) for line, number in filled if not _RULED.match(line)]
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
    if any(_VALUE.fullmatch(cells[0]) for cells in body) or sum(map(_is_value, values)) * 2 < len(values):
        return None
    first_line = rows[0][1]
    table = [_row(cells) for cells, _ in rows]
    numbered = list(zip(table, (number for _, number in rows), strict=True))
    return [("", first_line), numbered[0], (f"|{'---|' * width}", first_line), *numbered[1:], ("", numbered[-1][1])]


def _is_value(text: str) -> bool:
    return _VALUE.fullmatch(text) is not None


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', ' ') for cell in cells)} |"
