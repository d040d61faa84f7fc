"""The models that a text names, with where: by the names that the page's tables, headings and links show, and by
names that begin like well-known ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.claims.text.names import name_key, name_tokens
from warehouse.claims.text.vocabulary import FAMILIES

_WORD = r"[A-Za-z0-9]+(?:[.\-][A-Za-z0-9]+)*"
_VERSION = (
    r"(?:[A-Za-z]{0,3}\d+(?:\.\d+)*[A-Za-z]{0,2}(?:-[A-Za-z0-9.]+)*|Nano|Mini|Small|Medium|Large|Super|Ultra|Pro|Flash|"
    r"Air|Scout|Maverick|Max|IT|Instruct|Chat|Base|Coder|Next)"
)
_NAME = re.compile(rf"(?<![\w/.-]){_WORD}(?:[ ]{_VERSION})*")


@dataclass(frozen=True)
class Mention:
    """A model named in a text."""

    model: str
    """The name as the page's tables or links have it, or as printed here."""
    start: int
    """Where it begins in the text."""
    end: int
    """Where it ends."""


class NamesOnPage:
    """The models' names of one page."""

    def __init__(self, names: Iterable[str]) -> None:
        self.by_key = {name_key(name): name for name in names if name_key(name)}

    def mentions(self, text: str) -> list[Mention]:
        """The models that the text names, in order; of overlapping names the longest."""
        mentions: list[Mention] = []
        at = 0
        while match := _NAME.search(text, at):
            mention = self._longest(text, match)
            at = mention.end if mention else match.start() + len(match[0].split(" ")[0])
            if mention:
                mentions.append(mention)
        return mentions

    def _longest(self, text: str, match: re.Match[str]) -> Mention | None:
        words = match[0].split(" ")
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count]).rstrip(".-")
            end = match.start() + len(name)
            if known := self.by_key.get(name_key(name)):
                return Mention(known, match.start(), end)
            if _is_name(name):
                return Mention(name, match.start(), end)
        return None


def _is_name(text: str) -> bool:
    """Whether the text begins like a well-known model's name and goes on with a version or a size."""
    first = re.match(r"[a-z]+", text.casefold())
    has_digit = any(c.isdigit() for c in text)
    return (
        first is not None
        and first[0] in FAMILIES
        and has_digit
        and (text[0].isupper() or "-" in text)
        and (len(name_tokens(text)) > 1)
    )
