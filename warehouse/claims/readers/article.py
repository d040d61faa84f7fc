"""A text about several models (a column, a blog post) -> claims of every table about the model it names, and candidates
from sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from evaluators.records import UserError
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.readers.model_card import names_of_models, read_blocks
from warehouse.claims.sentences.model_mentions import NamesOnPage
from warehouse.claims.sentences.proposing import is_title, propose
from warehouse.claims.source_reading import Reading, new_claim, source_of
from warehouse.claims.tables.document import Heading, Page, Words, read_page
from warehouse.claims.tables.grid import Grid
from warehouse.claims.tables.ownership.card_names import identity_in
from warehouse.claims.text.names import name_key

NOBODY = "a model that the text does not name"
_CARD = "{url} reads like a model card; say which release it is about with --model ORG/NAME"
_NOTHING = "{url} names no model beside a number; if it is a model card, say of which release with --model ORG/NAME"


def read_article(text: str, *, url: str, read_at: datetime) -> Reading:
    """Claims (claimant: press) about every model that the text's tables name, and candidates from its sentences.

    A table without a column of models is about the model that the words or the heading over it name last. Raises
    UserError for a text that names no model beside a number.
    """
    page = read_page(text)
    title = page.title or next((block.text[:120] for block in page.blocks if isinstance(block, Words)), None)
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="article", title=title))
    names = names_of_models(page, identity_in(page, NOBODY))
    if page.title and name_key(page.title) in {name_key(name) for name in names}:
        raise UserError(_CARD.format(url=url))
    on_page = NamesOnPage(names, (block.text for block in page.blocks if not isinstance(block, Grid)))
    for index, block in enumerate(page.blocks):
        if isinstance(block, Grid):
            _read_table(page, index, _topic(page, index, on_page), reading)
    claims = [*reading.claims, *reading.mentions]
    for claim in claims:
        if claim.model == NOBODY:
            line = int("".join(c for c in claim.place.split(",")[0] if c.isdigit()) or 0)
            reading.leave(line or None, f"{claim.benchmark_text}: {claim.said}", f"it is about {NOBODY}")
    reading.unread = [part for part in reading.unread if not part.reason.startswith("no column or row is named for")]
    reading.claims = [_by_press(claim) for claim in claims if claim.model != NOBODY]
    reading.mentions = []
    propose(page, reading, [*names, *(claim.model for claim in reading.claims)], topic=None, claimant=Claimant.press)
    reading.pictures = [name for name, _ in page.pictures]
    if not reading.claims and not reading.candidates:
        raise UserError(_NOTHING.format(url=url))
    return reading


def _read_table(page: Page, index: int, topic: str | None, reading: Reading) -> None:
    """Read one table under the names that it prints; only where numbers in it are nobody's, as the topic's."""
    alone = Reading(reading.source)
    read_blocks(page, alone, identity_in(page, NOBODY), None, only=index)
    claims = [*alone.claims, *alone.mentions]
    if topic is not None and (not claims or any(claim.model == NOBODY for claim in claims)):
        alone = Reading(reading.source)
        read_blocks(page, alone, identity_in(page, topic), None, only=index)
    reading.claims += alone.claims
    reading.mentions += alone.mentions
    reading.unread += alone.unread


def _topic(page: Page, index: int, on_page: NamesOnPage) -> str | None:
    """The model that a table without names is about: the last one named in the words right before it, else in the
    nearest heading, else further above in the section, else the only one that the words of a section around it name, or
    those below the table up to the next heading. A line that stands as a heading counts as one."""
    sections: list[tuple[Heading, list[str]]] = [(Heading(0, "", 1), [])]
    for block in page.blocks[:index]:
        if isinstance(block, Heading) or (isinstance(block, Words) and is_title(block, on_page)):
            heading = block if isinstance(block, Heading) else Heading(7, block.text, block.line)
            sections = [*(section for section in sections if section[0].level < heading.level), (heading, [])]
        elif isinstance(block, Words):
            sections[-1][1].append(block.text)
    nearest, words = sections[-1]
    over = [section[0].text for section in sections[:-1]]
    for texts in (words[-1:], [nearest.text], words, over):
        for text in reversed(texts):
            if models := _models(on_page, text):
                return None if on_page.is_family(models[-1]) else models[-1]
    for heading, own in reversed(sections[:-1]):  # but not what the whole page begins with
        named = {model for text in own for model in _models(on_page, text)} if heading.level > 1 else set()
        if named:
            return named.pop() if len(named) == 1 and not any(map(on_page.is_family, named)) else None
    below = takewhile(lambda block: isinstance(block, Words) and not is_title(block, on_page), page.blocks[index + 1 :])
    named = {model for block in below if isinstance(block, Words) for model in _models(on_page, block.text)}
    return named.pop() if len(named) == 1 and not any(map(on_page.is_family, named)) else None


def _models(on_page: NamesOnPage, text: str) -> Sequence[str]:
    return list(dict.fromkeys(mention.model for mention in on_page.mentions(text)))


def _by_press(claim: Claim) -> Claim:
    return new_claim(
        model=claim.model, benchmark=claim.benchmark, benchmark_text=claim.benchmark_text, said=claim.said,
        claimant=claim.claimant if claim.by and "leaderboard" in claim.by.casefold() else Claimant.press,
        source=claim.source, place=claim.place, settings=claim.settings, interval=claim.interval, variant=claim.variant,
        by=claim.by if claim.by and "leaderboard" in claim.by.casefold() else None, note=claim.note,
    )  # fmt: skip
