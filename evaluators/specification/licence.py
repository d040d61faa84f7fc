"""Under which licence a release stands: by its card's metadata and its licence file, in SPDX ids.

SPDX lists no licence that vendors wrote for their own models: those are `LicenseRef-...` as SPDX asks. A claim that
says "Open" or "Community" is none of Apache-2.0's names.
"""

from __future__ import annotations

import re
from typing import Any

from evaluators.licence_names import Licence, known_licences, licence_named
from evaluators.records import Release
from evaluators.weights.listing import listing
from evaluators.weights.repo_files import front_matter, small_file

FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENSE-MODEL", "LICENSE-MODEL.txt", "LICENSE_MODEL")


def licence_of_tag(tag: str) -> Licence | None:
    """The licence that a card's tag names."""
    plain = tag.strip().lower()
    return next((licence for licence in known_licences() if plain in licence.tags), None) or licence_named(tag)


def licence_of_text(text: str) -> Licence | None:
    """The licence whose words stand in a licence file; None if none or if it is one we do not know.

    Vendors' own licences come before the ones they borrow from: a community licence may quote Apache's title.
    """
    words = re.sub(r"\s+", " ", text.lower())
    matching = [licence for licence in known_licences() if _reads_as(licence, words)]
    matching.sort(key=lambda licence: (not licence.id.startswith("LicenseRef-"), known_licences().index(licence)))
    return matching[0] if matching else None


def _reads_as(licence: Licence, words: str) -> bool:
    whole = bool(licence.phrases) and all(phrase in words for phrase in licence.phrases)
    return whole or any(notice in words for notice in licence.notices)


def licence(release: Release) -> tuple[str | None, dict[str, str]]:
    """SPDX id of a release's licence and the evidence for it; None if neither card nor file says.

    Where card and file disagree the file counts, and the evidence says so.
    """
    card = front_matter(small_file(release, "README.md") or "")
    tags = [str(tag) for key in ("license_name", "license") for tag in _list(card.get(key)) if tag != "other"]
    by_card = next((licence for licence in map(licence_of_tag, tags) if licence), None)
    names = {entry.name for entry in listing(release)}
    file = next((name for name in FILES if name in names), None)
    by_file = licence_of_text(small_file(release, file) or "") if file else None
    evidence: dict[str, str] = {}
    if tags:
        evidence["card"] = f"license {', '.join(tags)}"
    if file:
        evidence["file"] = f"{file} reads as {by_file.id if by_file else 'a licence that is not known here'}"
    if by_card and by_file and by_card.id != by_file.id:
        evidence["conflict"] = f"the card says {by_card.id}, {file} reads as {by_file.id}: the file counts"
        evidence["elsewhere"] = by_card.id
    chosen = by_file or by_card
    if chosen:
        evidence |= {"value": chosen.id, "names": "; ".join((chosen.words, *chosen.names, *chosen.loosely))}
        return chosen.id, evidence
    if tags:
        identifier = "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", tags[0])
        evidence |= {"value": identifier, "names": tags[0].lower()}
        return identifier, evidence
    evidence["reason"] = "neither the card's metadata nor a licence file names a licence that is known here"
    return None, evidence


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
