"""The models that a text names, with where: by the names that the page's tables, headings and links show, and by
names that begin like well-known ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.claims.text.names import name_key, name_tokens
from warehouse.claims.text.speed_names import is_backend_first
from warehouse.claims.text.vocabulary import FAMILIES

_WORD = r"[A-Za-z0-9]+(?:[.\-][A-Za-z0-9]+)*"
_VERSION = (
    r"(?:[A-Za-z]{0,3}\d+(?:\.\d+)*[A-Za-z]{0,2}(?:-[A-Za-z0-9.]+)*|Nano|Mini|Small|Medium|Large|Super|Ultra|Pro|Flash|"
    r"Air|Scout|Maverick|Max|IT|Instruct|Chat|Base|Coder|Next)"
)
_NAME = re.compile(rf"(?<![\w/.-]){_WORD}(?:[ ]{_VERSION}){{0,6}}")


_ARCHITECTURES = frozenset({"mamba", "rwkv"})
"""Names of architectures, which are models' only with a size."""


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

    def __init__(self, names: Iterable[str], texts: Iterable[str] = ()) -> None:
        """`names`: those that the page's tables and links show; `texts`: its words, which may name more."""
        self.by_key = {name_key(name): name for name in names if name_key(name)}
        self._printed = {name_key(name): _parts(name) for name in self.by_key.values()}
        for text in texts:
            self._printed |= {name_key(mention.model): _parts(mention.model) for mention in self.mentions(text)}
        self._begun = Counter(parts[:n] for parts in self._printed.values() for n in range(1, min(len(parts), 9)))

    def is_family(self, name: str) -> bool:
        """Whether the name has no size and the page names several models that begin with it: `Gemma 4`."""
        parts = _parts(name)
        return not any(_SIZE_PART.fullmatch(part) for part in parts) and self._begun[parts] > 1

    def of_family(self, text: str, last: str | None) -> list[Mention]:
        """The models that the text names by their size alone (`the dense 31B`), of the family that was spoken of
        last, as a family or by one of its models."""
        family = last if last is None or self.is_family(last) else self._family_of(last)
        if family is None:
            return []
        mentions = []
        for match in _BY_SIZE.finditer(text):
            wanted = (*_parts(family), *_parts(match[1]))
            known = [name for name in self.by_key.values() if _parts(name)[: len(wanted)] == wanted]
            name = known[0] if len(known) == 1 else f"{family} {match[1]}"
            mentions.append(Mention(name, match.start(1), match.end(1)))
        return mentions

    def _family_of(self, name: str) -> str | None:
        """What the name is before its size."""
        before = re.match(r"(.*?\d.*?|.*?)[ -](?=[EeAa]?\d+(?:\.\d+)?[BbMm](?![a-z]))", name.rsplit("/", 1)[-1])
        return before[1] if before and self.is_family(before[1]) else None

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
            if count > 1 and _MEASURED.fullmatch(words[count - 1]) and re.search(r"\d", " ".join(words[: count - 1])):
                continue  # a number behind the name
            if known := self.by_key.get(name_key(name)):
                return Mention(known, match.start(), end)
            if _is_name(name) and not _COMPONENT.match(text, end):
                return Mention(name, match.start(), end)
        return None


_MEASURED = re.compile(r"\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)?x?")
_SIZE_PART = re.compile(r"\d+(?:\.\d+)?[bmt]")
_BY_SIZE = re.compile(
    r"(?i:\b(?:the|its|their|'s) )(?:(?:dense|smaller|bigger|larger|small|big|little|new|sparse|MoE) )?"
    r"([AE]?\d+(?:\.\d+)?B(?:-A\d+(?:\.\d+)?B)?)\b(?!-)(?!\s*(?:parameters?|params|total|active|tokens|of|in)\b)"
)
_COMPONENT = re.compile(
    r"[\s-](?:[a-z-]+ )?(?:layers?|blocks?|architecture|tokenizer|kernels?|attention|backbone|hybrid|state[- ]space)\b"
)
"""Words behind a name that make it a part which many models have: `the Mamba-2 layers`."""


def _parts(name: str) -> tuple[str, ...]:
    """The words and numbers of a name in order, without its organisation."""
    return tuple(re.findall(r"[a-z]+|\d+(?:\.\d+)*[a-z]?(?![a-z])", name.rsplit("/", 1)[-1].casefold()))


def _is_name(text: str) -> bool:
    """Whether the text begins like a well-known model's name and goes on with a version or a size."""
    first = re.match(r"[a-z]+", text.casefold())
    has_digit = any(c.isdigit() for c in text)
    return (
        first is not None
        and not is_backend_first(text)
        and (first[0] not in _ARCHITECTURES or re.search(r"\d[bBmM](?![a-z])", text) is not None)
        and first[0] in FAMILIES
        and has_digit
        and (text[0].isupper() or "-" in text)
        and (len(name_tokens(text)) > 1)
    )
