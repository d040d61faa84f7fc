"""Claims that we exported ourselves -> the same claims again, with their own ids and sources."""

from __future__ import annotations

from evaluators.records import Problem
from warehouse.claims.reading import claim_id
from warehouse.records import Claim

KEY = "claimcheck.claim"
"""Key or column under which an export carries the whole claim."""


def restored(record: str) -> Claim:
    """The claim of an export's `record`. Raises Problem if it is broken or was changed since: its id then differs."""
    try:
        claim = Claim.model_validate_json(record)
    except ValueError as error:
        raise Problem(f"the exported claim cannot be read: {str(error).splitlines()[0]}") from error
    made = claim_id(
        model=claim.model,
        benchmark_text=claim.benchmark_text,
        settings=claim.settings,
        claimant=claim.claimant,
        said=claim.said,
        url=claim.source.url,
        place=claim.place,
    )
    if made != claim.claim_id:
        raise Problem(f"the exported claim {claim.claim_id} was changed; import its source instead")
    return claim
