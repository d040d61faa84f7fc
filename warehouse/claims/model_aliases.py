"""Names of models as printed -> hub ids, so that two sources about one model meet.

A name that is a known hub id's but for spelling is that id. One that is merely near is a draft: it keeps its printed
name until a person settles it with `claimcheck models alias`. Settled names stand in `<home>/model_aliases.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import yaml

from evaluators.files import read_plain
from evaluators.records import UserError
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.source_reading import Reading, claim_id
from warehouse.claims.text.model_words import SIZE
from warehouse.claims.text.names import name_key, name_tokens
from warehouse.home import Home, write_atomic
from warehouse.sql import statement
from warehouse.store import fetch_rows, has_database
from warehouse.store import reading as reading_store


@dataclass(frozen=True)
class Draft:
    """A printed name that may be a hub id's."""

    name: str
    """As printed."""
    suggestions: tuple[str, ...]
    """Hub ids that it may mean; for a person to settle."""


class ModelNames:
    """What is known of names: settled aliases, and hub ids."""

    def __init__(self, ids: Iterable[str], settled: dict[str, str]) -> None:
        self.settled = {name_key(name): hub for name, hub in settled.items()}
        self.ids: dict[str, set[str]] = {}
        self.tokens: dict[frozenset[str], set[str]] = {}
        for hub in ids:
            self.ids.setdefault(name_key(hub), set()).add(hub)
            self.tokens.setdefault(name_tokens(hub), set()).add(hub)

    def resolve(self, name: str) -> str | None:
        """The hub id of a printed name; None where no id, or more than one, is spelt like it."""
        key = name_key(name)
        if key in self.settled:
            return self.settled[key]
        same = self.ids.get(key, set()) or self.tokens.get(name_tokens(name), set())
        return next(iter(same)) if len(same) == 1 else None

    def draft(self, name: str) -> Draft | None:
        """The ids that a printed name may mean: those whose name holds all its words, and those of its spelling."""
        words = name_tokens(name)
        if len(words) < 2:
            return None
        near = [
            hub for tokens, hubs in self.tokens.items() for hub in hubs if words < tokens and _close(tokens - words)
        ]
        near += sorted(self.ids.get(name_key(name), set()))
        return Draft(name, tuple(dict.fromkeys(near))[:3]) if near else None


def _close(missing: frozenset[str]) -> bool:
    return all(SIZE.fullmatch(word) or word in ("instruct", "it", "chat", "hf", "bf16") for word in missing)


def settled_aliases(home: Home) -> dict[str, str]:
    """Printed name -> hub id, as people settled them."""
    path = home.root / "model_aliases.json"
    if not path.exists():
        return {}
    try:
        settled = json.loads(read_plain(path))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({error}); remove it and settle the names again") from error
    return {str(name): str(hub) for name, hub in settled.items()} if isinstance(settled, dict) else {}


def model_names(home: Home) -> ModelNames:
    """What this home knows: settled names, ids in the ledger and in the scans, and ids of the ledgers that ship."""
    ids = set(_shipped_ids())
    if has_database(home):
        with reading_store(home) as connection:
            ids |= {str(row["model"]) for row in fetch_rows(connection, statement("known_models"), {})}
    return ModelNames(sorted(ids), settled_aliases(home))


@cache
def _shipped_ids() -> frozenset[str]:
    from warehouse.claims.readers.ledger_yaml import SHIPPED

    ids: set[str] = set()
    for path in SHIPPED.glob("*.yaml"):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)["claims"]
        ids |= {str(row["model"]) for row in rows if "/" in str(row["model"])}
    return frozenset(ids)


def with_hub_ids(reading: Reading, names: ModelNames) -> list[Draft]:
    """Give the claims of an article, and every source's mentions and candidates about other models, the hub id of their
    model where one is certain. A release's own claims keep its name, which may be a local folder's. Returns the names
    that stay as printed and may be an id's."""
    drafts: dict[str, Draft] = {}
    many = reading.source.kind == "article"
    for claims in (reading.claims if many else [], reading.mentions, reading.candidates):
        for index, claim in enumerate(claims):
            if "/" in claim.model or not (many or claim.claimant is Claimant.third_party):
                continue
            hub = names.resolve(claim.model)
            if hub is not None:
                claims[index] = renamed(claim, hub)
            elif claim.model not in drafts and (draft := names.draft(claim.model)):
                drafts[claim.model] = draft
    return list(drafts.values())


def waiting_names(home: Home) -> list[Draft]:
    """Printed names in the ledger that may be a known hub id's."""
    from warehouse.claims.ledger import current_claims

    if not has_database(home):
        return []
    names = model_names(home)
    printed = dict.fromkeys(claim.model for claim in current_claims(home) if "/" not in claim.model)
    return [draft for name in printed if (draft := names.draft(name)) is not None]


def renamed(claim: Claim, hub: str) -> Claim:
    """The claim about the hub id, with the id that follows from it; the printed name stays in its note."""
    made = claim_id(
        model=hub, benchmark_text=claim.benchmark_text, settings=claim.settings, claimant=claim.claimant,
        said=claim.said, url=claim.source.url, place=claim.place,
    )  # fmt: skip
    note = "; ".join(part for part in (claim.note, f"printed as {claim.model}") if part)
    return claim.model_copy(update={"model": hub, "claim_id": made, "note": note})


def settle(home: Home, name: str, hub: str) -> int:
    """Settle a printed name, and let the current claims under it stand under the hub id. Returns how many those are.
    Raises UserError for what is no hub id."""
    from warehouse.claims.ledger import current_claims
    from warehouse.load import save_claims

    if hub.count("/") != 1 or not all(hub.split("/")):
        raise UserError(f"{hub} is no hub id; write it as ORG/NAME")
    if "/" in name:
        raise UserError(f"{name} is a hub id itself; give the name as printed")
    held = {**settled_aliases(home), name: hub}
    content = json.dumps(held, indent=1, ensure_ascii=False, sort_keys=True).encode()
    write_atomic(home.root / "model_aliases.json", content + b"\n")
    if not has_database(home):
        return 0
    key = name_key(name)
    under = [claim for claim in current_claims(home) if "/" not in claim.model and name_key(claim.model) == key]
    moved = [renamed(claim, hub).model_copy(update={"supersedes": claim.claim_id}) for claim in under]
    return save_claims(home, moved) if moved else 0
