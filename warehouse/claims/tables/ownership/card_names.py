"""How a page calls its models: names printed on links, in the rows of links, in its tables and in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evaluators.records import UserError
from warehouse.claims.tables.document import Heading, Page, Words
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.ownership.identity import Identity, identity_of
from warehouse.claims.text.model_words import SIZE, hub_id, is_size
from warehouse.claims.text.names import name_key, name_tokens
from warehouse.claims.text.tunings import tuning_of
from warehouse.claims.text.vocabulary import UNTUNED


def identity_in(page: Page, model: str, *, own: Sequence[str] = ()) -> Identity:
    """The release that the page speaks for, with what the page itself says of its names. `own` are names that a person
    said are this release's."""
    tunings = {tuning_of([heading.text]) for heading in page.headings}
    links = [*page.links, *_written(page, model), *_parents(page)]
    sections = [heading.text for heading in page.headings if heading.level > 1]
    return identity_of(
        model,
        links,
        page.title,
        _names(page),
        tunings,
        printed=_printed(page, model),
        own=own,
        reused=_reused(page),
        beside_assistants=_beside_assistants(page),
        beside_full=_beside_full(page, model),
        sections=sections,
    )


def _printed(page: Page, model: str) -> dict[str, str]:
    """Key of a printed name -> hub id, from the texts of links and from table rows with links to one model.

    A name must share a word with the id, and one that is tied to two ids is tied to none. The release's own name is
    its own also where its maker's link is misspelled.
    """
    organisation, _, name = model.partition("/")
    hubs_by_name: dict[str, set[str]] = {}
    converted: dict[str, set[str]] = {}
    """The same for names without `-hf`, which are the same weights in the hub's format."""
    for text, hub in (*_link_texts(page), *_linked_rows(page)):
        if 1 < len(text) < 80 and name_tokens(text) & name_tokens(hub):
            if name and name_key(text) == name_key(name) and hub.startswith(f"{organisation}/"):
                hub = model
            hubs_by_name.setdefault(name_key(text), set()).add(hub)
            if bare := re.fullmatch(r"(?i)(.+?)[-_ ]hf", text):
                converted.setdefault(name_key(bare[1]), set()).add(hub)
    hubs_by_name = {**converted, **hubs_by_name}
    return {key: hubs.pop() for key, hubs in hubs_by_name.items() if len(hubs) == 1 and key}


def _reused(page: Page) -> set[str]:
    """Keys of the names that head columns both under a heading of base and under one of tuned models: without such a
    heading nothing tells which of the two is meant."""
    under: dict[str, set[str]] = {"base": set(), "tuned": set()}
    headings: list[Heading] = []
    for block in page.blocks:
        if isinstance(block, Heading):
            headings = [*(heading for heading in headings if heading.level < block.level), block]
        elif isinstance(block, Grid) and (said := tuning_of([heading.text for heading in headings])):
            cells = [*(cell for row in block.rows[: max(1, block.heads)] for cell in row)]
            under[said] |= {name_key(cell.text) for cell in (*cells, *(row[0] for row in block.rows)) if cell.text}
    return under["base"] & under["tuned"]


_ASSISTANT = re.compile(r"(?i)\b(?:chatgpt|gpt-?(?:3\.5|4|5)\w*|claude|gemini|o[134](?:-mini|-preview)?|grok)\b")
"""Models that are only served, tuned to chat: base models are not compared with them."""


def _beside_assistants(page: Page) -> set[frozenset[str]]:
    """Parts of the names that stand in one table with assistants, in which no name is that of a base model."""
    beside: set[frozenset[str]] = set()
    for block in page.blocks:
        if isinstance(block, Grid):
            cells = [*(cell for row in block.rows[: max(1, block.heads)] for cell in row), *(r[0] for r in block.rows)]
            names = [name_tokens(cell.text) for cell in cells if 0 < len(cell.text) < 60]
            if any(_ASSISTANT.search(cell.text) for cell in cells) and not any(words & UNTUNED for words in names):
                beside |= {words for words in names if words}
    return beside


def _beside_full(page: Page, model: str) -> set[frozenset[str]]:
    """Parts of the names of scores' columns or rows that lack the release's size, where its whole name stands too."""
    ours, beside = name_tokens(model), set[frozenset[str]]()
    for block in page.blocks:
        if isinstance(block, Grid):
            for cells in (
                (c for row in block.rows[: max(1, block.heads)] for c in row),
                (row[0] for row in block.rows),
            ):
                names = {name_tokens(cell.text) for cell in cells if 0 < len(cell.text) < 60}
                if ours in names:
                    sizes = {word for word in ours if SIZE.fullmatch(word)}
                    beside |= {words for words in names if words and words < ours and ours - words <= sizes}
    return beside


def _link_texts(page: Page) -> Iterator[tuple[str, str]]:
    for text, address in page.link_texts:
        if hub := hub_id(address):
            yield text, hub


def _linked_rows(page: Page) -> Iterator[tuple[str, str]]:
    """Names of rows, and of columns, with links to one model."""
    for block in page.blocks:
        if not isinstance(block, Grid):
            continue
        for row in block.rows[block.heads :]:
            hubs = {hub for cell in row for link in cell.links if (hub := hub_id(link))}
            if len(hubs) == 1 and (name := _first_name(row)):
                yield name, hubs.pop()
        for head, *cells in zip(*block.rows, strict=False):
            if len(hubs := {hub for cell in cells for link in cell.links if (hub := hub_id(link))}) == 1 and head.text:
                yield head.text, hubs.pop()


def _first_name(row: Sequence[Cell]) -> str | None:
    return next((cell.text for cell in row[:2] if any(c.isalpha() for c in cell.text)), None)


def _parents(page: Page) -> list[str]:
    """Addresses of the models that the front matter names as what this one is made of."""
    if not page.front_matter or "base_model" not in page.front_matter:
        return []
    from evaluators.safe_load import load_yaml

    try:
        content = load_yaml(page.front_matter, "front matter")
    except UserError:
        return []
    parents = content.get("base_model") if isinstance(content, dict) else None
    names = [parents] if isinstance(parents, str) else parents if isinstance(parents, list) else []
    return [f"https://huggingface.co/{name}" for name in names if isinstance(name, str)]


def _names(page: Page) -> set[str]:
    """Texts in the first rows and columns of the page's tables, and in its lists: where models are named. A
    size in the second column belongs to the name in the first. Not in a list of the page's own sections: `Run Odd` is
    no model."""
    texts = set()
    sections = {text for text, address in page.link_texts if address.startswith("#")}
    for block in page.blocks:
        if isinstance(block, Grid):
            texts |= {cell.text for row in block.rows[: max(2, block.heads)] for cell in row}
            texts |= {cell.text for row in block.rows for cell in row[:2]}
            texts |= {f"{row[0].text} {row[1].text}" for row in block.rows if len(row) > 1 and is_size(row[1].text)}
        elif isinstance(block, Words) and len(block.text) < 200:
            texts.add(block.text.split(":")[0])
    return {text for text in texts - sections if 0 < len(text) < 80}


def _written(page: Page, model: str) -> list[str]:
    """Hub addresses and ids of the same organisation that are written out as text."""
    ours = model.split("/")[0] + "/" if "/" in model else None
    addresses = []
    for block in page.blocks:
        if isinstance(block, Words) and "huggingface.co/" in block.text:
            addresses += [word.strip("().,;") for word in block.text.split() if word.startswith(("http", "("))]
        if isinstance(block, Words) and ours and ours in block.text:
            named = [re.sub(r"^\W+|\W+$", "", word) for word in block.text.split() if ours in word]
            addresses += [f"https://huggingface.co/{word}" for word in named if word.startswith(ours)]
    return addresses
