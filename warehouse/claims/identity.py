"""The release that a card speaks for, and how near a printed name is to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.claims.names import name_tokens, normalise
from warehouse.claims.words import NOT_MODELS

TUNED = frozenset({"instruct", "it", "chat", "inst", "sft", "dpo", "rl", "posttrained"})
SOFT = frozenset({"instruct", "it", "chat", "inst"})
"""Words of tuning that a table may leave out."""
UNTUNED = frozenset({"base", "pt", "pretrained", "pretrain", "pretraining"})
PRECISION = frozenset({"bf16", "fp16", "f16", "hf"})
SIZE = re.compile(r"a?\d+(?:\.\d+)?[bme]")
_HUB = re.compile(
    r"^https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]+/[\w.-]+?)/?(?:[?#].*|/(?:tree|blob|resolve)/.*)?$"
)


@dataclass(frozen=True)
class Identity:
    """The release that a card speaks for."""

    model: str
    """Hub id, or a local name."""
    known: tuple[str, ...] = ()
    """Hub ids the card links to or names."""
    title: str | None = None
    """First heading, where it is a name."""
    names: frozenset[frozenset[str]] = frozenset()
    """Parts of every name in the card's tables and links."""

    @property
    def has_tuned_sibling(self) -> bool:
        """Whether the card names this model with a word of tuning behind it: the bare name is the base model."""
        ours = name_tokens(self.model)
        return not ours & (TUNED | UNTUNED) and any(ours < words and words - ours <= TUNED for words in self.names)

    in_full: bool = False
    """Whether a table of the card names the release in full, so that a name without its date is another release."""
    both_tunings: bool = False
    """Whether the card has headings for base and for tuned models."""

    @property
    def is_ambiguous(self) -> bool:
        """Whether a column with the bare name may be the base or the tuned model, and nothing in the card tells."""
        told = name_tokens(self.model) & (TUNED | UNTUNED) or self.has_tuned_sibling or self.has_base_sibling
        return self.both_tunings and not told

    @property
    def is_base(self) -> bool:
        """Whether the name itself says that it is a base model."""
        return bool(name_tokens(self.model) & UNTUNED)

    @property
    def has_base_sibling(self) -> bool:
        """Whether the card names this model with a word for base models behind it."""
        ours = name_tokens(self.model)
        return any(ours < words and words - ours <= UNTUNED for words in self.names)


def hub_id(link: str) -> str | None:
    """The model id that an address leads to, None for anything else."""
    found = _HUB.match(link.strip())
    return found[1] if found and found[1].split("/")[0] not in NOT_MODELS else None


def identity_of(
    model: str,
    links: Iterable[str],
    title: str | None,
    names: Iterable[str] = (),
    tunings: Iterable[str | None] = (),
) -> Identity:
    """The release: its id, the ids its card links to, and its card's title if that is a name like the id's.

    A local folder may be called anything: there every title that can be a name is taken. `names` are the words in
    which the card's tables name models, `tunings` what its headings say of tuning.
    """
    known = tuple(dict.fromkeys([model, *(hub for link in links if (hub := hub_id(link)))]))
    name = re.sub(r"(?i)^\W*(?:model card (?:for|of)|introducing|meet|welcome to)\s+", "", title or "").strip(" !.\"'`")
    words = name_tokens(name)
    ours = name_tokens(model)
    like = "/" not in model or (len(words & ours) * 2 >= len(words) and not words <= ours)
    another = any(name_tokens(hub) == words for hub in known if hub != model)
    fits = 1 <= len(words) <= 6 and ":" not in name and "&" not in name and not another
    printed = [name_tokens(one) for one in names]
    every = frozenset((*printed, *map(name_tokens, known)))
    return Identity(
        model,
        known,
        title=name if fits and like else None,
        names=every,
        in_full=ours in printed,
        both_tunings={"base", "tuned"} <= set(tunings),
    )


def closeness_to(words: frozenset[str], identity: Identity) -> int | None:
    """How near a printed name is to the release: 0 equal; 100 less organisation, tuning, precision or date; 200 less
    size as well; and one more for each word that is missing. None for another model."""
    ours = name_tokens(identity.model)
    if words == ours or (identity.title and words == name_tokens(identity.title)):
        return 0
    if not any(SIZE.fullmatch(word) for word in ours):
        words = frozenset(word for word in words if not SIZE.fullmatch(word))
        if words == ours:
            return 100
    if not words or not words < ours:
        return None
    missing = ours - words
    if missing & UNTUNED or (identity.in_full and any(word.isdigit() and len(word) >= 4 for word in missing)):
        return None
    organisation = normalise(identity.model.split("/")[0]) if "/" in identity.model else ""
    dates = {word for word in ours if word.isdigit() and len(word) >= 4}
    makers = {word for word in missing if word.isalpha() and len(word) > 2 and word in organisation}
    soft = SOFT | PRECISION | makers | dates
    family = {word for word in ours if word.isalpha()} - soft
    if missing <= soft and (words & family or len(words) >= 2):
        return 100 + len(missing)
    if len(missing) == 1 and missing <= family and words & dates and words - dates:
        return 100 + len(missing)
    sizes = {word for word in missing if SIZE.fullmatch(word)}
    if sizes and missing <= soft | sizes and any(c.isdigit() for word in words for c in word) and words & family:
        return 200 + len(missing)
    return None
