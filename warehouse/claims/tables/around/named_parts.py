"""Columns and rows named for languages or batches alone, completed by what the words around the table name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from warehouse.claims.tables.around.named_over import (
    as_measured,
    benchmark_over,
    benchmark_said,
    last_said,
    only_leads_in,
)
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.headings import heads_of
from warehouse.claims.text.brackets import with_remark
from warehouse.claims.text.names import normalise
from warehouse.claims.text.parts import LANGUAGES, PROGRAMMING
from warehouse.claims.text.speed_names import UNIT, speed_named
from warehouse.claims.text.vocabulary import LABEL_HEADS, MEANS, MODEL_HEADS, PART_HEADS, SETTING_HEADS, SIZE_HEADS


@dataclass(frozen=True)
class WordsAround:
    """The words around a table."""

    before: tuple[str, ...]
    """The paragraphs right before it, the nearest last."""
    after: tuple[str, ...]
    """The paragraphs right after it, the nearest first."""
    over: tuple[str, ...]
    """The words directly under its headings, the nearest last."""
    headings: tuple[str, ...]
    """Its headings, the nearest last."""


_CODING = re.compile(r"humaneval|mbpp|multipl")
"""Benchmarks whose programs are written in several languages."""
_AFTER = re.compile(r"(?i)^\W*(?:all )?(?:of )?(?:these|the|above)\b.*\b(?:results?|scores?|numbers|table)\b")
"""How words below a table begin that speak of it."""


def with_parts_named(grid: Grid, around: WordsAround, titles: Sequence[str]) -> Grid:
    """The table with the benchmark's name before its columns or rows of languages (`HumanEval (Java)` for `Java`), and
    the speed's before those of batches, where nothing in the table or its title names one, and the words around it name
    exactly one."""
    count = heads_of(grid)[0]
    if not count or benchmark_over((*around.headings, *titles)):
        return grid
    heads = [cell.text for cell in grid.rows[count - 1]]
    if any(map(_BATCH.fullmatch, heads)):
        return _with_speeds(grid, count, around)
    columns = [c for c, head in enumerate(heads) if not _is_aside(head)]
    rows = range(count, len(grid.rows))
    for spots, texts in (
        ([(count - 1, c) for c in columns], [heads[c] for c in columns]),
        ([(row, 0) for row in rows], [grid.rows[row][0].text for row in rows]),
    ):
        coding = _of_languages(texts, _is_programming)
        if not coding and not _of_languages(texts, _is_spoken):
            continue
        name = _code_benchmark(around) if coding else _spoken_benchmark(around)
        if name is None:
            return grid
        no_mean = coding or any(map(_DIRECTION.fullmatch, texts))  # of a few parts, no score of the whole
        given = {
            spot: with_remark(name, text) if normalise(text) not in MEANS else name
            for spot, text in zip(spots, texts, strict=True)
            if text and not (no_mean and normalise(text) in MEANS)
        }
        return _renamed(grid, given)
    return grid


def _is_aside(head: str) -> bool:
    """Whether a heading is that of the models, their sizes or a setting."""
    key = normalise(head)
    return not key or key in MODEL_HEADS | SIZE_HEADS | LABEL_HEADS | PART_HEADS or key in SETTING_HEADS


def _of_languages(texts: Sequence[str], is_language: Callable[[str], bool]) -> bool:
    """Whether the texts are at least three different languages, or two directions of translation, perhaps with their
    mean."""
    names = [text for text in texts if text and normalise(text) not in MEANS]
    fewest = 2 if all(map(_DIRECTION.fullmatch, names)) else 3
    return len(set(names)) == len(names) >= fewest and all(map(is_language, names))


def _is_programming(text: str) -> bool:
    return normalise(text) in PROGRAMMING or text in ("C#", "C++")


_DIRECTION = re.compile(r"([A-Za-z]{2,}) ?(?:-|–|→|->|to) ?([A-Za-z]{2,})")
"""A direction of translation: `zh-en`."""


def _is_spoken(text: str) -> bool:
    if pair := _DIRECTION.fullmatch(text):
        return all(normalise(side) in LANGUAGES for side in pair.groups())
    return normalise(text) in LANGUAGES and normalise(text) not in ("nonenglish", "multilingual")


_NO_SCORES_OF = re.compile(
    r"(?i)compress|\btokeni[sz]|\btokens?\b|fertility|corpus|\bdata\b|speed|latency|\bloss\b|perplex|\bshares?\b|proportion|"
    r"distribution|压缩|词表|分词|语料|数据(?!集)|占比|比例|速度|困惑度"
)
"""Words for what is counted by language and is no score."""
_NAME_LIKE = re.compile(r"\b[A-Z][A-Za-z]*[A-Z\d]\w*")


def _code_benchmark(around: WordsAround) -> str | None:
    """The benchmark of programs that the nearest of the words over a table say was measured; None for one of several,
    or where nearer words or the nearest heading speak of something else."""
    heading = around.headings[-1] if around.headings else ""
    if _NO_SCORES_OF.search(" ".join((*around.before, heading))):
        return None
    other = _NAME_LIKE.search(heading) or not all(only_leads_in(text) for text in around.before)
    for text in (*reversed(around.before), *(() if other else reversed(around.over))):
        if named := benchmark_said(text, known=True):
            return named[0] if len(named) == 1 and _CODING.search(normalise(named[0])) else None
    return None


def _spoken_benchmark(around: WordsAround) -> str | None:
    """The benchmark that the last sentence before a table, or the first behind it, if it speaks of the table, says was
    measured."""
    behind = around.after[0] if around.after and _AFTER.match(around.after[0]) else ""
    before = last_said(around.before[-1]) if around.before else ""
    for text in (before, behind):
        if named := benchmark_said(text):
            told = len(named) == 1 and not _NO_SCORES_OF.search(text)
            return as_measured(named[0], text, shots=True) if told else None
    return None


_BATCH = re.compile(r"(?i)(?:batch(?:[ _-]?size)?|bs)\s*[=:]\s*(\d{1,4})")
_SPEED = re.compile(
    r"(?i)(?:\b[a-z-]+ (?:speed|throughput)|[\u4e00-\u9fff]{0,4}(?:速度|吞吐量?))"
    rf"\s*[(（\[]?(?:in )?\s*(?:{UNIT.pattern.removeprefix('(?i)')})"
)
"""A speed with its unit: `inference speed (tokens/s)`."""


def _with_speeds(grid: Grid, count: int, around: WordsAround) -> Grid:
    """The table with the speed's name before its column of a single stream, `batch=1`. Nothing says whether the numbers
    of larger batches are those of one stream or of all together: they are left."""
    texts = (*around.before, *around.headings[-1:], grid.caption)
    named = {speed_named(match[0])[0] for text in texts for match in _SPEED.finditer(text)}
    if named != {"output_speed"}:
        return grid
    given = {
        (count - 1, column): "Output speed (tok/s, concurrency 1)"
        for column, cell in enumerate(grid.rows[count - 1])
        if (batch := _BATCH.fullmatch(cell.text)) and int(batch[1]) == 1
    }
    return _renamed(grid, given)


def _renamed(grid: Grid, given: dict[tuple[int, int], str]) -> Grid:
    """The table with these texts in its cells."""

    def cell_of(cell: Cell, spot: tuple[int, int]) -> Cell:
        return replace(cell, text=given[spot]) if spot in given else cell

    rows = tuple(
        tuple(cell_of(cell, (number, column)) for column, cell in enumerate(row))
        for number, row in enumerate(grid.rows)
    )
    return replace(grid, rows=rows)
