"""What reading a source gives: its claims, the mentions of other models, and what could not be read."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claim, Claimant, ClaimInterval, ClaimSource, Qualifier


@dataclass(frozen=True)
class Unread:
    """Something in the source that is not a claim, because it could not be read with certainty."""

    line: int | None
    """Line in the source, from 1; None where the format has no lines."""
    text: str
    """As printed, shortened to 200 characters."""
    reason: str
    """Why, in one sentence."""


@dataclass
class Reading:
    """One source as read."""

    source: ClaimSource
    """Where, when, and the hash of the page."""
    claims: list[Claim] = field(default_factory=list)
    """Claims about the release the source speaks for (all claims, for registries and ledgers)."""
    mentions: list[Claim] = field(default_factory=list)
    """Numbers about other models, with claimant `third_party`."""
    unread: list[Unread] = field(default_factory=list)
    """What could not be read, with the reason."""
    candidates: list[Claim] = field(default_factory=list)
    """Claims proposed from sentences, which a person confirms or rejects."""
    pictures: list[str] = field(default_factory=list)
    """Names of the pictures in the page: what they show is not read."""

    def leave(self, line: int | None, text: str, reason: str) -> None:
        """Note something as unread."""
        self.unread.append(Unread(line, " ".join(text.split())[:200], reason))


_GLUED = re.compile(r"\d(?![eE][+-]?\d{1,2}(?![\d.]))[^\W\d_]|[^\W\d_]\d*\.\d")
"""A letter inside a number, but for an exponent."""


def source_of(text: str | bytes, *, url: str, read_at: datetime, kind: str, title: str | None = None) -> ClaimSource:
    """The Source of a page: `text` exactly as read; its SHA-256 is the address of the stored page."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return ClaimSource(url=url, sha256=hashlib.sha256(content).hexdigest(), read_at=read_at, kind=kind, title=title)


def claim_id(
    *, model: str, benchmark_text: str, settings: Settings, claimant: Claimant, said: str, url: str, place: str
) -> str:
    """First 16 hex digits of the SHA-256 over what makes a claim this claim."""
    parts = [model, benchmark_text, settings.model_dump_json(exclude_none=True), claimant.value, said, url, place]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def new_claim(
    *,
    model: str,
    benchmark: str | None,
    benchmark_text: str,
    said: str,
    claimant: Claimant,
    source: ClaimSource,
    place: str,
    settings: Settings | None = None,
    interval: ClaimInterval | None = None,
    variant: str | None = None,
    by: str | None = None,
    note: str | None = None,
    commit: str | None = None,
    proposed_by: str | None = None,
) -> Claim:
    """A claim with its id. `interval` is what `read_number` made of `said`; None where it cannot be read."""
    settings = settings or Settings()
    return Claim(
        claim_id=claim_id(
            model=model,
            benchmark_text=benchmark_text,
            settings=settings,
            claimant=claimant,
            said=said,
            url=source.url,
            place=place,
        ),
        model=model,
        variant=variant,
        commit=commit,
        benchmark=benchmark,
        benchmark_text=benchmark_text,
        said=said,
        interval=interval,
        claimant=claimant,
        by=by,
        settings=settings,
        source=source,
        place=place,
        note=note,
        proposed_by=proposed_by,
    )


def read_number(
    said: str, benchmark: str | None, *, scale: Literal["fraction", "percent"] | None = None
) -> ClaimInterval | None:
    """The interval of a printed number in its benchmark's unit; None for an unknown benchmark, whose unit is unknown.

    `scale` says that a bare number is in points (`percent`) or a `fraction`, where the source itself shows it.
    Raises UserError with the reason for what is no number of that unit.
    """
    return None if benchmark is None else _interval(said, benchmark, scale)


def read_number_or_pair(
    said: str, benchmark: str | None, stated: dict[str, Any]
) -> tuple[ClaimInterval | None, dict[str, Any]]:
    """As `read_number`, where a person may also have written what an artifact keeps of another one's score ("within 1
    point of BF16"). `stated`: settings; they come back with the reference as `denominator`. Raises UserError also where
    nobody says what the reference is."""
    from warehouse.claims.text.pair_words import read_pair

    known = catalogue()[benchmark] if benchmark is not None else None
    if known is None or known.unit != "fraction" or (pair := read_pair(said)) is None:
        return read_number(said, benchmark), stated
    if not known.higher_is_better:
        raise UserError(f"{said[:80]!r} is about what is kept of a score, and lower is better in {known.title}")
    reference = stated.get("denominator") or pair.reference
    if reference is None:
        raise UserError(f"{said[:80]!r} does not say of what; add the setting denominator, e.g. denominator=BF16")
    return pair.interval, {**stated, "denominator": reference}


def solved_items(said: str, benchmark: str | None) -> int | None:
    """How many of a benchmark's items were solved, where the score is printed as a count of all its items (`12/30` of
    AIME 2024); None for anything else."""
    counts = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", said)
    items = catalogue()[benchmark].items if counts and benchmark else None
    return int(counts[1]) if counts and items and int(counts[2]) == items >= int(counts[1]) else None


@lru_cache(maxsize=50_000)
def _interval(said: str, benchmark: str, scale: Literal["fraction", "percent"] | None) -> ClaimInterval:
    from warehouse.claims.text.interval import read_interval

    known = catalogue()[benchmark]
    if known.unit == "fraction" and (solved := solved_items(said, benchmark)) is not None:
        share = round(solved / (known.items or 1), 9)
        remark = f"{solved} of the benchmark's {known.items} items"
        return ClaimInterval(
            value=share, low=share, high=share, unit="fraction", qualifier=Qualifier.exact, remark=remark
        )
    if known.unit == "fraction" and _GLUED.search(said):
        raise UserError(f"{said[:80]!r} is no number; letters stand in it")
    if known.unit != "fraction" or "%" in said:
        scale = None
    return read_interval(said, known.unit, higher_is_better=known.higher_is_better, scale=scale)


KEY = "claimcheck.claim"
"""Key or column under which an export carries the whole claim."""


def restored(record: str) -> Claim:
    """The claim of an export's `record`. Raises UserError if it is broken or was changed since: its id then differs."""
    try:
        claim = Claim.model_validate_json(record)
    except ValueError as error:
        raise UserError(f"the exported claim cannot be read: {str(error).splitlines()[0]}") from error
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
        raise UserError(f"the exported claim {claim.claim_id} was changed; import its source instead")
    return claim


def told_by(reading: Reading, claimant: str | None, by: str | None, date: str | None) -> Reading:
    """The reading as told by the party that a person names: its claims, mentions and candidates are that party's.

    `date` is when the source was published. What a leaderboard measured stays the leaderboard's.
    """
    source = reading.source.model_copy(update={"published": date} if date else {})

    def told(claim: Claim) -> Claim:
        board = claim.by is not None and "leaderboard" in claim.by.casefold()
        party = claim.claimant if claimant is None or board else Claimant(claimant)
        changes = {
            "claimant": party,
            "source": source,
            "by": claim.by if board or (by is None and claimant is None) else by,
        }
        made = claim_id(
            model=claim.model, benchmark_text=claim.benchmark_text, settings=claim.settings, claimant=party,
            said=claim.said, url=source.url, place=claim.place,
        )  # fmt: skip
        return claim.model_copy(update={**changes, "claim_id": made})

    return Reading(
        source, [told(claim) for claim in reading.claims], [told(claim) for claim in reading.mentions], reading.unread,
        [told(claim) for claim in reading.candidates], reading.pictures,
    )  # fmt: skip
