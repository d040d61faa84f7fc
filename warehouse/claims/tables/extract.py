"""One table whose layout is known -> claims, mentions and unread cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from evaluators.catalogue import catalogue
from warehouse.claims.source_reading import Reading
from warehouse.claims.tables.cells import neighbours, read_value
from warehouse.claims.tables.column_labels import column_label
from warehouse.claims.tables.context import Context, Surroundings
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.headings import heading_label, heads_of
from warehouse.claims.tables.layout import Layout, holds_size, is_uneven, of_unknown_benchmarks
from warehouse.claims.tables.leaderboards import is_second_board, task_of_second_board
from warehouse.claims.tables.notes import without_numbering
from warehouse.claims.tables.ownership.closeness import speaks_for_several
from warehouse.claims.tables.ownership.identity import Identity, names_model
from warehouse.claims.tables.ownership.owners import Owner, owners, tuning_named
from warehouse.claims.tables.recovery import add_recovery
from warehouse.claims.tables.row_names import named_rows
from warehouse.claims.tables.row_settings import Stated, row_settings
from warehouse.claims.tables.row_shapes import carry_down, with_math
from warehouse.claims.tables.take import MEAN, leave_row, take
from warehouse.claims.text.brackets import with_remark
from warehouse.claims.text.labels import Label, read_label
from warehouse.claims.text.model_words import is_size
from warehouse.claims.text.names import mode_of, name_tokens, normalise
from warehouse.claims.text.parts import kind_of, looks_like_part, names_abilities
from warehouse.claims.text.tunings import headings_with, settings_of_section, tuning_said
from warehouse.claims.text.vocabulary import GENERIC, GROUP_HEADS, TRAINING


def read_table(
    grid: Grid, layout: Layout, around: Surroundings, identity: Identity, reading: Reading, commit: str | None
) -> None:
    """Add a table's numbers to the reading."""
    marks = " ".join(cell.marks for row in grid.rows for cell in row if cell.marks)
    first = heads_of(grid)[0]
    grid = with_math(carry_down(grid, layout), layout)
    context = Context(grid, layout, around, identity, reading, commit, without_numbering(around.notes, marks))
    columns = [column for column, role in layout.roles.items() if role == "value"]
    columns = [column for column in columns if not _covered(grid, column)]
    body = range(first, len(grid.rows))
    if layout.unclear or not columns:
        _leave_table(context, first, layout.unclear or "no column holds numbers of a benchmark")
        return
    for row in body:
        for column in columns:
            context.values[row, column] = read_value(grid.rows[row][column])
    context.uneven = frozenset(row for row in body if is_uneven(grid, row))
    context.rows = {row: neighbours(context.values[row, column] for column in columns) for row in body}
    context.columns = {column: neighbours(context.values[row, column] for row in body) for column in columns}
    context.scores = _holds_scores(context, first)
    named = {normalise(cell.text) for row in grid.rows[:first] for cell in row} | {
        normalise(r[0].text) for r in grid.rows
    }
    context.training = bool(named & TRAINING)
    context.groups = layout.benchmarks == "rows" and any(
        column == layout.label and heads and normalise(heads[-1]) in GROUP_HEADS
        for column, heads in enumerate(layout.heads)
    )
    if not context.scores:  # specifications are the same for base and tuned models
        context.identity = replace(identity, reused=frozenset(), specifications=not _holds_speeds(context))
    said = (*context.around.headings, *context.around.intro, *(note.text for note in context.around.notes))
    context.second_board = is_second_board(
        {name for name in _benchmarks_of(context, first) if not name or catalogue()[name].unit == "fraction"}, said
    )
    if layout.benchmarks == "rows":
        _benchmarks_in_rows(context, first, columns)
    else:
        _benchmarks_in_columns(context, first, columns)


def _covered(grid: Grid, column: int) -> bool:
    """Whether every cell of the column is one that begins in the column before."""
    return column > 0 and all(row[column].origin == row[column - 1].origin for row in grid.rows)


def _benchmarks_of(context: Context, first: int) -> set[str | None]:
    """The benchmarks that the table's labels name; None among them for a label that names none."""
    layout = context.layout
    if layout.benchmarks == "rows" and layout.label is not None:
        return {read_label(row[layout.label].text).benchmark for row in context.grid.rows[first:]}
    return {heading_label(heads, c in layout.speeds).benchmark for c, heads in enumerate(layout.heads) if heads}


def _holds_scores(context: Context, first: int) -> bool:
    if context.layout.context:
        return True
    entries = [catalogue()[name] for name in _benchmarks_of(context, first) if name]
    others = ("specification", "speed")
    if not entries or any(e.evaluator not in others and e.unit not in ("tokens", "parameters") for e in entries):
        return True
    layout, around = context.layout, context.around
    if layout.benchmarks == "rows" or layout.label is None or any(entry.evaluator == "speed" for entry in entries):
        return False
    leaf = [normalise(heads[-1]) if heads else "" for heads in layout.heads]
    said = (*around.headings[-1:], *around.intro[-1:])
    return of_unknown_benchmarks(layout.heads, leaf, context.grid.rows[first:], layout.label, context.identity, said)


def _holds_speeds(context: Context) -> bool:
    """Whether a column or row of the table is named for a speed."""
    layout = context.layout
    rows = [] if layout.label is None else [row[layout.label].text for row in context.grid.rows]
    names = {read_label(text).benchmark for text in (*rows, *(heads[-1] for heads in layout.heads if heads))}
    return bool(layout.speeds) or any(name and catalogue()[name].evaluator == "speed" for name in names)


def _base(context: Context) -> str | None:
    intro = reversed(context.around.intro)
    return next(
        (said for text in intro if (said := tuning_named(text, context.identity) or tuning_said(text))),
        None,
    )


def _benchmarks_in_rows(context: Context, first: int, columns: list[int]) -> None:
    grid, layout = context.grid, context.layout
    assert layout.label is not None
    header, identity = grid.rows[:first], context.identity
    parts = parts_over([layout.heads[column] for column in columns], context.identity)
    heads = [
        (("score",) if parts else layout.heads[column], [link for row in header for link in row[column].links])
        for column in columns
    ]
    column_owners = owners(heads, context.identity, context.around.headings, _base(context))  # type: ignore[arg-type]
    column_owners = _not_of_another(column_owners, heads, context)
    whose = dict(zip(columns, column_owners, strict=True))
    named_rows = any(role == "model" for role in layout.roles.values())
    if not named_rows:
        _tell_unsure(context, whose.values(), grid.line)
    section: list[str] = []
    below: Owner | None = None
    for number in range(first, len(grid.rows)):
        row = grid.rows[number]
        if _is_section(row, columns):
            section = [next(cell.text for cell in row if cell.text)]
            below = _model_of_section(context, row)
            continue
        if number in context.uneven:
            leave_row(context, number, columns, "the row has more cells than the heading")
            continue
        text = row[layout.label].text
        if not any(c.isalpha() for c in text):
            leave_row(context, number, columns, "the row has no label" if not text else "the row's label is no name")
            continue
        label = read_label(with_remark(layout.context, text) if layout.context else text)
        part: list[str] = []
        if (
            label.benchmark is None
            and section
            and not MEAN.match(text)
            and (not label.category or read_label(section[0]).benchmark)
        ):
            joined = read_label(f"{section[0]} {text}")
            label = joined if joined.benchmark else read_label(with_remark(section[0], text)) if (
                read_label(section[0]).benchmark) else label  # fmt: skip
        elif label.benchmark is not None:
            part = section
        named = _model_of_row(context, row)
        label, stated, words = _said_beside(context, row, label, section)
        taken = len(context.reading.claims)
        for position, column in enumerate(columns):
            mine = {**stated, "subset": parts[position]} if parts and parts[position] else stated
            take(
                context,
                label,
                named or _owner_below(below, whose[column], heads[position][0], identity),
                number,
                column,
                mine,
                [*words, *_placed(part, label)],
            )
        if not named and parts is None:
            add_recovery(context, number, columns, whose, taken)


def _said_beside(
    context: Context, row: Sequence[Cell], label: Label, section: Sequence[str]
) -> tuple[Label, Stated, list[str]]:
    """The label of a row as its other cells, its section and the heading complete it (`Codeforces` with the metric `Elo
    Rating`, a task of the second Open LLM Leaderboard), the settings that they state, and words that no field holds."""
    cells = {role: row[column].text for column, role in context.layout.roles.items() if role in ("metric", "group")}
    metric, group = cells.get("metric", ""), cells.get("group", "")
    if label.benchmark is None and metric and (joined := read_label(f"{label.text} {metric}")).benchmark:
        label, metric = joined, f"metric: {metric}"
    if normalise(metric).startswith(normalise(label.text)) and (longer := read_label(metric)).benchmark:
        label, metric = longer, f"metric: {metric}"  # `SWE-bench | SWE-bench Verified`
    label = task_of_second_board((group, *context.around.headings[-1:]), label, context.second_board)
    stated, words = row_settings(context.layout, row, label)
    stated = {**(settings_of_section(section[0]) if section else {}), **stated}
    return label, stated, [word for word in words if word != metric]


def _model_of_section(context: Context, row: Sequence[Cell]) -> Owner | None:
    """Whose the rows below a section's row are, where it names a model or a size alone."""
    cell = next(cell for cell in row if cell.text)
    if not is_size(cell.text) and not names_model(cell.text, context.identity):
        return None
    return owners([((cell.text,), cell.links)], context.identity, context.around.headings)[0]


def _owner_below(below: Owner | None, over: Owner, parts: Sequence[str], identity: Identity) -> Owner:
    """The owner that the section names, in columns that name no model themselves; else the column's."""
    if below is None or over.kind == "unsure" or any(names_model(part, identity) for part in parts):
        return over
    words = (*below.words, *((over.model,) if over.kind == "other" else ()))
    return replace(below, words=words, stated=(*below.stated, *over.stated), variant=below.variant or over.variant)


def parts_over(heads: Sequence[Sequence[str]], identity: Identity) -> list[str] | None:
    """The part of the benchmarks that each column holds, where the columns are parts (`STEM | Humanities | Average`)
    and no models; an empty part for the average over all. None for a table whose columns are anything else."""
    leaves = [" ".join(parts) for parts in heads]
    means = [normalise(leaf) in ("average", "avg", "mean", "overall", "all", "total", "平均") for leaf in leaves]
    known = [kind_of(leaf) == "part" and not mode_of(leaf) and not is_size(leaf) for leaf in leaves]
    if sum(known) < 2 or sum(known) + sum(means) < len(leaves) * 2 / 3:
        return None
    others = [leaf for leaf, part, mean in zip(leaves, known, means, strict=True) if not part and not mean]
    if any(names_model(leaf, identity) or not looks_like_part(leaf) for leaf in others):
        return None
    return ["" if mean else leaf for leaf, mean in zip(leaves, means, strict=True)]


def _not_of_another(
    column_owners: Sequence[Owner], heads: Sequence[tuple[Sequence[str], Sequence[str]]], context: Context
) -> list[Owner]:
    """The owners, but unsure where no heading names one and the words before the table name a sibling alone."""
    names = {hub: re.escape(hub.rsplit("/", 1)[-1].casefold()) for hub in context.identity.known}
    named = [
        {hub for hub, name in names.items() if re.search(rf"(?<![a-z\d_.-]){name}(?![a-z\d_-])", text.casefold())}
        for text in context.around.intro
    ]
    inside: set[str] = next((hubs for hubs in reversed(named) if hubs), set())
    several = context.scores and speaks_for_several(context.identity, context.around.headings)
    if context.identity.model in inside or not (inside or several):
        return list(column_owners)
    reason = f"the words before the table name {', '.join(sorted(inside))}" if inside else _SEVERAL
    return [
        replace(owner, kind="unsure", reason=reason) if owner.kind == "this" and _is_generic(parts) else owner
        for owner, (parts, _) in zip(column_owners, heads, strict=True)
    ]


_SEVERAL = "the card speaks for several models, and nothing says which the table is of"


def _is_generic(parts: Sequence[str]) -> bool:
    return all(normalise(part) in GENERIC or mode_of(part) for part in parts)


def _placed(section: Sequence[str], label: Label) -> list[str]:
    """The section's name, where it may be a word on the score: not that of a group of benchmarks."""
    return [
        name
        for name in section
        if kind_of(name) == "method" and not names_abilities(name) and not settings_of_section(name)
    ]


def _benchmarks_in_columns(context: Context, first: int, columns: list[int]) -> None:
    grid, layout = context.grid, context.layout
    heads: list[tuple[Sequence[str], Sequence[str]]] = []
    names: list[tuple[Sequence[str], str]] = []
    section: list[str] = []
    sections: dict[int, list[str]] = {}
    section_row: Sequence[Cell] = ()
    kept: list[int] = []
    size = next((column for column, role in layout.roles.items() if role == "size"), None)
    if size is not None and not context.scores and _names_parameters(layout.heads[size]):
        columns = [*columns, size]
        context.values |= {(row, size): read_value(grid.rows[row][size]) for row in range(first, len(grid.rows))}
        context.columns[size] = neighbours(context.values[row, size] for row in range(first, len(grid.rows)))
    for number in range(first, len(grid.rows)):
        row = grid.rows[number]
        if _is_section(row, columns):
            section, section_row = [next(cell.text for cell in row if cell.text)], row
            continue
        if number in context.uneven:
            leave_row(context, number, columns, "the row has more cells than the heading")
            continue
        text = row[layout.label].text if layout.label is not None else ""
        if _COUNTS.fullmatch(text.strip()):
            leave_row(context, number, columns, "a row of counts, no model's")
            continue
        if size is not None and text and is_size(row[size].text) and not holds_size(text):
            text = f"{text} {row[size].text}"
        over = section if section and _model_of_section(context, section_row) else []
        names.append((over, text))
        sections[number] = section
        kept.append(number)
    told = named_rows(context, kept, [name for _, name in names])
    for number, (above, _), text in zip(kept, names, told, strict=True):
        links = [link for cell in grid.rows[number] for link in cell.links]
        heads.append(((*above, text) if text else (), links))
    label_head = " ".join(layout.heads[layout.label]) if layout.label is not None else ""
    headings = headings_with(context.around.headings, label_head)
    row_owners = owners(heads, context.identity, headings, _base(context))  # type: ignore[arg-type]
    row_owners = _not_of_another(row_owners, heads, context)
    whose = dict(zip(kept, row_owners, strict=True))
    _tell_unsure(context, whose.values(), grid.line)
    over = headings[-1:]
    labels = {c: task_of_second_board(over, column_label(layout, c), context.second_board) for c in columns}
    test = next((column for column, role in layout.roles.items() if role == "test"), None)
    for number in kept:
        if said := _another_size(context, labels, number):
            leave_row(context, number, columns, f"its parameters ({said}) are not those of {context.identity.model}")
            continue
        for column in columns:
            label = labels[column]
            if test is not None and label.benchmark in ("output_speed", "prompt_speed", "total_throughput"):
                label = read_label(grid.rows[number][test].text)
            stated, words = row_settings(layout, grid.rows[number], label)
            words = [*words, *_placed(sections[number], label)]
            owner = whose[number]
            if layout.label is None and (other := _other_precision(stated, context.identity.model)):
                owner = replace(owner, kind="other", model=f"{context.identity.model} ({other})")
            take(context, label, owner, number, column, stated, words)


_BITS = re.compile(r"(?i)(?<![a-z\d])(?:bf|fp|f|nvfp|mxfp|int|w|i?q|nf)(\d{1,2})(?!\d)")
_UNQUANTIZED = re.compile(r"(?i)(?:bf16|fp16|f16|bfloat16|float16|fp32|original|unquantized)\b.*")


def _other_precision(stated: Stated, model: str) -> str:
    """The quantization of a row that names no model, where the release's name says another one."""
    said, name = str(stated.get("quantization", "")), model.rsplit("/", 1)[-1]
    words = {word for word in re.split(r"[-_.]", name.casefold()) if "quantization" in mode_of(word)}
    if not said or not words or words & set(re.findall(r"[a-z]+\d*", said.casefold())):
        return ""
    ours, theirs = _BITS.search(name), _BITS.search(said)
    differs = ours[1] != theirs[1] if ours and theirs else _UNQUANTIZED.fullmatch(said) is not None
    return said if differs else ""


_COUNTS = re.compile(
    r"(?i)(?:#|no\. of|number of|num\.?)\s*(?:test |eval\w* )?"
    r"(?:samples?|items?|questions?|problems?|tasks?|examples?|instances?)"
)


def _names_parameters(parts: tuple[str, ...]) -> bool:
    return heading_label(parts).benchmark == "total_parameters"


def _another_size(context: Context, labels: dict[int, Label], number: int) -> str | None:
    """The count of parameters in a row that names no size, where it cannot be that of the release, whose name does."""
    layout, row = context.layout, context.grid.rows[number]
    name = row[layout.label].text if layout.label is not None else ""
    sizes = [float(word[:-1]) for word in name_tokens(context.identity.model) if re.fullmatch(r"\d+(?:\.\d+)?b", word)]
    if not name or not sizes or any(re.fullmatch(r"\d+(?:\.\d+)?[bm]", word) for word in name_tokens(name)):
        return None
    for column, label in labels.items():
        if label.benchmark in ("total_parameters", "non_embedding_parameters"):
            said = re.findall(r"(?i)(\d+(?:\.\d+)?)\s?b\b", row[column].text)
            if said and not any(0.8 <= float(count) / size <= 1.25 for count in said for size in sizes):
                return row[column].text
    return None


def _is_section(row: Sequence[Cell], columns: Sequence[int]) -> bool:
    """Whether a row only names a section: one cell over everything, or one filled cell and no numbers."""
    filled = {cell.origin: cell for cell in row if cell.text}
    if len(filled) != 1:
        return False
    only = next(iter(filled.values()))
    across = sum(cell.origin == only.origin for cell in row)
    return across > 1 or (len(row) > 2 and row[columns[0]].text == "" if columns else False)


def _model_of_row(context: Context, row: Sequence[Cell]) -> Owner | None:
    for column, role in context.layout.roles.items():
        if role == "model" and row[column].text:
            headings = context.around.headings
            return owners([((row[column].text,), row[column].links)], context.identity, headings)[0]
    return None


def _leave_table(context: Context, first: int, reason: str) -> None:
    """Say that a table with numbers was left, with its heading."""
    grid = context.grid
    if any(any(c.isdigit() for c in cell.text) for row in grid.rows[first:] for cell in row):
        context.reading.leave(grid.line, " | ".join(" ".join(parts) for parts in context.layout.heads), reason)


def _tell_unsure(context: Context, whose: Collection[Owner], line: int) -> None:
    """Say which columns were left, and that none is this release's."""
    for model, reason in dict.fromkeys((owner.model, owner.reason) for owner in whose if owner.kind == "unsure"):
        context.reading.leave(line, model, reason)
    if whose and not any(owner.kind == "this" for owner in whose):
        names = ", ".join(dict.fromkeys(owner.model for owner in whose))
        context.reading.leave(line, names, f"no column or row is named for {context.identity.model}")
