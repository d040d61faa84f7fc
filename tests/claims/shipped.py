"""The ledgers that ship with the product, put into a home."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse.claims.ledger import save_reading
from warehouse.claims.readers.ledger_yaml import SHIPPED, read_ledger
from warehouse.home import Home


def shipped_ledgers(home: Home) -> int:
    """Returns how many claims were new."""
    new = 0
    for path in sorted(SHIPPED.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        reading = read_ledger(text, url=f"claimcheck:ledgers/{path.name}", read_at=datetime.now(UTC))
        new += save_reading(home, reading, text)
    return new
