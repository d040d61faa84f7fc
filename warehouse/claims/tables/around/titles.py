"""The title of a table: its caption, the few words right before it, or the benchmark that the sentences there name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from warehouse.claims.tables.around.named_over import (
    benchmark_announced,
    benchmark_measured,
    benchmark_of_parts,
    columns_listed,
)
from warehouse.claims.tables.document import Heading, Words
from warehouse.claims.tables.grid import Grid
from warehouse.claims.tables.notes import words_over
from warehouse.claims.text.labels import AT, SHOTS
from warehouse.claims.text.names import normalise
from warehouse.claims.text.vocabulary import MEANS, MEASURES, METRIC_WORDS, MODEL_HEADS

RESULTS = frozenset(
    ["结果", "评测结果", "实验结果", "测试结果", "results", "result", "evaluationresults", "scores", "performance"]
)
"""Headings that only say that results follow."""


def captions_of(grid: Grid, intro: Sequence[str]) -> list[str]:
    """What stands over a table as its title: the words right before it, where they are few and no sentence, and its
    caption."""
    before = re.sub(r"\(https?://[^()\s]*\)", "", intro[-1]).rstrip(" :：") if intro else ""
    if using := re.search(
        r"(?i)\b(?:evaluated|measured|tested|scores|results) (?:using|on|with) (?:the )?([^.,;:!?]{2,50})$", before
    ):
        before = using[1]
    if named := re.match(r"([\w][\w .+-]{1,28}): \w", before):
        before = named[1]
    short = 0 < len(before) <= 40 and not re.search(r"[.!?。;；]", before)
    lengths = (
        sum(bool(re.fullmatch(r"(?i)\d+(?:\.\d+)?\s?[km]", cell.text)) for cell in grid.rows[0]) if grid.rows else 0
    )
    by_length = {word for text in intro for word in re.findall(r"\b(?:RULER|MRCR)\b", text)} if lengths > 2 else set()
    lengthwise = list(by_length) if len(by_length) == 1 else []
    means = sum(normalise(cell.text) in MEANS for cell in grid.rows[0]) if grid.rows else 0
    heads = [cell.text for cell in grid.rows[0]] if grid.rows else []
    columns = [head for head in heads if head and normalise(head) not in MODEL_HEADS]
    every = len(columns) > 1 and len(columns_listed(intro[-1] if intro else "", columns)) == len(columns)
    name = (benchmark_announced(intro, heads) if means == 1 or every else None) or benchmark_of_parts(intro, columns)
    if name is None and columns and all(_is_measure(head) for head in columns):
        name = benchmark_measured(intro, shots=not any(SHOTS.search(head) for head in columns))
    announced = [name] if name else []
    return [*announced, *lengthwise, *([before] if short else []), *([grid.caption] if grid.caption else [])]


def _is_measure(head: str) -> bool:
    """Whether a heading is a measure alone, perhaps with shots: `Pass@1`, `Zero-shot Acc.`, `Avg. Acc.`."""
    rest = AT.sub(" ", SHOTS.sub(" ", head))
    words = [key for part in re.split(r"[\s()（）%↑↓,/]+", rest) if (key := normalise(part))]
    return rest != head if not words else all(word in MEASURES or word in METRIC_WORDS for word in words)


def words_after(blocks: Sequence[Heading | Words | Grid], index: int) -> tuple[str, ...]:
    """The words right behind a table, up to the next heading or table: at most two paragraphs."""
    run = takewhile(lambda block: isinstance(block, Words), blocks[index + 1 : index + 3])
    return tuple(block.text[:400] for block in run if isinstance(block, Words))


def intro_of(blocks: Sequence[Heading | Words | Grid], index: int) -> tuple[str, ...]:
    """The words right before a table, up to the heading or table before it: at most two paragraphs. A heading right
    over it that only says that results follow parts nothing."""
    paragraphs: list[str] = []
    before = blocks[max(0, index - 3) : index]
    if before and isinstance(before[-1], Heading) and normalise(before[-1].text) in RESULTS:
        before = before[:-1]
    for block in reversed(before[-2:]):
        if not isinstance(block, Words):
            break
        paragraphs.insert(0, block.text[:400])
    return tuple(paragraphs)


def words_under_headings(blocks: Sequence[Heading | Words | Grid], index: int) -> list[str]:
    """The words under the headings over a table. A heading right over it that only says that results follow parts
    nothing."""
    before = blocks[index - 1] if index else None
    results = isinstance(before, Heading) and normalise(before.text) in RESULTS
    return words_over(blocks, index - 1 if results else index)


def items_before(blocks: Sequence[Heading | Words | Grid], index: int) -> list[str]:
    """The items of lists between the heading or table before a table and the table."""
    before = takewhile(lambda block: isinstance(block, Words), reversed(blocks[max(0, index - 12) : index]))
    return [block.text for block in before if isinstance(block, Words) and block.item]
