"""The ledger: readings go in once, changed sources supersede, disagreements come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.records import UserError
from warehouse.claim_records import Claim
from warehouse.claims.source_reading import Reading
from warehouse.claims.source_store import keep_page
from warehouse.home import Home
from warehouse.sql import statement
from warehouse.store import fetch_rows
from warehouse.store import reading as reading_store

Row = dict[str, Any]


@dataclass(frozen=True)
class Conflict:
    """Standing claims about one thing that disagree."""

    model: str
    """Hub id or name."""
    benchmark: str
    """Catalogue name."""
    claims: tuple[Row, ...]
    """The claims, the vendor's first, each with said, low, high, claimant, claimed_by, source_url, place, settings."""


def save_reading(home: Home, reading: Reading, content: str | bytes) -> int:
    """Store the page and put its claims and mentions into the ledger. Returns how many claims were new.

    The same page twice adds nothing. A claim that stood elsewhere or otherwise in an earlier reading of the same URL
    is superseded by the new one and kept. Raises UserError if `content` is not the page of the reading.
    """
    return save_readings(home, [(reading, content)])


def save_readings(home: Home, readings: Sequence[tuple[Reading, str | bytes]]) -> int:
    """Many readings in one write; the same rules as `save_reading`. Names of models become hub ids where that is
    certain, and candidates are kept beside the ledger."""
    from warehouse.claims.model_aliases import model_names, with_hub_ids
    from warehouse.claims.sentences.candidate_store import keep_candidates
    from warehouse.load import save_claims

    claims: list[Claim] = []
    names = model_names(home) if readings else None
    for reading, content in readings:
        if names is not None:
            with_hub_ids(reading, names)
        if keep_page(home, content) != reading.source.sha256:
            raise UserError(f"the page of {reading.source.url} is not the one that was read; import it again")
        claims += _superseding(home, reading.source.url, [*reading.claims, *reading.mentions])
        keep_candidates(home, reading.candidates)
    return save_claims(home, claims) if claims else 0


def _superseding(home: Home, url: str, claims: Sequence[Claim]) -> list[Claim]:
    """The claims that the ledger does not hold yet, each with the id of the one of the same source that it replaces."""
    with reading_store(home) as connection:
        held = fetch_rows(connection, statement("claims_of_source"), {"url": url})
    known = {str(row["claim_id"]) for row in held}
    again = {claim.claim_id for claim in claims}
    old: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in held:
        if row["current"] and row["claim_id"] not in again:
            key = (str(row["model"]), str(row["variant"]), str(row["benchmark_text"]), str(row["claimant"]))
            old[key].append(row)
    fresh = []
    for claim in claims:
        if claim.claim_id in known:
            continue
        key = (claim.model, str(claim.variant), claim.benchmark_text, claim.claimant.value)
        replaced = _best(old.get(key, []), claim)
        if replaced is not None:
            old[key].remove(replaced)
            claim = claim.model_copy(update={"supersedes": str(replaced["claim_id"])})
        known.add(claim.claim_id)
        fresh.append(claim)
    return fresh


def _best(candidates: Sequence[Row], claim: Claim) -> Row | None:
    """Of the old claims under one label: the one said alike, else one under the same settings, else the only one."""
    for row in candidates:
        if row["said"] == claim.said:
            return row
    same = [row for row in candidates if row["settings"] == claim.settings.model_dump_json(exclude_none=True)]
    if same:
        return same[0]
    return candidates[0] if len(candidates) == 1 else None


def list_claims(
    home: Home,
    *,
    model: str | None = None,
    benchmark: str | None = None,
    claimant: str | None = None,
    everything: bool = False,
    limit: int | None = None,
) -> list[Row]:
    """Standing claims (with `everything` superseded ones too); `model` matches as a substring, the others exactly."""
    asked = {
        "model": model,
        "benchmark": benchmark,
        "claimant": claimant,
        "everything": everything,
        "limit": limit if limit is not None else 1_000_000_000,
    }
    with reading_store(home) as connection:
        return fetch_rows(connection, statement("list_claims"), asked)


def count_claims(home: Home) -> int:
    """Standing claims in the ledger."""
    with reading_store(home) as connection:
        return int(connection.execute(statement("count_claims")).fetchall()[0][0])


def claim_by_id(home: Home, prefix: str) -> Claim:
    """The claim whose id begins like this. Raises UserError if none or several do."""
    with reading_store(home) as connection:
        records = connection.execute(statement("claim_records"), {"prefix": prefix}).fetchall()
    if not records:
        raise UserError(f"no claim {prefix}; `claimcheck claims list` lists them")
    if len(records) > 1:
        raise UserError(f"{len(records)} claims begin with {prefix}; give more of the id")
    return Claim.model_validate_json(records[0][0])


def current_claims(home: Home, *, model: str | None = None) -> list[Claim]:
    """All current claims as records, for exports."""
    with reading_store(home) as connection:
        records = connection.execute(statement("current_records"), {"model": model}).fetchall()
    return [Claim.model_validate_json(record) for (record,) in records]


def conflicting_claims(home: Home, *, model: str | None = None) -> list[Conflict]:
    """Claims about one model and benchmark, by one party or several, whose intervals exclude each other although no
    stated setting tells them apart; the vendor's first."""
    with reading_store(home) as connection:
        rows = fetch_rows(connection, statement("conflicting_claims"), {"model": model})
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[str(row["model"]), str(row["benchmark"])].append(row)
    return [Conflict(key[0], key[1], tuple(group)) for key, group in grouped.items()]
