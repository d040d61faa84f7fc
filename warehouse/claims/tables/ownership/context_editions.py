"""Editions of one model that rows tell apart only by the length of their context."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from warehouse.claims.tables.ownership.closeness import closeness_to
from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.text.names import name_key, name_tokens, normalise

_LENGTH = re.compile(r"(?i)(.*\S?)[\s_-]+\(?(\d{1,4}[km])\)?")
"""A name with a length behind it: `Odd-7B-28K`."""


def told_by_context(
    names: Sequence[str], lengths: Sequence[str], own: Collection[str], identity: Identity
) -> list[str]:
    """The rows' names, with those apart that are of the release's name and differ in the length of the context: the
    edition whose length the card states of the release (`own`, as printed) keeps the bare name, the others get theirs.

    `lengths` are the cells of the table's column of lengths, empty without one. Nothing changes where the card states
    no length or several, or the release's own name has one.
    """
    wanted = {normalise(length) for length in own}
    if len(wanted) != 1 or _LENGTH.fullmatch(identity.model):
        return list(names)
    parted = [(match[1], match[2]) if (match := _LENGTH.fullmatch(name)) else None for name in names]
    editions = [part or (name, length) for part, name, length in zip(parted, names, lengths, strict=True)]
    told = []
    for name, (bare, length) in zip(names, editions, strict=True):
        same = {normalise(other) for twin, other in editions if name_key(twin) == name_key(bare)}
        if not length or len(same) < 2 or closeness_to(name_tokens(bare), identity) is None:
            told.append(name)
        else:
            told.append(bare if normalise(length) in wanted else f"{bare} {length}")
    return told
