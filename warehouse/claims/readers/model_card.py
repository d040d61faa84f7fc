"""A model card -> claims: every table of scores, specifications or speeds, its lists of specifications and scores, and
the front matter's results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from warehouse.claims.sentences.proposing import propose
from warehouse.claims.source_reading import Reading, source_of
from warehouse.claims.tables.around.named_parts import WordsAround, with_parts_named
from warehouse.claims.tables.around.titles import (
    RESULTS,
    captions_of,
    intro_of,
    items_before,
    words_after,
    words_under_headings,
)
from warehouse.claims.tables.context import Surroundings
from warehouse.claims.tables.contradictions import drop_contradictions, drop_list_contradictions
from warehouse.claims.tables.document import Heading, Page, Words, read_page
from warehouse.claims.tables.extract import read_table
from warehouse.claims.tables.grid import Grid
from warehouse.claims.tables.layout import layout_of
from warehouse.claims.tables.leaderboards import leaderboard_of
from warehouse.claims.tables.lm_eval_table import columns_of, read_lm_eval_table
from warehouse.claims.tables.notes import notes_near, words_around, words_over
from warehouse.claims.tables.ownership.card_names import identity_in
from warehouse.claims.tables.ownership.identity import Identity, names_model
from warehouse.claims.tables.recovery import RECOVERY_HEADS
from warehouse.claims.tables.row_settings import settings_of_table
from warehouse.claims.tables.row_shapes import split_columns, split_rows, with_billions, with_long_names
from warehouse.claims.tables.specification_lists import read_items
from warehouse.claims.text.legends import legends_in, splits_listed
from warehouse.claims.text.model_words import is_size
from warehouse.claims.text.names import normalise
from warehouse.claims.text.stated_for_all import stated_for_all, stated_right_over


def read_card(
    text: str, *, model: str, url: str, read_at: datetime, commit: str | None = None, own: Sequence[str] = ()
) -> Reading:
    """Claims, mentions and unread parts of a model card.

    `model` is the release that the card speaks for (hub id); only its column is its vendor's claim, every other
    number becomes a mention. `own` are names in the tables that a person says are this release's. Raises UserError for
    a text that is no card (too large, too deeply nested).
    """
    page = read_page(text)
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="model_card", title=page.title))
    identity = identity_in(page, model, own=own)
    read_blocks(page, reading, identity, commit)
    drop_list_contradictions(reading)
    if page.front_matter is not None:
        from warehouse.claims.readers.model_index import add_front_matter

        add_front_matter(page.front_matter, reading, model=model, commit=commit)
    propose(page, reading, names_of_models(page, identity), topic=model, claimant=None)
    reading.pictures = [name for name, _ in page.pictures]
    return reading


def names_of_models(page: Page, identity: Identity) -> list[str]:
    """The names of models in headings and first columns of the page's tables, and the ids it links to."""
    cells = [
        cell.text
        for block in page.blocks
        if isinstance(block, Grid)
        for cell in (*(cell for row in block.rows[:2] for cell in row), *(row[0] for row in block.rows))
    ]
    printed = {re.sub(r"\s*[(\[].*$", "", text).strip() for text in cells if names_model(text, identity)}
    return [name for name in (*printed, *identity.known) if len(name) > 2 and not is_size(name)]


def read_blocks(
    page: Page, reading: Reading, identity: Identity, commit: str | None, *, only: int | None = None
) -> None:
    """Add what the page's tables and its lists of specifications and scores state; with `only`, the table at that place
    alone."""
    headings: list[Heading] = []
    led_in = over_items = ""
    for index, block in enumerate(page.blocks):
        texts = tuple(heading.text for heading in headings)
        if isinstance(block, Heading):
            led_in = over_items = ""
            if block.text and not (headings and _only_announces(block, headings[-1])):
                headings = [*(heading for heading in headings if heading.level < block.level), block]
        elif only is not None and index != only:
            continue
        elif isinstance(block, Grid):
            _read_grid(block, page.blocks, index, texts, identity, reading, commit)
        elif _stray_row(block.text):
            reading.leave(block.line, block.text, "it looks like a row of a table, but stands in none")
        elif block.item:
            over_items = block.text if block.text.endswith((":", "：")) else over_items
            read_items(block, texts, identity, reading, commit, led_in=f"{led_in} {over_items}".strip())
        else:
            led_in, over_items = block.text, ""


def _only_announces(heading: Heading, before: Heading) -> bool:
    """Whether a heading only says that results follow, right below one of its own level that says of what: `### C-Eval`
    and `### Results`."""
    return heading.level == before.level and normalise(heading.text) in RESULTS


def _stray_row(text: str) -> bool:
    """Whether words outside tables look like Markdown table rows that no renderer would show as a table."""
    return text.count("|") >= 3 and re.search(r"\|\s*[*_]*\d[\d.]*%?[*_]*\s*\|", text) is not None


def _read_grid(
    grid: Grid,
    blocks: Sequence[Heading | Words | Grid],
    index: int,
    headings: tuple[str, ...],
    identity: Identity,
    reading: Reading,
    commit: str | None,
) -> None:
    if grid.cut:
        reading.leave(
            grid.line, "table", "the table has more than 300 columns or 60,000 cells; only the first were read"
        )
    words = words_around(blocks, index)
    legends = {**splits_listed(items_before(blocks, index)), **legends_in(words)}
    grid = with_billions(split_columns(split_rows(grid), (*headings, *words)), legends)
    grid = with_long_names(grid, legends)
    intro = intro_of(blocks, index)
    spoken = WordsAround(intro, words_after(blocks, index), tuple(words_over(blocks, index)), headings)
    grid = with_parts_named(grid, spoken, captions_of(grid, intro))
    if settings_of_table(grid):
        reading.leave(grid.line, " | ".join(cell.text for cell in grid.rows[0]), "a table of settings, no scores")
        return
    claims, mentions = len(reading.claims), len(reading.mentions)
    if (columns := columns_of(grid)) is not None:
        read_lm_eval_table(grid, columns, headings, identity, reading, commit)
    elif (layout := layout_of(grid, identity, (*headings, *captions_of(grid, intro)))) is not None:
        titles = [
            text
            for text in intro[-1:]
            if (len(text) < 100 and (text[-1:] not in (".", "。") or _BOARD.search(text)) and not _SHOWN.search(text))
            or _BY_BOARD.search(text)
        ]
        board = None if _compares_with_original(grid) else leaderboard_of((*headings, *titles))
        over = [*words_under_headings(blocks, index), *([grid.caption] if grid.caption else [])]
        tables = [statement for block in blocks if isinstance(block, Grid) for statement in settings_of_table(block)]
        for_all = (*tables, *stated_for_all(headings, over), *(stated_right_over(intro[-1]) if intro else ()))
        section = tuple(words_over(blocks, index, nearest=True))
        around = Surroundings(headings, intro, section, notes_near(blocks, index), board, legends, for_all)
        read_table(grid, layout, around, identity, reading, commit)
    else:
        head = " | ".join(cell.text for cell in grid.rows[0]) if grid.rows else ""
        if any(any(c.isdigit() for c in cell.text) for row in grid.rows for cell in row):
            reading.leave(grid.line, head, "nothing in the table names a benchmark")
    drop_contradictions(reading, claims, mentions, grid.line)


def _compares_with_original(grid: Grid) -> bool:
    """Whether a column says how much of another model's scores is kept: no leaderboard measures that."""
    return any(normalise(cell.text) in RECOVERY_HEADS for row in grid.rows[: max(1, grid.heads)] for cell in row)


_BOARD = re.compile(r"\b[A-Z][\w-]+ [Ll]eader-?[Bb]oard|\bLeader-?[Bb]oard")
"""A leaderboard by its name, and not as `its latest leaderboard`."""


_SHOWN = re.compile(r"(?i)\b(?:view|reproduc|submit|compar|avail|see\b|found\b)")
"""Words of a leaderboard as a place where results are shown too."""
_BY_BOARD = re.compile(
    r"(?i)\b(?:measured|evaluated|scored|reported|ranked|taken|provided)\b[^.]{0,20}\b(?:by|on|from)\b[^.]{0,50}\bleader-?board"
)
"""Words that name a leaderboard as who measured what they lead in."""
