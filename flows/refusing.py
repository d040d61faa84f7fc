"""Verdicts on claims that no run can judge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flows.planning import Refusal
from flows.telling import save_and_tell
from warehouse.home import Home
from warehouse.ledger_queries import refusals
from warehouse.records import Verdict
from warehouse.verdicts import could_not_run


def refuse(refused: Sequence[Refusal], place: Home) -> list[Verdict]:
    """Store `could_not_run` with its reason for each; none where the same was said already."""
    said = refusals(place, [refusal.claim for refusal in refused])
    now = datetime.now(UTC)
    verdicts = [
        could_not_run(refusal.claim, refusal.reason, refusal.text, now=now)
        for refusal in refused
        if said.get(refusal.claim.claim_id) != refusal.text
    ]
    save_and_tell(place, [refusal.claim for refusal in refused], verdicts)
    return verdicts
