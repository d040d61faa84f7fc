"""One table cannot say two things of one release, benchmark and settings: then none of them is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from warehouse.claim_records import Claim
from warehouse.claims.source_reading import Reading


def drop_list_contradictions(reading: Reading) -> None:
    """The same for specifications in lists: a page that lists several models' without naming them is left."""
    lists = [c for c in reading.claims if c.place.startswith("line ") and ", column " not in c.place]
    groups: dict[tuple[str, ...], list[Claim]] = defaultdict(list)
    for claim in lists:
        groups[_key(claim)].append(claim)
    wrong = [claim for group in groups.values() if _differ(group) for claim in group]
    for claim in wrong:
        line = int(claim.place.split()[1].strip(","))
        reading.leave(line, f"{claim.benchmark_text}: {claim.said}", "the page's lists give several numbers for this")
    reading.claims = [claim for claim in reading.claims if all(claim is not other for other in wrong)]


def drop_contradictions(reading: Reading, claims: int, mentions: int, line: int) -> None:
    """Leave those claims and mentions unread, of the ones added since there were so many, that contradict each other:
    same model, variant, benchmark and settings, and another number."""
    for kept, start in ((reading.claims, claims), (reading.mentions, mentions)):
        groups: dict[tuple[str, ...], list[Claim]] = defaultdict(list)
        for claim in kept[start:]:
            groups[_key(claim)].append(claim)
        wrong = {id(claim) for group in groups.values() if _differ(group) for claim in group}
        for group in groups.values():
            if _differ(group):
                first = group[0]
                said = ", ".join(claim.said for claim in group[:6])
                where = int(first.place.split()[1].strip(",")) if first.place.startswith("line ") else line
                text = f"{first.model} {first.benchmark_text}: {said}"
                reading.leave(where, text, "the table gives several numbers for the same model, benchmark and settings")
        kept[start:] = [claim for claim in kept[start:] if id(claim) not in wrong]


def _key(claim: Claim) -> tuple[str, ...]:
    settings = claim.settings.model_dump_json(exclude_none=True)
    return claim.model, str(claim.variant), claim.benchmark or claim.benchmark_text, settings


def _differ(group: Sequence[Claim]) -> bool:
    return len({claim.said.strip("*_ ") for claim in group}) > 1
