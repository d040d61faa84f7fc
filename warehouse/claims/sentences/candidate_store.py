"""Candidates on disk, and what people decided about them: one file a source under `<home>/candidates/`.

A rejected candidate stays rejected when its source is read again. A confirmed one enters the ledger as a claim that
says who or what proposed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from evaluators.files import read_plain
from evaluators.records import Record, UserError
from warehouse.claim_records import Claim
from warehouse.home import Home, write_atomic

State = Literal["open", "confirmed", "rejected"]


class Candidate(Record):
    """A proposed claim."""

    claim: Claim
    """The claim as it would enter the ledger; its `note` is the sentence, word for word."""
    state: State = "open"
    """Whether a person has decided."""
    decided_at: datetime | None = None
    """UTC."""


def _folder(home: Home) -> Path:
    return home.root / "candidates"


def _read(path: Path) -> dict[str, Candidate]:
    try:
        lines = read_plain(path).decode().splitlines() if path.exists() else []
        candidates = [Candidate.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is damaged ({str(error).splitlines()[0]}); remove it and import its source again"
        ) from error
    return {candidate.claim.claim_id: candidate for candidate in candidates}


def _write(path: Path, candidates: Iterable[Candidate]) -> None:
    lines = [candidate.model_dump_json(exclude_none=True) for candidate in candidates]
    write_atomic(path, ("\n".join(lines) + "\n").encode())


def keep_candidates(home: Home, claims: Iterable[Claim]) -> int:
    """Store proposed claims as open candidates, but for those that are there already. Returns how many were new."""
    by_source: dict[str, list[Claim]] = {}
    for claim in claims:
        by_source.setdefault(claim.source.sha256, []).append(claim)
    decided = {candidate.claim.claim_id for candidate in all_candidates(home)} if by_source else set()
    new = 0
    for sha256, source_claims in by_source.items():
        fresh = [Candidate(claim=claim) for claim in source_claims if claim.claim_id not in decided]
        if fresh:
            path = _folder(home) / f"{sha256}.jsonl"
            _write(path, [*_read(path).values(), *fresh])
            new += len(fresh)
    return new


def all_candidates(home: Home) -> Iterator[Candidate]:
    """Every candidate, decided or not."""
    folder = _folder(home)
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        yield from _read(path).values()


def open_candidates(home: Home, *, model: str | None = None) -> list[Candidate]:
    """Candidates that nobody decided about yet; `model` matches as a substring."""
    wanted = (model or "").casefold()
    return [c for c in all_candidates(home) if c.state == "open" and wanted in c.claim.model.casefold()]


def candidate_by_id(home: Home, prefix: str) -> Candidate:
    """The candidate whose id begins like this. Raises UserError if none or several do."""
    candidates = [candidate for candidate in all_candidates(home) if candidate.claim.claim_id.startswith(prefix)]
    if not candidates or not prefix:
        raise UserError(f"no candidate {prefix}; `claimcheck claims candidates` lists them")
    if len(candidates) > 1:
        raise UserError(f"{len(candidates)} candidates begin with {prefix}; give more of the id")
    return candidates[0]


def decide_candidate(home: Home, prefix: str, state: Literal["confirmed", "rejected"]) -> Candidate:
    """Mark a candidate; a confirmed one is put into the ledger first, so that nothing is lost in between. Raises
    UserError for one that was decided otherwise before."""
    from warehouse.load import save_claims

    candidate = candidate_by_id(home, prefix)
    if candidate.state not in ("open", state):
        raise UserError(f"candidate {prefix} was {candidate.state} before; import its source again to see it")
    if state == "confirmed":
        save_claims(home, [candidate.claim])
    path = _folder(home) / f"{candidate.claim.source.sha256}.jsonl"
    held = _read(path)
    decided = candidate.model_copy(update={"state": state, "decided_at": datetime.now(UTC)})
    _write(path, [decided if key == candidate.claim.claim_id else other for key, other in held.items()])
    return decided
