"""An HTML table -> a rectangle of cells, with spans filled in, markers and links kept apart from the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

MOST_COLUMNS = 300
MOST_CELLS = 60_000
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u061c\ufeff\u2060"))
_MARKER = re.compile(r"[*†‡§¶✱#\^(]*[a-z\d]{0,2}[*†‡§¶✱)\^]*", re.IGNORECASE)


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: str
    """Words without footnote markers, spaces tidied."""
    line: int
    """Line, from 1."""
    marks: str = ""
    """Footnote markers, e.g. `*`."""
    bold: bool = False
    """Whether all of it is bold."""
    struck: bool = False
    """Whether some of it is struck through."""
    header: bool = False
    """A `th`."""
    links: tuple[str, ...] = ()
    """Addresses linked to."""
    lines: tuple[str, ...] = ()
    """Its lines, where `br` or paragraphs break it into several."""
    origin: tuple[int, int] = (0, 0)
    """Row and column where a spanned cell starts: cells with one origin are one cell."""


EMPTY = Cell("", 0, origin=(-1, -1))


@dataclass(frozen=True)
class Grid:
    """A table as a rectangle."""

    rows: tuple[tuple[Cell, ...], ...]
    """All rows, equally long."""
    heads: int
    """How many of the first rows are headings."""
    line: int
    """Line of the table, from 1."""
    caption: str = ""
    """Caption, if it has one."""
    cut: bool = field(default=False)
    """Whether it was too large and was cut."""

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.rows[0]) if self.rows else 0


def read_grid(table: Any, line: int) -> Grid:
    """The rectangle of a `table` node. Bounded: at most 300 columns and 60,000 cells, the rest is cut."""
    placed: list[dict[int, Cell]] = []
    carried: dict[int, tuple[int, Cell]] = {}
    heads, cells, cut = 0, 0, False
    only_heads = True
    section = None
    for number, row in enumerate(table.css("tr")):
        if (at := row.attributes.get("data-line")) and at.isdigit():
            line = int(at)
        row_cells: dict[int, Cell] = {}
        if (around := row.parent.mem_id if row.parent is not None else None) != section:
            section = around
            carried.clear()  # a span ends with its thead or tbody
        _carry_down(carried, row_cells)
        column = 0
        in_head = row.parent is not None and row.parent.tag == "thead"
        heading_cells = True
        child = row.child
        while child is not None:
            if child.tag in ("td", "th"):
                while column in row_cells:
                    column += 1
                wide, high = _span(child, "colspan", MOST_COLUMNS), _span(child, "rowspan", 200)
                at = child.attributes.get("data-line")
                if at and at.isdigit():
                    line = int(at)
                cell = _read_cell(child, line, (number, column))
                heading_cells &= cell.header or not cell.text
                _cover(cell, range(column, min(column + wide, MOST_COLUMNS)), high, row_cells, carried)
                cut |= column + wide > MOST_COLUMNS
                column += wide
                cells += min(wide, MOST_COLUMNS)
            child = child.next
        if row.attributes.get("data-long") and row_cells:
            row_cells[max(row_cells) + 1] = Cell("…", line, origin=(number, max(row_cells) + 1))
        if row_cells:
            placed.append(row_cells)
            if only_heads and (in_head or (heading_cells and any(c.text for c in row_cells.values()))):
                heads += 1
            else:
                only_heads = False
        if cells > MOST_CELLS:
            cut = True
            break
    width = max((max(row) + 1 for row in placed if row), default=0)
    rows = tuple(tuple(row.get(column, EMPTY) for column in range(width)) for row in placed)
    caption = table.css_first("caption")
    words = " ".join(caption.text().split()) if caption is not None else ""
    return Grid(rows, min(heads, len(rows)), rows[0][0].line if rows and rows[0][0].line else line, words, cut)


def _carry_down(carried: dict[int, tuple[int, Cell]], row_cells: dict[int, Cell]) -> None:
    """Put the cells of rows above that reach into this row, and count the rows that they still cover."""
    for column, (left, cell) in list(carried.items()):
        row_cells[column] = cell
        if left <= 1:
            del carried[column]
        else:
            carried[column] = (left - 1, cell)


def _cover(
    cell: Cell, columns: range, high: int, row_cells: dict[int, Cell], carried: dict[int, tuple[int, Cell]]
) -> None:
    """Put a cell into the columns that it spans and that are free, and carry it to the rows below that it spans."""
    for column in columns:
        if column not in row_cells:
            row_cells[column] = cell
            if high > 1:
                carried[column] = (high - 1, cell)


def _span(node: Any, name: str, most: int) -> int:
    value = node.attributes.get(name) or "1"
    return max(1, min(int(value), most)) if value.isdigit() and len(value) < 6 else 1


def _is_power(text: Any, before: list[str]) -> bool:
    """Whether raised digits stand inside a word and belong to it, as in `tau2-Bench`, and are no footnote's number."""
    after = text.parent.next if text.parent is not None else None
    inside = len(before) > 1 and before[-1] == " " and before[-2][-1:].isalpha()
    words = after.text_content or "" if after is not None and after.tag == "-text" else ""
    return inside and (text.text_content or "").strip().isdigit() and re.match(r"-?[^\W\d_]", words) is not None


_RAISED = re.compile(r"\$`?\s*[\^_]\s*\{?((?:\\(?:text|mathrm|rm|textit|mathbf)\s*\{[^{}$]*\}|[\w\s/.,-])+)\}?\s*`?\$")
_EMPHASISED = re.compile(
    r"\$\s*(?:\\(?:underline|uline|text|textbf|mathbf|bm|boldsymbol|mathrm|bf)\s*\{\s*)+([\d.,%±\s-]+?)[\s}]*\$"
)
"""A number that a formula only emphasises: `$\\underline{\\text{51.14}}$`."""
_COMMAND = re.compile(r"\\(?:text|mathrm|rm|textit|mathbf)\s*\{([^{}$]*)\}")


def without_formulas(text: str) -> str:
    """A cell's words with raised or lowered words of formulas in brackets, and without formulas that hold only space:
    `MMMU$^{\\text{val}}$` is `MMMU (val)`."""
    plain = re.sub(r"\$[~\s\\]*\$", "", _EMPHASISED.sub(r"\1", text))
    return _RAISED.sub(lambda raised: " (" + _COMMAND.sub(r"\1", raised[1]).strip() + ")", plain)


def _read_cell(node: Any, line: int, origin: tuple[int, int]) -> Cell:
    parts: list[str] = []
    marks: list[str] = []
    links: list[str] = []
    struck = False
    bold_letters = letters = 0
    inside: list[str] = []
    current, entering, depth = node.child, True, 0
    while current is not None and depth >= 0:
        tag = current.tag
        if entering:
            if tag == "-text":
                text = current.text_content or ""
                if "sup" in inside and _is_power(current, parts):
                    parts[-1] = text.strip()
                elif "sup" in inside and text.strip() not in ("(", ")") and _MARKER.fullmatch(text.strip()):
                    marks.append(text.strip())
                else:
                    parts.append(text)
                    count = sum(c.isalnum() for c in text)
                    letters += count
                    bold_letters += count if {"b", "strong"} & set(inside) else 0
            elif tag in ("script", "style", "-comment", "template"):
                pass
            else:
                if tag in ("br", "p", "div", "li"):
                    parts.append("\n")
                elif tag in ("sub", "sup", "small"):
                    parts.append(" ")
                if tag == "a":
                    links.append(current.attributes.get("href") or "")
                struck |= tag in ("s", "del", "strike")
                if current.child is not None:
                    inside.append(tag)
                    current, depth = current.child, depth + 1
                    continue
        if current.next is not None:
            current, entering = current.next, True
        else:
            current, entering, depth = current.parent, False, depth - 1
            if inside:
                inside.pop()
    whole = "".join(part if part == "\n" else part.replace("\n", " ") for part in parts)
    whole = whole.translate(_INVISIBLE)
    whole = without_formulas(whole)
    text = " ".join(whole.split())
    lines = tuple(words for part in whole.split("\n") if (words := " ".join(part.split())))
    if (emphasis := re.fullmatch(r"(\*\*|__)(.+)\1", text)) and letters:
        text, bold_letters = emphasis[2].strip(), letters
    return Cell(
        text,
        line,
        " ".join(marks),
        letters > 0 and bold_letters == letters,
        struck,
        node.tag == "th",
        tuple(links),
        lines if len(lines) > 1 else (),
        origin,
    )
