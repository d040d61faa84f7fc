"""Tables that lost their columns, one cell a line, as text taken out of a web page often has them -> Markdown tables.

Only where every row has as many cells as the heading; others are parted into lines, which say nothing alone.
"""

from __future__ import annotations

import re

from warehouse.claims.lines.plain_tables import is_value

_LONGEST = 45
_NO_CELL = re.compile(r"[.!?:;,。]$|\||\t|\S\s{2,}\S|^\s*(?:[-*+•>#]\s|\d{1,3}[.)]\s|<|```|~~~)|^\s{4}")
Cells = list[tuple[str, int]]


def with_cell_lines(text: str) -> tuple[str, list[int]]:
    """The text with such tables as Markdown, and the number (from 1) that each of its lines had."""
    lines = text.split("\n")
    kept, numbers = list[str](), list[int]()
    index = 0
    while index < len(lines):
        end = index
        while end < len(lines) and (not lines[end].strip() or _is_cell(lines[end])):
            end += 1
        cells = [(line.strip(), index + 1 + n) for n, line in enumerate(lines[index:end]) if line.strip()]
        if sum(is_value(cell) for cell, _ in cells) > 3:
            for line, number in _read_run(lines[index:end], index + 1, cells):
                kept.append(line)
                numbers.append(number)
            index = end
            continue
        end = max(end, index + 1)
        kept += lines[index:end]
        numbers += range(index + 1, end + 1)
        index = end
    return "\n".join(kept), numbers


def _is_cell(line: str) -> bool:
    return len(line) <= _LONGEST and (_NO_CELL.search(line) is None or is_value(line.strip()))


def _read_run(lines: list[str], first: int, cells: Cells) -> Cells:
    """The run with its table as Markdown, else with its cells parted by blank lines."""
    groups: list[Cells] = [[]]
    for number, line in enumerate(lines, first):
        if line.strip():
            groups[-1].append((line.strip(), number))
        elif groups[-1]:
            groups.append([])
    table_found = _grouped([group for group in groups if group]) or _repeated(cells)
    if table_found is None:
        return [pair for cell in cells for pair in (cell, ("", cell[1]))]
    before, rows, after = table_found
    table = [(f"| {' | '.join(cell for cell, _ in row)} |", row[0][1]) for row in rows]
    rule = (f"|{'---|' * len(rows[0])}", rows[0][0][1])
    apart = [pair for cell in before for pair in (cell, ("", cell[1]))]
    return [
        ("", first), *apart, table[0], rule, *table[1:], ("", rows[-1][-1][1]),
        *(pair for cell in after for pair in (cell, ("", cell[1]))),
    ]  # fmt: skip


def _grouped(groups: list[Cells]) -> tuple[Cells, list[Cells], Cells] | None:
    """The cells before, the rows and the cells after, where each row is a paragraph of as many lines."""
    for start, head in enumerate(groups):
        if len(head) < 3 or any(is_value(cell) for cell, _ in head):
            continue
        end = start + 1
        while end < len(groups) and len(groups[end]) == len(head) and _is_row(groups[end]):
            end += 1
        if end - start > 2:
            flat = [[cell for group in part for cell in group] for part in (groups[:start], groups[end:])]
            return flat[0], groups[start:end], flat[1]
    return None


def _is_row(group: Cells) -> bool:
    return not is_value(group[0][0]) and any(is_value(cell) for cell, _ in group[1:])


def _repeated(cells: Cells) -> tuple[Cells, list[Cells], Cells] | None:
    """As `_grouped`, where no blank lines part the rows: each is a label and as many values as the first one has."""
    first = next((n for n, (cell, _) in enumerate(cells) if is_value(cell)), 0)
    end = first
    while end < len(cells) and is_value(cells[end][0]):
        end += 1
    width = end - first + 1
    start = first - 1 - width
    if width < 3 or start < 0:
        return None
    rows = [cells[start : start + width]]
    at = first - 1
    while at + width <= len(cells) and _is_full(cells[at : at + width]):
        rows.append(cells[at : at + width])
        at += width
    if len(rows) < 3 or any(is_value(cell) for cell, _ in cells[at:]):
        return None
    return cells[:start], rows, cells[at:]


def _is_full(row: Cells) -> bool:
    return not is_value(row[0][0]) and all(is_value(cell) for cell, _ in row[1:])
