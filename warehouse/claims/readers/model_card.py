"""A model card -> claims: every table of scores, specifications or speeds, and the front matter's results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from evaluators.records import UserError
from warehouse.claims.source_reading import Reading, source_of
from warehouse.claims.tables.document import Heading, Page, Words, read_page
from warehouse.claims.tables.extract import read_table
from warehouse.claims.tables.grid import Grid
from warehouse.claims.tables.layout import layout_of, split_rows
from warehouse.claims.tables.notes import notes_near
from warehouse.claims.tables.owners import Identity, identity_of, tuning_of


def read_card(text: str, *, model: str, url: str, read_at: datetime, commit: str | None = None) -> Reading:
    """Claims, mentions and unread parts of a model card.

    `model` is the release that the card speaks for (hub id); only its column is its vendor's claim, every other
    number becomes a mention. Raises UserError for a text that is no card (too large, too deeply nested).
    """
    page = read_page(text)
    title = next((block.text for block in page.blocks if isinstance(block, Heading) and block.level == 1), None)
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="model_card", title=title))
    tunings = {tuning_of([block.text]) for block in page.blocks if isinstance(block, Heading)}
    identity = identity_of(model, [*page.links, *_written(page, model), *_parents(page)], title, _names(page), tunings)
    headings: list[Heading] = []
    for place, block in enumerate(page.blocks):
        if isinstance(block, Heading):
            if not block.text:
                continue
            headings = [*(heading for heading in headings if heading.level < block.level), block]
        elif isinstance(block, Grid):
            _read_grid(block, page.blocks, place, [heading.text for heading in headings], identity, reading, commit)
        elif _stray_row(block.text):
            reading.leave(block.line, block.text, "it looks like a row of a table, but stands in none")
    if page.front_matter is not None:
        from warehouse.claims.readers.model_index import add_front_matter

        add_front_matter(page.front_matter, reading, model=model, commit=commit)
    return reading


def _stray_row(text: str) -> bool:
    """Whether words outside tables look like Markdown table rows that no renderer would show as a table."""
    return text.count("|") >= 3 and re.search(r"\|\s*[*_]*\d[\d.]*%?[*_]*\s*\|", text) is not None


def _parents(page: Page) -> list[str]:
    """Addresses of the models that the front matter names as what this one is made of."""
    if not page.front_matter or "base_model" not in page.front_matter:
        return []
    from evaluators.safe_load import load_yaml

    try:
        content = load_yaml(page.front_matter, "front matter")
    except UserError:
        return []
    found = content.get("base_model") if isinstance(content, dict) else None
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [f"https://huggingface.co/{name}" for name in names if isinstance(name, str)]


def _names(page: Page) -> set[str]:
    """Texts in the first rows and columns of the card's tables, and in its lists: where models are named."""
    found = set()
    for block in page.blocks:
        if isinstance(block, Grid):
            found |= {cell.text for row in block.rows[: max(2, block.heads)] for cell in row}
            found |= {cell.text for row in block.rows for cell in row[:2]}
        elif isinstance(block, Words) and len(block.text) < 200:
            found.add(block.text.split(":")[0])
    return {text for text in found if 0 < len(text) < 80}


def _written(page: Page, model: str) -> list[str]:
    """Hub addresses and ids of the same organisation that are written out as text."""
    ours = model.split("/")[0] + "/" if "/" in model else None
    found = []
    for block in page.blocks:
        if isinstance(block, Words) and "huggingface.co/" in block.text:
            found += [word.strip("().,;") for word in block.text.split() if word.startswith(("http", "("))]
        if isinstance(block, Words) and ours and ours in block.text:
            named = [word.strip("().,;:`'\"") for word in block.text.split() if ours in word]
            found += [f"https://huggingface.co/{word}" for word in named if word.startswith(ours)]
    return found


def _read_grid(
    grid: Grid,
    blocks: Sequence[Heading | Words | Grid],
    place: int,
    headings: Sequence[str],
    identity: Identity,
    reading: Reading,
    commit: str | None,
) -> None:
    if grid.cut:
        reading.leave(
            grid.line, "table", "the table has more than 300 columns or 60,000 cells; only the first were read"
        )
    grid = split_rows(grid)
    layout = layout_of(grid)
    if layout is None:
        head = " | ".join(cell.text for cell in grid.rows[0]) if grid.rows else ""
        if any(any(c.isdigit() for c in cell.text) for row in grid.rows for cell in row):
            reading.leave(grid.line, head, "nothing in the table names a benchmark")
        return
    read_table(grid, layout, notes_near(blocks, place), headings, identity, reading, commit)
