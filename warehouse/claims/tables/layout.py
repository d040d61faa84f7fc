"""What the rows and columns of a table are: benchmarks, models, metrics, shots, settings, numbers.

Decided by what the cells hold; headings only help. Whose numbers a table without a column of models holds is not
guessed: such a layout says why it is unclear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evaluators.catalogue import catalogue
from warehouse.claims.tables.around.named_over import benchmark_over
from warehouse.claims.tables.cells import NUMBERISH
from warehouse.claims.tables.grid import EMPTY, Cell, Grid
from warehouse.claims.tables.headings import (
    Heads,
    columns_of_speeds,
    heading_label,
    heads_of,
    mostly_numbers,
    named_heads,
)
from warehouse.claims.tables.ownership.identity import Identity, names_model
from warehouse.claims.text.brackets import BRACKET
from warehouse.claims.text.labels import read_label, stated_by, states_only_settings
from warehouse.claims.text.model_words import is_size
from warehouse.claims.text.names import mode_of, name_key, normalise
from warehouse.claims.text.parts import kind_of
from warehouse.claims.text.speed_names import device_named, is_backend
from warehouse.claims.text.vocabulary import (
    ASIDE_HEADS,
    AVERAGES,
    GENERIC,
    GROUP_HEADS,
    LABEL_HEADS,
    METRIC_HEADS,
    MODEL_HEADS,
    NO_SCORES,
    NUMBER_HEADS,
    PART_HEADS,
    SETTING_HEADS,
    SHOT_HEADS,
    SIZE_HEADS,
    STATED_HEADS,
    TRAINING,
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
    heads: Heads
    """Heading parts of each column, group first."""
    roles: dict[int, str]
    """Column -> `shots`, `metric`, `group`, `words`, `stated`, `size`, `test`, a settings field with `set:` before it,
    or `value`."""
    context: str | None = None
    """The benchmark that the heading over the table names, where the table itself names none."""
    stated: tuple[tuple[str, str | int | float], ...] = ()
    """Settings that the heading of the label column states for every row."""
    unclear: str = ""
    """Why it cannot be told whose the numbers are; empty where it can."""
    speeds: frozenset[int] = frozenset()
    """Columns whose heading speaks of a speed and whose cells, not it, give the unit."""


def layout_of(grid: Grid, identity: Identity, context: Sequence[str] = ()) -> Layout | None:
    """How to read the table; None if nothing in it, and none of the `context` (headings and caption, the nearest
    last), names a benchmark or says that it is a table of scores."""
    count, heads = heads_of(grid)
    body = grid.rows[count:]
    if not body:
        return None
    first = range(min(4, grid.width))
    in_rows = [sum(bool(_row_benchmark(row[column].text)) for row in body) for column in first]
    units = columns_of_speeds(heads, body)
    heads, in_heads = named_heads(heads, body, units, any(in_rows), identity, context)
    leaf = [normalise(BRACKET.sub("", parts[-1])) if parts else "" for parts in heads]
    depths = _depths(heads, in_heads, units) if any(SETTING_HEADS.get(head) == "hardware" for head in leaf) else set()
    in_heads = [named and column not in depths for column, named in enumerate(in_heads)]
    best = max(range(len(in_rows)), key=lambda column: in_rows[column])
    model_heads = _model_heads(heads, body)
    model_head = next(iter(model_heads), None)
    models_over = [column for column, parts in enumerate(heads) if parts and names_model(parts[-1], identity)]

    def in_rows_of(label: int, over: str | None = None) -> Layout:
        roles = _roles(grid, count, leaf, heads, label, "rows")
        return Layout("rows", label, heads, {**roles, **_of_models(roles, heads, identity)}, over)

    if in_rows[best] and in_rows[best] >= sum(in_heads) and not (best == model_head and sum(in_heads)):
        return in_rows_of(best)
    rows_named = any(names_model(row[0].text, identity) for row in body)
    only_models = models_over and not rows_named and model_head is None and 0 not in models_over
    if only_models and _only_specifications(heads, in_heads, units):
        parts = leaf[0] in PART_HEADS or leaf[0] in SETTING_HEADS or _only_precisions(body)
        over = benchmark_over(context) if parts else None
        if parts and over is None:  # parts or settings of nothing that is known
            return None
        return in_rows_of(_named_behind_groups(leaf, body), over)
    named = None if sum(in_heads) else benchmark_over(context)
    if sum(in_heads) or named:
        column = model_head if model_head is not None else _model_column(body, identity, in_heads, leaf)
        sizes = [leaf[c] in SIZE_HEADS for c, is_benchmark in enumerate(in_heads) if is_benchmark]
        if column is None and sizes and all(sizes):
            return None  # a size alone says which model a row is about, and is no specification
        roles = _roles(grid, count, leaf, heads, column, "columns", in_heads)
        roles |= dict.fromkeys(depths, "set:depth")
        if named and not any(role == "value" for role in roles.values()):
            return None
        roles, unclear = _with_sizes(body, roles, column, identity, leaf)
        besides = tuple(model_heads.get(column, {}).items()) if column is not None else ()
        return Layout("columns", column, heads, roles, named, besides, unclear, frozenset(units))
    column = model_head if model_head is not None else _model_column(body, identity, in_heads, leaf)
    if column is not None and of_unknown_benchmarks(heads, leaf, body, column, identity, context):
        return Layout("columns", column, heads, _roles(grid, count, leaf, heads, column, "columns", in_heads))
    label_head = next((column for column in first if leaf[column] in LABEL_HEADS), None)
    told = models_over or any(leaf[column] in GENERIC - {""} for column in range(grid.width))
    scored = label_head is not None and grid.width > 1 and leaf[label_head].startswith(_SCORED)
    return in_rows_of(label_head) if label_head is not None and scored and told else None


def _only_precisions(body: tuple[tuple[Cell, ...], ...]) -> bool:
    """Whether the rows are named for precisions of weights alone: `bf16 / fp16`, `8bits`."""
    names = [part for row in body for part in re.split(r"\s*[/,]\s*", row[0].text) if part]
    bits = re.compile(r"(?i)\d{1,2}[\s-]?bits?|原始|quantized|unquantized")
    return bool(names) and all("quantization" in mode_of(name) or bits.fullmatch(name) for name in names)


def _named_behind_groups(leaf: list[str], body: tuple[tuple[Cell, ...], ...]) -> int:
    """The column headed as one of benchmarks right behind one of groups, or one without a heading, where it holds
    names; else the first."""
    over_groups = leaf[0] in GROUP_HEADS or (not leaf[0] and leaf[1:2] == ["benchmark"])
    behind = over_groups and len(leaf) > 1 and leaf[1] in LABEL_HEADS
    return 1 if behind and not mostly_numbers([row[1] for row in body]) else 0


_OF_BENCHMARKS = re.compile(r"(?i)\bbenchmarks?\b|\bevaluations?\b|评测|榜单")
_NOT_SCORES = re.compile(
    r"(?i)\bper second\b|/s(?:ec)?\b|\bthroughput\b|\blatency\b|\bspeeds?\b|\bmemory\b|速度|显存|吞吐|延迟"
)
_NAME_LIKE = re.compile(r"(?!(?i:.*(laten|^mem|memory|price|flops|gpu)))(?=[^\W\d]).*?([A-Z][a-z]*[A-Z\d]|[A-Z]{2}|\d)")
"""What tells a benchmark's name, which begins with a letter, from a plain word: capitals inside it, or digits."""


def of_unknown_benchmarks(
    heads: Heads,
    leaf: list[str],
    body: tuple[tuple[Cell, ...], ...],
    label: int,
    identity: Identity,
    context: Sequence[str],
) -> bool:
    """Whether a table of several models under a heading of benchmarks is of benchmarks none of which is known: most
    columns are headed by what looks like a benchmark's name over numbers, and none by a setting of a training."""
    over = " ".join(context[-2:])
    if _NOT_SCORES.search(over) or set(leaf) & (TRAINING | NO_SCORES):
        return False
    models = {row[label].text for row in body if names_model(row[label].text, identity)}
    columns = [c for c in range(len(heads)) if c != label and mostly_numbers([row[c] for row in body])]
    if _beside_their_mean([heads[c][-1] if heads[c] else "" for c in columns], identity):
        return len(models) > 1 or any(name_key(row[label].text) == name_key(identity.model) for row in body)
    if not _OF_BENCHMARKS.search(over):
        return False
    named = [
        c for c in columns if heads[c] and _NAME_LIKE.match(heads[c][-1]) and not names_model(heads[c][-1], identity)
    ]
    return len(models) > 1 and len(named) > 1 and len(named) * 2 > len(columns)


def _beside_their_mean(names: Sequence[str], identity: Identity) -> bool:
    """Whether one column is the mean of the others, and these are at least three that are headed by names of nothing
    that is known: no groups of benchmarks, no parts, no models."""
    others = [name for name in names if normalise(name) not in AVERAGES | {"平均", "平均分", "均分"}]
    unknown = [
        name
        for name in others
        if name and kind_of(name) == "unknown" and not (mode_of(name) or read_label(name).category)
        if not names_model(name, identity) and device_named(name) is None and not is_backend(name)
    ]
    return len(others) == len(names) - 1 and len(unknown) == len(others) > 2


_SCORED = ("bench", "eval", "task", "dataset", "基准", "评测", "数据集", "평가", "벤치")
"""How the heading of a column of benchmarks begins."""


def _model_heads(heads: Heads, body: tuple[tuple[Cell, ...], ...]) -> dict[int, dict[str, str | int | float]]:
    """The columns headed as models' whose cells are no numbers but sizes, and what their headings state besides."""
    return {
        column: stated
        for column, parts in enumerate(heads)
        if (stated := _model_head(parts)) is not None
        and (
            not mostly_numbers([row[column] for row in body])
            or all(is_size(row[column].text) for row in body if row[column].text)
        )
    }


def _only_specifications(heads: Heads, in_heads: list[bool], units: set[int]) -> bool:
    """Whether the headings that name something all name specifications."""
    named = [heading_label(heads[c], c in units).benchmark or "" for c, is_named in enumerate(in_heads) if is_named]
    return all(catalogue()[name].evaluator == "specification" for name in named)


def _depths(heads: Heads, in_heads: list[bool], units: set[int]) -> set[int]:
    """Columns of context lengths in a table of speeds by machine: how deep in the context each was measured."""
    named = {
        c: heading_label(heads[c], c in units).benchmark for c, is_benchmark in enumerate(in_heads) if is_benchmark
    }
    if not any(name and catalogue()[name].evaluator == "speed" for name in named.values()):
        return set()
    return {column for column, name in named.items() if name == "context_window"}


def _row_benchmark(text: str) -> str | None:
    if NUMBERISH.fullmatch(text):  # `95 t/s` is a value
        return None
    benchmark = read_label(text).benchmark
    return benchmark if benchmark and not is_size(text) else None


def _model_head(parts: tuple[str, ...]) -> dict[str, str | int | float] | None:
    """What the heading of a model column states besides (`Model 5-shot`: five shots); None for another heading."""
    text = parts[-1] if parts else ""
    words = normalise(BRACKET.sub("", text))
    if words in MODEL_HEADS or (words.endswith("model") and len(words) < 20):
        return {}
    if rest := re.match(r"(?i)models?\b\W*(\S.*)$", text):
        stated, left = stated_by(rest[1].strip(" ()"), None)
        return stated if stated and not left else None
    stated, left = stated_by(re.sub(r"\([^()]*/[^()]*\)", "", text).strip(), None)
    return stated if "shots" in stated and not left else None  # `3-shot (EM / F1)` over the models


_ADDED = re.compile(r"(?:\+|&|–|-)\s|\+(?=[A-Z])|w/")
"""How a row begins that adds something to the model above: `+ execution feedback`."""


def _model_column(
    body: tuple[tuple[Cell, ...], ...], identity: Identity, in_heads: list[bool], leaf: list[str]
) -> int | None:
    """The column whose cells name models, or else sizes of one family's models."""
    shares: dict[int, float] = {}
    for column, named in enumerate(in_heads):
        cells = [text for row in body if (text := row[column].text) and not _ADDED.match(text)]
        if not named and cells:
            shares[column] = sum(names_model(text, identity) for text in cells) / len(cells)
    best = max(shares, key=lambda column: shares[column], default=None)
    if best is not None and shares[best] >= 0.5:
        return best
    for column in range(min(4, len(in_heads))):
        sizes = [row[column].text for row in body if row[column].text]
        if sizes and all(is_size(text) for text in sizes) and len(set(sizes)) > 1:
            return column
    return None


def holds_size(name: str) -> bool:
    """Whether a model's name has its size in it: `odd-125m`."""
    return re.search(r"(?i)\d[bm]\b", name) is not None


def _with_sizes(
    body: tuple[tuple[Cell, ...], ...], roles: dict[int, str], label: int | None, identity: Identity, leaf: list[str]
) -> tuple[dict[int, str], str]:
    """The roles with a column of sizes that belong to the models' names, and why the owners are unclear (empty: they
    are not)."""
    body = tuple(row for row in body if len({cell.origin for cell in row}) > 1)
    if label is not None:
        names = [row[label].text for row in body]
        repeated = len(set(names)) < len(names)
        bare = [name for name in names if name and not holds_size(name)]
        sized = len(bare) < len([name for name in names if name]) and len(set(bare)) == len(bare)
        ours_sized = re.search(r"(?i)\d(?:\.\d+)?[bm]\b", identity.model) is not None
        for column in range(len(roles) + 1):
            cells = [row[column].text for row in body if column < len(row) and any(map(str.isalnum, row[column].text))]
            other = roles.get(column) == "value" and leaf[column] not in SIZE_HEADS
            if column == label or other or not cells or not all(is_size(text) for text in cells) or sized:
                continue
            if ours_sized or (repeated and len(set(cells)) > 1):
                roles = {**roles, column: "size"}
        return roles, ""
    for column, role in roles.items():
        texts = [row[column].text for row in body if row[column].text]
        remark = leaf[column] in ASIDE_HEADS or all(is_backend(text) for text in texts)
        if role in ("words", "group", "model") and len(set(texts)) > 1 and not remark:
            return roles, "no column says which model each row is about"
    return roles, ""


def _roles(
    grid: Grid,
    count: int,
    leaf: list[str],
    heads: Heads,
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
        numbers = mostly_numbers(cells)
        only_other = sum(other != label for other in range(grid.width)) == 1
        if all(re.fullmatch(r"(?i)(pp|tg)\s?\d+.*|", cell.text) for cell in cells) and any(cell.text for cell in cells):
            roles[column] = "test"
        elif benchmarks == "columns" and in_heads and in_heads[column]:
            roles[column] = "value"
        elif words in SHOT_HEADS and not (numbers and any("." in cell.text for cell in cells)):
            roles[column] = "shots"
        elif words in METRIC_HEADS:
            roles[column] = "metric"
        elif words in PART_HEADS and not (numbers and any("." in cell.text for cell in cells)):
            roles[column] = "set:subset"
        elif words in NUMBER_HEADS and numbers:
            roles[column] = "gpus"
        elif words in SETTING_HEADS and not (SETTING_HEADS[words] in MODE_FIELDS and numbers):
            roles[column] = f"set:{SETTING_HEADS[words]}"
        elif (words in STATED_HEADS or _states_either(heads[column]) or _tells_how(words, cells)) and not only_other:
            roles[column] = "stated"
        elif words in GROUP_HEADS:
            roles[column] = "group"
        elif words in VALUE_HEADS - {""} and only_other:
            roles[column] = "value"
        elif words in ASIDE_HEADS or words.startswith(("delta", "improvement", "recovery", "stderr", "Δ")):
            roles[column] = "aside" if numbers else "words"
        elif _model_head(heads[column]) is not None and benchmarks == "rows" and not (numbers and heads[column][1:]):
            roles[column] = "model"
        elif benchmarks == "rows" and heads[column] and _is_specification(heads[column]):
            roles[column] = "words"
        elif benchmarks == "columns":
            roles[column] = "value" if words and numbers else "words"
        elif label is not None and column < label and (not words or _mostly_categories(cells)):
            roles[column] = "group"
        elif numbers or (heads[column] and mode_of(heads[column][-1])) or words in VALUE_HEADS or only_other:
            roles[column] = "value"
        else:
            roles[column] = "words"
    return roles


def _of_models(roles: dict[int, str], heads: Heads, identity: Identity) -> dict[int, str]:
    """The columns that hold words and are headed by a model's name, where no other column holds values: some of the
    cells may be numbers all the same, as in a comparison of two models feature by feature."""
    if "value" in roles.values():
        return {}
    headed = [column for column, role in roles.items() if role == "words" and heads[column]]
    return {column: "value" for column in headed if names_model(heads[column][-1], identity)}


def _mostly_categories(cells: list[Cell]) -> bool:
    """Whether most of the filled cells name groups of benchmarks, whatever their column is headed."""
    filled = [cell.text for cell in cells if any(map(str.isalpha, cell.text))]
    return bool(filled) and sum(read_label(text).category for text in filled) * 2 > len(filled)


def _tells_how(words: str, cells: Sequence[Cell]) -> bool:
    """Whether a column without a heading only states settings (`5-shot`), or one says by small whole numbers of which
    phase of a training each row is."""
    if not words:
        return any(c.text for c in cells) and all(states_only_settings(c.text) for c in cells if c.text)
    return words.endswith(("phase", "stage", "阶段")) and all(re.fullmatch(r"\d{0,3}", c.text.strip()) for c in cells)


def _states_either(parts: tuple[str, ...]) -> bool:
    """Whether a heading names two kinds of settings or parts, as `Setting/Length`."""
    names = [normalise(name) for name in re.split(r"\s*/\s*", parts[-1])] if parts else []
    return len(names) > 1 and all(name in STATED_HEADS | PART_HEADS | SHOT_HEADS | METRIC_HEADS for name in names)


def _is_specification(parts: tuple[str, ...]) -> bool:
    name = read_label(parts[-1]).benchmark
    return name is not None and catalogue()[name].evaluator == "specification"


def is_uneven(grid: Grid, number: int) -> bool:
    """Whether a row has cells with text where no heading stands over them: its numbers may be in wrong columns."""
    count = heads_of(grid)[0]
    heading = grid.rows[:count]
    return bool(heading) and any(
        cell.text and all(row[column].origin == EMPTY.origin for row in heading)
        for column, cell in enumerate(grid.rows[number])
    )
