"""Licences by name: what people write for each (licences.yaml), and the one form that the ledger keeps."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

from evaluators.records import Record


class Licence(Record):
    """One licence that is known by its tag or its words."""

    id: str
    """SPDX id, or LicenseRef-."""
    spdx: bool = True
    """Whether the id is one of SPDX or a LicenseRef."""
    tags: tuple[str, ...]
    """Values of `license` or `license_name` in a model card."""
    phrases: tuple[str, ...] = ()
    """All stand in the licence file, in lower case; none: its file is not recognised by its words."""
    notices: tuple[str, ...] = ()
    """Any one of them stands in a short notice, in lower case."""
    names: tuple[str, ...]
    """How people write it and mean no other, in lower case."""
    loosely: tuple[str, ...] = ()
    """Said of it and of others too ("open", "community"): right where it stands, never wrong elsewhere."""

    @property
    def words(self) -> str:
        """The form that claims keep: the id in lower case without `LicenseRef-`, and without SPDX's `-only`."""
        return self.id.lower().removeprefix("licenseref-").removesuffix("-only")


@cache
def known_licences() -> tuple[Licence, ...]:
    """The licences of licences.yaml."""
    raw = yaml.safe_load(Path(__file__).with_name("licences.yaml").read_text(encoding="utf-8"))
    return tuple(Licence.model_validate(entry) for entry in raw)


def licence_named(said: str) -> Licence | None:
    """The licence that these words name; None if they name none that is known, or only loosely."""
    return _by_key().get(_key(said))


def same_licence_family(first: Licence, second: Licence) -> bool:
    """Whether one name is the beginning or the end of the other (`llama3` and `llama3.1`, `mit` and `modified-mit`):
    who says the one may mean the other."""
    short, long = sorted((first.words, second.words), key=len)
    return long.startswith(short) or long.endswith(f"-{short}")


def normalise_licence(said: str) -> str:
    """The licence named by these words in the ledger's form, else the words themselves in lower case with hyphens.
    Never a guess: "open" stays "open", "community" stays "community"."""
    named = licence_named(said)
    return named.words if named else re.sub(r"[^\w.+]+", "-", _plain(said)).strip("-")


@cache
def _by_key() -> dict[str, Licence]:
    return {
        _key(name): licence
        for licence in known_licences()
        for name in (licence.id, licence.words, *licence.tags, *licence.names)
    }


def _key(said: str) -> str:
    """Words without what writers vary: spaces, hyphens, the word licence, "v" and ".0" of a version."""
    plain = re.sub(r"[\s-]+", "", _plain(said)).removeprefix("licenseref")
    return re.sub(r"\.0$", "", re.sub(r"v(?=\d)", "", plain))


def _plain(said: str) -> str:
    plain = re.sub(r"[*_`\"'()\[\]]", " ", said.casefold())
    plain = re.sub(r"\b(the|licen[sc]ed?|under|version|agreement)\b", " ", plain)
    return re.sub(r"[\s,;:]+", " ", plain).strip(" -.")
