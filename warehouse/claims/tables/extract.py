"""One table whose layout is known -> claims, mentions and unread cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.cells import Neighbours, Value, neighbours, read_value, scale_of
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.layout import Layout, Stated, heads_of, is_uneven, row_settings
from warehouse.claims.tables.notes import Note, notes_for, sampling, without_numbering
from warehouse.claims.tables.owners import Identity, Owner, mode_in, owners
from warehouse.claims.text.labels import Label, read_label, settings_with


@dataclass
class Context:
    """What the numbers of one table share."""

    grid: Grid
    layout: Layout
    notes: Sequence[Note]
    headings: Sequence[str]
    identity: Identity
    reading: Reading
    commit: str | None
    values: dict[tuple[int, int], Value] = field(default_factory=dict)
    """Every cell of a value column, by row and column."""
    rows: dict[int, Neighbours] = field(default_factory=dict)
    """What the numbers of each row look like."""
    columns: dict[int, Neighbours] = field(default_factory=dict)
    """What the numbers of each column look like."""
    uneven: frozenset[int] = frozenset()
    """Rows with more cells than the heading."""
    scores: bool = True
    """Whether some benchmark in the table is a score; else unknown rows are no benchmarks."""


def read_table(
    grid: Grid,
    layout: Layout,
    notes: Sequence[Note],
    headings: Sequence[str],
    identity: Identity,
    reading: Reading,
    commit: str | None,
) -> None:
    """Add a table's numbers to the reading."""
    marks = " ".join(cell.marks for row in grid.rows for cell in row if cell.marks)
    context = Context(grid, layout, without_numbering(notes, marks), headings, identity, reading, commit)
    first = heads_of(grid)[0]
    columns = [column for column, role in layout.roles.items() if role == "value"]
    for row in range(first, len(grid.rows)):
        for column in columns:
            context.values[row, column] = read_value(grid.rows[row][column])
    body = range(first, len(grid.rows))
    context.uneven = frozenset(row for row in body if is_uneven(grid, row))
    context.rows = {row: neighbours(context.values[row, column] for column in columns) for row in body}
    context.columns = {column: neighbours(context.values[row, column] for row in body) for column in columns}
    context.scores = _holds_scores(context, first)
    if layout.benchmarks == "rows":
        _benchmarks_in_rows(context, first, columns)
    else:
        _benchmarks_in_columns(context, first, columns)


def _holds_scores(context: Context, first: int) -> bool:
    layout, rows = context.layout, context.grid.rows[first:]
    if layout.benchmarks == "rows":
        assert layout.label is not None
        names = {read_label(row[layout.label].text).benchmark for row in rows}
    else:
        names = {_column_label(heads).benchmark for heads in layout.heads if heads}
    found = [catalogue()[name] for name in names if name]
    others = ("specification", "speed")
    return not found or any(entry.evaluator not in others and entry.unit != "tokens" for entry in found)


def _benchmarks_in_rows(context: Context, first: int, columns: list[int]) -> None:
    grid, layout = context.grid, context.layout
    assert layout.label is not None
    header = grid.rows[:first]
    heads = [(layout.heads[column], [link for row in header for link in row[column].links]) for column in columns]
    whose = dict(zip(columns, owners(heads, context.identity, context.headings), strict=True))
    _tell_unsure(context, whose.values(), grid.line)
    section: list[str] = []
    for number in range(first, len(grid.rows)):
        row = grid.rows[number]
        if _is_section(row, columns):
            section = [next(cell.text for cell in row if cell.text)]
            continue
        if number in context.uneven:
            _leave_row(context, number, columns, "the row has more cells than the heading")
            continue
        text = row[layout.label].text
        if not any(c.isalpha() for c in text):
            _leave_row(context, number, columns, "the row has no label" if not text else "the row's label is no name")
            continue
        label = read_label(text)
        if label.benchmark is None and section and (joined := read_label(f"{section[0]} {text}")).benchmark:
            label = joined
        named = _model_of_row(context, row, number)
        stated, words = row_settings(context.layout, row, label)
        for column in columns:
            owner = named or whose[column]
            _take(context, label, owner, number, column, stated, [*words, *section])


def _benchmarks_in_columns(context: Context, first: int, columns: list[int]) -> None:
    grid, layout = context.grid, context.layout
    body = range(first, len(grid.rows))
    heads: list[tuple[Sequence[str], Sequence[str]]] = []
    section: list[str] = []
    sections: dict[int, list[str]] = {}
    kept: list[int] = []
    for number in body:
        row = grid.rows[number]
        if _is_section(row, columns):
            section = [next(cell.text for cell in row if cell.text)]
            continue
        if number in context.uneven:
            _leave_row(context, number, columns, "the row has more cells than the heading")
            continue
        text = row[layout.label].text if layout.label is not None else ""
        heads.append(((text,) if text else (), [link for cell in row for link in cell.links]))
        sections[number] = section
        kept.append(number)
    whose = dict(zip(kept, owners(heads, context.identity, context.headings), strict=True))
    _tell_unsure(context, whose.values(), grid.line)
    labels = {column: _column_label(layout.heads[column]) for column in columns}
    for number in kept:
        for column in columns:
            stated, words = row_settings(context.layout, grid.rows[number], labels[column])
            _take(context, labels[column], whose[number], number, column, stated, [*words, *sections[number]])


def _column_label(parts: tuple[str, ...]) -> Label:
    leaf = read_label(parts[-1])
    joined = read_label(" ".join(parts)) if len(parts) > 1 else leaf
    return leaf if leaf.benchmark or not joined.benchmark else joined


def _is_section(row: Sequence[Cell], columns: Sequence[int]) -> bool:
    """Whether a row only names a section: one cell over everything, or one filled cell and no numbers."""
    filled = {cell.origin: cell for cell in row if cell.text}
    if len(filled) != 1:
        return False
    only = next(iter(filled.values()))
    across = sum(cell.origin == only.origin for cell in row)
    return across > 1 or (len(row) > 2 and row[columns[0]].text == "" if columns else False)


def _model_of_row(context: Context, row: Sequence[Cell], number: int) -> Owner | None:
    for column, role in context.layout.roles.items():
        if role == "model" and row[column].text:
            return owners([((row[column].text,), row[column].links)], context.identity, context.headings)[0]
    return None


def _take(
    context: Context, label: Label, owner: Owner, number: int, column: int, stated: Stated, words: list[str]
) -> None:
    """One cell: a claim, a mention, or unread."""
    cell, value = context.grid.rows[number][column], context.values[number, column]
    label_cell, layout = _label_cell(context, number, column), context.layout
    reading, place = context.reading, f"line {cell.line}, column {column + 1}"
    if value.kind == "nothing" or owner.kind == "unsure":
        return
    known = catalogue()[label.benchmark] if label.benchmark else None
    if known is None and not context.scores:
        reading.leave(cell.line, f"{label.text}: {cell.text}", "not a benchmark of the catalogue")
        return
    textual = known is not None and known.unit == "licence"
    if value.kind == "unsure":
        reading.leave(cell.line, f"{label.text}: {cell.text}", value.reason)
        return
    wordy = known is None or known.unit == "fraction" or not any(c.isdigit() for c in value.said)
    if value.kind == "words" and not textual and wordy:
        if known is not None or any(c.isdigit() for c in value.said):
            reading.leave(cell.line, f"{label.text}: {cell.text}", "not a number")
        return
    scale: Literal["percent", "fraction"] | None = label.scale
    if known is not None and known.unit == "fraction" and "%" not in value.said and scale is None:
        beside, above = context.rows[number], context.columns[column]
        if layout.benchmarks == "columns":
            beside, above = above, beside
        scale = scale_of(value, beside, above)
        if scale is None:
            reading.leave(cell.line, f"{label.text}: {cell.text}", "points or fraction cannot be told apart here")
            return
    said = value.said
    if label.window and known is not None and known.unit != "fraction" and value.plain is not None:
        read_as = f"{said} {label.window}"
    else:
        read_as = said
    try:
        interval = read_number(read_as, label.benchmark, scale=scale)
        extra = read_label(f"{label.text} ({value.qualifier})") if value.qualifier else None
        all_words = [*label.words, *owner.words, *words, *(extra.words if extra else ())]
        marks = f"{value.marks} {label_cell.marks} {_marks_of(label.text)}"
        near = notes_for(context.notes, label=label.text, benchmark=label.benchmark, marks=marks)
        merged: Stated = {
            **sampling(near),
            **mode_in(context.headings),
            **stated,
            **dict(label.stated),
            **dict(owner.stated),
            **(dict(extra.stated) if extra else {}),
        }
        settings = settings_with(Settings(), merged, (*all_words, *near))
    except UserError as problem:
        reading.leave(cell.line, f"{label.text}: {cell.text}", str(problem))
        return
    ours = owner.kind == "this"
    claim = new_claim(
        model=owner.model,
        benchmark=label.benchmark,
        benchmark_text=label.text,
        said=said,
        claimant=Claimant.vendor if ours else Claimant.third_party,
        source=reading.source,
        place=place,
        settings=settings,
        interval=interval,
        variant=owner.variant,
        by=context.identity.model.split("/")[0] if "/" in context.identity.model else None,
        note=" › ".join(context.headings) or None,
        commit=context.commit if ours else None,
    )
    (reading.claims if ours else reading.mentions).append(claim)


def _label_cell(context: Context, number: int, column: int) -> Cell:
    """The cell that names the benchmark of a number."""
    layout = context.layout
    if layout.benchmarks == "rows" and layout.label is not None:
        return context.grid.rows[number][layout.label]
    return context.grid.rows[max(0, heads_of(context.grid)[0] - 1)][column]


def _marks_of(text: str) -> str:
    return "".join(c for c in text if c in "*†‡§¶✱▲▼#^")


def _leave_row(context: Context, number: int, columns: Sequence[int], reason: str) -> None:
    row = context.grid.rows[number]
    if any(context.values[number, column].kind == "number" for column in columns):
        context.reading.leave(row[0].line or context.grid.line, " | ".join(cell.text for cell in row), reason)


def _tell_unsure(context: Context, whose: object, line: int) -> None:
    """Say which columns were left, and that none is this release's."""
    found = list(whose)  # type: ignore[call-overload]
    for owner in found:
        if owner.kind == "unsure":
            context.reading.leave(line, owner.model, owner.reason)
    if found and not any(owner.kind == "this" for owner in found):
        names = ", ".join(dict.fromkeys(owner.model for owner in found))
        context.reading.leave(line, names, f"no column or row is named for {context.identity.model}")
