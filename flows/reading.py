"""Claims of a release: read from its own files into the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from evaluators.records import Release
from evaluators.weights.small import small_file
from flows.progress import say
from warehouse.claims import read_card
from warehouse.claims.ledger import save_reading
from warehouse.claims.reading import Reading
from warehouse.home import Home


@dataclass(frozen=True)
class Card:
    """A model card as read; both are None if the release has none."""

    reading: Reading | None
    text: str | None


def read_card_of(release: Release) -> Card:
    """The claims in a release's model card. Raises Problem if the card cannot be read."""
    text = small_file(release, "README.md", strict=True)
    if text is None:
        say(f"{release.model} has no model card; only claims from other sources are checked")
        return Card(None, None)
    url = f"{release.location}/README.md"
    if release.location == "hub":
        url = f"https://huggingface.co/{release.model}/blob/{release.commit}/README.md"
    reading = read_card(text, model=release.model, url=url, read_at=datetime.now(UTC))
    for unread in reading.unread:
        say(f"  not read (line {unread.line}): {unread.text}: {unread.reason}")
    return Card(reading, text)


def keep(card: Card, home: Home) -> int:
    """Put the claims of a card, and the card itself, into the ledger. Returns how many claims were new."""
    if card.reading is None or card.text is None:
        return 0
    return save_reading(home, card.reading, card.text)
