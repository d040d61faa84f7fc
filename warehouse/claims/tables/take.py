"""One cell of a table -> a claim, a mention, or unread with its line and reason."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from evaluators.catalogue import Benchmark, catalogue
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claimant
from warehouse.claims.source_reading import new_claim, read_number, solved_items
from warehouse.claims.tables.around.sampling_notes import less_others, sampling
from warehouse.claims.tables.cells import Value, read_value, scale_of
from warehouse.claims.tables.context import Context
from warehouse.claims.tables.environment import serving_around
from warehouse.claims.tables.grid import Cell
from warehouse.claims.tables.headings import heads_of
from warehouse.claims.tables.leaderboards import language_of_heading, of_leaderboard, task_of_suite
from warehouse.claims.tables.notes import (
    binding,
    footnotes,
    is_of_another,
    notes_for,
    repeats_for,
    says_how,
    shots_for,
    shots_over,
)
from warehouse.claims.tables.ownership.owners import Owner
from warehouse.claims.tables.row_settings import Stated
from warehouse.claims.tables.two_values import plain_and_marked, values_of
from warehouse.claims.text.labels import Label, read_label, settings_with
from warehouse.claims.text.legends import explained, unexplained
from warehouse.claims.text.names import name_tokens, normalise
from warehouse.claims.text.parts import LANGUAGES
from warehouse.claims.text.speed_names import UNIT
from warehouse.claims.text.stated_for_all import settings_for
from warehouse.claims.text.tunings import mode_in, mode_of_all
from warehouse.claims.text.vocabulary import CATEGORIES, NO_SCORES, OF_TEN, OF_TEN_OR_HUNDRED, TUNED

MEAN = re.compile(
    r"(?i)(?:average|avg\.?|mean)(?:@\d+)?(?=\s|$)|"
    r"(?:.*\s)?(?:average|avg\.?|aggregate|(?:total|overall)(?: score)?)$|"
    r"(?:총|전체)?\s?평균.*|(?:综合|总|中文|英文|数学|代码)?(?:平均|均分).*|"
    r"総合|durchschnitt|moyenne|promedio|média|средн\w+"
)
"""How the name of an average begins."""


_MEAN_BEHIND = re.compile(r"(?i)[(\[（](?:average|avg\.?|mean)\b(?!\s?@\s?\d)[^()\[\]]*[)\]）]$")
_UNIT = re.compile(r"[(\[（](?:[KMGT]i?B|GPU[- ]?hours?|hours?|days?|ms|s|W|USD|\$)[)\]）]")
"""A unit in brackets that no score has."""
_COMPUTE = re.compile(r"(?i)(?:(?:training|train|total|inference) )?(?:[kmgtpez]|exa|peta|tera|giga)?flops?(?![a-z])")
"""How the name of a count of operations begins."""
_PROPERTY = re.compile(r"(?i)\b(?:tokens?|parameters?|params|sizes?|memory|cost|price|latency|hours)\b|参数|显存|万亿")
"""Words of a legend for what is no score."""


def take(
    context: Context, label: Label, owner: Owner, number: int, column: int, stated: Stated, words: Sequence[str]
) -> None:
    """Read one cell: each of its values is a claim, a mention, or unread."""
    cell = context.grid.rows[number][column]
    if context.values[number, column].kind == "nothing":
        return
    if owner.kind == "unsure":
        return
    label = explained(task_of_suite(context.around.headings, label), context.around.legends)
    if label.benchmark and catalogue()[label.benchmark].evaluator == "specification":
        once = f"{owner.model}: {label.benchmark} at {cell.origin}"
        if once in context.told:  # one cell over several rows
            return
        context.told.add(once)
    head = label.text
    several: tuple[tuple[Label, str], ...] = ()
    if context.values[number, column].kind in ("words", "unsure") or _states_more(
        context.values[number, column], label
    ):
        other = column if context.layout.benchmarks == "rows" else context.layout.label
        over = " ".join(context.layout.heads[other]) if other is not None else ""
        several = values_of(cell.text, label) or values_of(cell.text, label, over, context.around.intro)
    if (
        not several
        and (pair := plain_and_marked(cell.text))
        and any(map(_ours_in_a_way, footnotes(context.notes, pair[2])))
    ):
        several = ((label, pair[0]), (label, pair[1]))
    if several:
        for part, said in several:
            value = read_value(Cell(said, cell.line, cell.marks))
            _take_value(context, part, owner, number, column, value, stated, words, head)
    else:
        _take_value(context, label, owner, number, column, context.values[number, column], stated, words, head)


def _states_more(value: Value, label: Label) -> bool:
    """Whether the bracket behind a count of parameters states another: `80B (3B activated)`."""
    counted = label.benchmark is not None and catalogue()[label.benchmark].unit == "parameters"
    return counted and value.qualifier is not None and re.search(r"(?i)\d\s?[bmt]\b", value.qualifier) is not None


def _take_value(
    context: Context, label: Label, owner: Owner, number: int, column: int, value: Value, stated: Stated,
    words: Sequence[str], head: str,
) -> None:  # fmt: skip
    cell, reading = context.grid.rows[number][column], context.reading
    if value.kind == "nothing":
        return
    if normalise(label.text) == "codeforces" and value.plain is not None and value.plain >= 400:
        label = replace(label, benchmark="codeforces_rating")
    known = catalogue()[label.benchmark] if label.benchmark else None
    if reason := _no_claim(context, label, known, value):
        once = reason.startswith("not a benchmark")
        if not once or f"{head}: {reason}" not in context.told:
            reading.leave(cell.line, f"{head}: {cell.text}", reason)
        context.told.add(f"{head}: {reason}")
        return
    if (
        value.kind == "words"
        and (known is None or known.unit != "licence")
        and not any(c.isdigit() for c in value.said)
    ):
        if known is not None:
            reading.leave(cell.line, f"{head}: {cell.text}", "not a number")
        return
    try:
        _add(context, label, owner, number, column, value, stated, list(words), known)
    except UserError as problem:
        reading.leave(cell.line, f"{head}: {cell.text}", str(problem))


def _no_claim(context: Context, label: Label, known: Benchmark | None, value: Value) -> str:
    """Why the value is no claim; empty if it may be one."""
    if label.category:
        return "the name of a group of benchmarks: its number is an average, no benchmark's score"
    if known is not None and known.unit == "points" and re.search(r"(?i)%|\bwin[ -]?rate\b", label.text):
        return f"a percentage, and {label.benchmark} is scored in points"
    if (
        context.training
        and context.layout.benchmarks == "columns"
        and label.benchmark in ("context_window", "training_tokens")
    ):
        return "a setting of the training"
    if known is None and context.groups:
        return "a row of a column of groups, no benchmark that is known"
    if known is None and context.around.headings and re.match(r"(?i)averages?\b", context.around.headings[-1]):
        return "under a heading of averages"
    if known is None and (MEAN.match(label.text) or _MEAN_BEHIND.search(label.text)):
        return "an average, no benchmark's score"
    if known is None and normalise(label.text) in LANGUAGES and normalise(label.text) not in CATEGORIES:
        return "a language, and nothing names the benchmark"
    if known is None and (normalise(label.text) in NO_SCORES or _COMPUTE.match(label.text)):
        return "a setting or a property, no benchmark"
    if known is None and re.match(r"#|(?:no|num|number)\.? of\b", label.text, re.IGNORECASE):
        return "a count, no benchmark"
    if known is None and _PROPERTY.search(context.around.legends.get(normalise(label.text), "")):
        return "a property of the model, as its legend says"
    if known is None and _UNIT.search(label.text):
        return "a number with a unit, and no benchmark that is known"
    if known is None and not context.scores:
        return "not a benchmark of the catalogue"
    if value.kind == "unsure":
        return value.reason
    wordy = known is None or known.unit == "fraction"
    if value.kind == "words" and wordy and any(c.isdigit() for c in value.said):
        return "" if solved_items(value.said, label.benchmark) is not None else "not a number"
    if known is None and re.search(
        r"[^\W\d_]", re.sub(r"(?i)%|±|\+/-|about|approx|up to|points|pp|elo", "", value.said)
    ):
        return "a number with a unit, and no benchmark that is known"
    return ""


def _scale(context: Context, label: Label, number: int, column: int, value: Value) -> Literal["percent", "fraction"]:
    if solved_items(value.said, label.benchmark) is not None:
        return "fraction"
    beside, above = context.rows[number], context.columns[column]
    if context.layout.benchmarks == "columns":
        beside, above = above, beside
    scale = scale_of(value, beside, above)
    if scale is None:
        raise UserError("points or fraction cannot be told apart here")
    if scale == "percent" and label.benchmark in OF_TEN_OR_HUNDRED and value.plain is not None and value.plain <= 10:
        raise UserError("it may be a mark out of ten or out of a hundred")
    return scale


def _refuse_half_said(
    label: Label, known: Benchmark | None, value: Value, window: str | None, marked: Sequence[str]
) -> None:
    """Raise UserError for a size without its unit, or one that a footnote (`marked`) narrows."""
    bare = value.plain if not window and value.plain is not None else math.inf
    if known is not None and known.unit == "parameters":
        if bare < 1e5:
            raise UserError("a count of parameters without its unit")
        narrowed = any(re.search(r"(?i)\bexclu\w+|\bnon-?embedd", text) for text in marked)
        if narrowed and label.benchmark != "non_embedding_parameters":
            raise UserError("a count of parameters that its footnote narrows")
    if label.benchmark in OF_TEN and bare != math.inf and bare > 10:
        raise UserError("a mark out of ten that is printed out of a hundred")
    if label.benchmark == "context_window" and bare < 512:
        raise UserError("a context length without its unit")
    if label.benchmark == "total_throughput" and bare != math.inf and not UNIT.search(label.text):
        raise UserError("a throughput without its unit")  # requests, samples or tokens a second


def _notes_about(context: Context, label: Label, owner: Owner, of_owner: Sequence[str], marks: str) -> tuple[str, ...]:
    """The notes that are about a number: by its benchmark or its marks, and of its owner's those that say how it was
    measured. Raises UserError if a footnote of this release's number speaks of another model."""
    for text in (*footnotes(context.notes, marks), *of_owner) if owner.kind == "this" else ():
        if is_of_another(text, context.identity):
            raise UserError(f"its footnote speaks of another model: {text[:100]}")
    near = notes_for(context.notes, label=label.text, benchmark=label.benchmark, marks=marks)
    return tuple(dict.fromkeys((*near, *(text for text in of_owner if says_how(text)))))


def _with_gpus(stated: Stated, speed: bool) -> list[str]:
    """Put the number of GPUs that a column states into the hardware; words for those of a speed on no known machine."""
    gpus, hardware = stated.pop("gpus", None), stated.get("hardware")
    if not gpus:
        return []
    if isinstance(hardware, str):
        stated["hardware"] = hardware if re.match(r"\d+x ", hardware) else f"{gpus}x {hardware}"
        return []
    return [f"GPUs: {gpus}"] if speed and gpus != "1" else []


def _add(
    context: Context, label: Label, owner: Owner, number: int, column: int, value: Value, stated: Stated,
    words: list[str], known: Benchmark | None,
) -> None:  # fmt: skip
    around, said = context.around, value.said
    scale: Literal["percent", "fraction"] | None = label.scale
    if known is not None and known.unit == "fraction" and "%" not in said and scale is None:
        scale = _scale(context, label, number, column, value)
    label_cell = _label_cell(context, number, column)
    marks = f"{value.marks} {label_cell.marks} {_marks_of(label.text)}"
    window = label.window if known is not None and known.unit != "fraction" and value.plain is not None else None
    _refuse_half_said(label, known, value, window, footnotes(context.notes, marks))
    interval = read_number(f"{said} {window}" if window else said, label.benchmark, scale=scale)
    extra = _extra(label, value)
    over = language_of_heading(around.headings, label.benchmark)
    all_words = [*label.words, *owner.words, *words, *(extra.words if extra else ())]
    near = _notes_about(context, label, owner, footnotes(context.notes, _owner_marks(context, number, column)), marks)
    told, near = _told(context, label, owner, near, marks)
    merged = _merged(told, stated, label, owner, extra)
    if over and not merged.get("subset"):
        merged["subset"] = over[0]
    else:
        all_words += over
    speed = known is not None and known.evaluator == "speed"
    if speed:
        merged = {**serving_around(around.headings, around.intro, around.section), **merged}
    all_words += _with_gpus(merged, speed)
    if known is not None and known.evaluator == "specification":
        served = (
            ("quantization",) if known.unit in ("parameters", "tokens") else ("quantization", "hardware", "backend")
        )
        merged = {key: value for key, value in merged.items() if key in served}
        all_words, near = [*label.words, *owner.words], ()
    benchmark, claimant, by = label.benchmark, None, None
    if around.board is not None and owner.kind == "this":
        benchmark, claimant, by = of_leaderboard(benchmark), Claimant.third_party, around.board
        all_words.append(f"measured by {around.board}")
        interval = read_number(said, benchmark, scale=scale)
    settings = settings_with(
        Settings(), merged, (*all_words, *unexplained(binding(near, context.notes), label, around.legends))
    )
    ours = owner.kind == "this"
    organisation = context.identity.model.split("/")[0] if "/" in context.identity.model else None
    claim = new_claim(
        model=owner.model,
        benchmark=benchmark,
        benchmark_text=label.text,
        said=said,
        claimant=claimant or (Claimant.vendor if ours else Claimant.third_party),
        source=context.reading.source,
        place=f"line {context.grid.rows[number][column].line}, column {column + 1}",
        settings=settings,
        interval=interval,
        variant=owner.variant,
        by=by or organisation,
        note="; ".join(dict.fromkeys((*([" › ".join(around.headings)] if around.headings else []), *near))) or None,
        commit=context.commit if ours else None,
    )
    (context.reading.claims if ours else context.reading.mentions).append(claim)


def _told(
    context: Context, label: Label, owner: Owner, near: tuple[str, ...], marks: str
) -> tuple[Stated, tuple[str, ...]]:
    """What the words around the table tell of a number's settings, and the notes that are about it."""
    around = context.around
    shots = shots_for(near, label.benchmark, tuned=bool(name_tokens(owner.model) & TUNED))
    if shots is None and label.benchmark and catalogue()[label.benchmark].unit == "fraction":
        shots = shots_over(around.intro or around.headings)
    said_by_name = {"shots": shots, "repeats": repeats_for(near, label.benchmark)}
    by_name = {key: count for key, count in said_by_name.items() if count is not None}
    statements = [s for s in around.for_all if not s.text or owner.kind != "this" or _is_of_us(s.text, context)]
    for_all, sentences = settings_for(statements, label.benchmark)
    if owner.kind != "this":  # a maker's sentence on thinking is about its own models
        for_all.pop("thinking", None)
    near = tuple(dict.fromkeys((*near, *sentences)))
    said = less_others(near, context.identity) if owner.kind == "this" else near
    asked = sampling(said, label.benchmark) if not label.benchmark or not _is_speed(label.benchmark) else {}
    return {**for_all, **asked, **by_name, **_mode_told(context, marks)}, near


def _ours_in_a_way(footnote: str) -> bool:
    """Whether a footnote tells how a number was measured, and not that others reported it."""
    return says_how(footnote) and not re.search(r"(?i)\b(?:report|sourc|tak(?:e|ing)|quot|author|cit|paper)", footnote)


def _is_of_us(sentence: str, context: Context) -> bool:
    """Whether a sentence is not about another model alone."""
    return any(less_others([sentence], context.identity))


_BY_LENGTH = re.compile(
    r"ruler|longbench|infinitebench|longmem|loong|needle|niah|babilong|mrcr|helmet|context|graphwalks|lveval|zeroscrolls"
)
"""Benchmarks that may be scored by the length of their inputs."""


def _extra(label: Label, value: Value) -> Label | None:
    """What the words behind a number in its cell say of it. A length is a part of a benchmark of long inputs alone:
    `88.2 (243k)` may tell how many tokens were spent."""
    if not value.qualifier:
        return None
    if re.fullmatch(r"(?i)\d+(?:\.\d+)?\s?[km]", value.qualifier) and not _BY_LENGTH.search(label.benchmark or ""):
        return replace(label, stated=(), words=(value.qualifier,))
    return read_label(f"{label.text} ({value.qualifier})")


def _is_speed(benchmark: str) -> bool:
    """Whether a benchmark of the catalogue is a speed."""
    return catalogue()[benchmark].evaluator == "speed"


def _merged(told: Stated, stated: Stated, label: Label, owner: Owner, extra: Label | None) -> Stated:
    """All the settings said of one value; the nearer word wins, and parts said twice are kept both."""
    merged = {**told, **stated, **dict(label.stated), **dict(owner.stated), **(dict(extra.stated) if extra else {})}
    parts = [part for part in (stated.get("subset"), dict(label.stated).get("subset")) if part]
    if len(set(parts)) > 1:
        merged["subset"] = ", ".join(str(part) for part in parts)
    return merged


def _mode_told(context: Context, marks: str) -> Stated:
    """The mode that the headings tell, or a footnote of the number itself, which may except it from theirs."""
    excepted = [re.sub(r"^[\W\d]+", "", text) for text in footnotes(context.notes, marks)]
    every = mode_of_all(context.around.intro)
    return {**mode_in(context.around.headings), **every, **mode_in(excepted)}


def _label_cell(context: Context, number: int, column: int) -> Cell:
    """The cell that names the benchmark of a number."""
    layout = context.layout
    if layout.benchmarks == "rows" and layout.label is not None:
        return context.grid.rows[number][layout.label]
    return context.grid.rows[max(0, heads_of(context.grid)[0] - 1)][column]


def _owner_marks(context: Context, number: int, column: int) -> str:
    """The footnote marks at the name of the model whose number it is."""
    layout, rows = context.layout, context.grid.rows
    if layout.benchmarks == "rows":
        cells = [row[column] for row in rows[: heads_of(context.grid)[0]]]
    else:
        cells = [rows[number][layout.label]] if layout.label is not None else []
    return " ".join(f"{cell.marks} {_marks_of(cell.text)}" for cell in cells)


def _marks_of(text: str) -> str:
    return "".join(c for c in text if c in "*†‡§¶✱▲▼#^")


def leave_row(context: Context, number: int, columns: Sequence[int], reason: str) -> None:
    """Say that a row with numbers was left."""
    row = context.grid.rows[number]
    if any(context.values[number, column].kind == "number" for column in columns):
        context.reading.leave(row[0].line or context.grid.line, " | ".join(cell.text for cell in row), reason)
