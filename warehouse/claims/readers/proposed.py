"""A page that was read already -> more candidates, proposed by a language model that the user names."""

from __future__ import annotations

from collections import Counter

from warehouse.claim_records import Claimant
from warehouse.claims.readers.article import NOBODY
from warehouse.claims.readers.model_card import names_of_models
from warehouse.claims.sentences.model_proposals import Ask, propose_by_model
from warehouse.claims.source_reading import Reading
from warehouse.claims.tables.document import read_page
from warehouse.claims.tables.ownership.card_names import identity_in

PAGES = ("model_card", "article")
"""Kinds of sources that have sentences."""


def add_proposed(reading: Reading, text: str, ask: Ask, proposer: str, *, model: str | None) -> int:
    """Add what a language model proposes from a page's sentences; returns how many candidates came. Nothing for sources
    of other kinds. `model`: the release that a card is about, where it is known. Raises what `ask` raises."""
    if reading.source.kind not in PAGES:
        return 0
    page = read_page(text)
    topic: str | None = None
    claimant: Claimant | None = Claimant.press
    if reading.source.kind == "model_card":
        common = Counter(claim.model for claim in reading.claims).most_common(1)
        topic, claimant = model or (common[0][0] if common else None), None
    names = [*names_of_models(page, identity_in(page, topic or NOBODY)), *(claim.model for claim in reading.claims)]
    return propose_by_model(page, reading, names, ask, proposer, topic=topic, claimant=claimant)
