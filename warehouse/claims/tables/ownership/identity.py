"""The release that a card speaks for, and the names by which the card calls it and its siblings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from warehouse.claims.text.labels import read_label
from warehouse.claims.text.model_words import (
    FORMAT,
    MODE_WORDS,
    ROLES,
    SIZE,
    hub_id,
    is_base_by_custom,
    rounds,
)
from warehouse.claims.text.names import name_key, name_tokens, normalise
from warehouse.claims.text.speed_names import is_backend, names_only_serving
from warehouse.claims.text.vocabulary import FAMILIES, TUNED, UNTUNED

SOFT = frozenset({"instruct", "it", "chat", "inst"})
"""Words of tuning that a table may leave out."""
PRECISION = frozenset({"bf16", "fp16", "f16", "hf"})
PLAIN = TUNED | UNTUNED | PRECISION | frozenset({"the", "model", "models", "v", "and", "of", "for"})


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
    in_full: bool = False
    """Whether a table of the card names the release in full, so that a name without its date or its word of tuning is
    another release."""
    titled_in_full: bool = False
    """Whether the card's title is the release's whole name with its word of tuning."""
    titled_less_pt: bool = False
    """Whether the card's title is the release's whole name but for `PT`."""
    both_tunings: bool = False
    """Whether the card has headings for base and for tuned models."""
    printed: Mapping[str, str] = field(default_factory=dict)
    """Key of a name as printed -> the hub id that the card's links tie it to."""
    family_card: bool = False
    """Whether the card speaks for several sizes of one family and its title names none of them."""
    own_names: frozenset[frozenset[str]] = frozenset()
    """Names that a person said are this release's."""
    reused: frozenset[str] = frozenset()
    """Keys of names that the card prints over base and over tuned models alike."""
    sections: frozenset[frozenset[str]] = frozenset()
    """Words of each of the card's headings."""
    beside_full: frozenset[frozenset[str]] = frozenset()
    """Parts of the names that stand in one table with the release's whole name: they are other models'."""
    specifications: bool = False
    """Whether the table holds specifications, which are alike for a base model and what was tuned from it."""
    beside_assistants: frozenset[frozenset[str]] = frozenset()
    """Parts of the names that the card compares with assistants: there a bare name is the tuned model's."""

    @property
    def has_tuned_sibling(self) -> bool:
        """Whether the card names this model with a word of tuning behind it: the bare name is the base model."""
        ours = name_tokens(self.model)
        named = self.names | self.sections
        if ours & (TUNED | UNTUNED):
            return False
        if is_base_by_custom(self.model) or any(ours < words and words - ours <= TUNED for words in named):
            return True
        family = {word for word in ours if not SIZE.fullmatch(word)} - self._makers
        return len(family) > 1 and any(words & TUNED and words - TUNED == family for words in named)

    @property
    def _makers(self) -> frozenset[str]:
        """Words of the release's name that its organisation's name repeats."""
        organisation = normalise(self.model.split("/")[0]) if "/" in self.model else ""
        ours = name_tokens(self.model)
        makers = frozenset(word for word in ours if word.isalpha() and word in organisation)
        return makers if len(ours - makers) > 1 and any(w.isalpha() for w in ours - makers) else frozenset()

    @property
    def variant(self) -> frozenset[str]:
        """Words of the release's name behind the family and its version (`h`, `small` of `odd-4.0-h-small`), where
        these alone tell it from siblings that the card names; empty for another kind of name."""
        name = self.model.rsplit("/", 1)[-1].casefold()
        parts = re.fullmatch(r"[a-z]+[\s_-]?v?\d+(?:\.\d+)?[\s_-]((?:[a-z]+[\s_-])*[a-z]{3,})", name)
        words = name_tokens(parts[1]) if parts else frozenset()
        return frozenset() if words & (TUNED | UNTUNED) or not words - PLAIN else words

    @property
    def short(self) -> frozenset[str]:
        """The release's first name alone, where no other model of the card is called by it and the release bears no
        word of tuning; else nothing."""
        ours = name_tokens(self.model)
        first = re.match(r"[^\W\d_]{4,}", self.model.rsplit("/", 1)[-1].casefold())
        if (
            first is None
            or ours & (TUNED | UNTUNED)
            or "/" not in self.model
            or first[0] in self.model.split("/")[0].casefold()
        ):
            return frozenset()
        name = frozenset({first[0]})
        named = [words for words in self.names if first[0] in words and len(words) <= 6 and words not in (name, ours)]
        others = [words for words in named if words & TUNED or any(c.isdigit() for word in words for c in word)]
        return name if not others and name <= ours else frozenset()

    @property
    def brand(self) -> frozenset[str]:
        """The first word of the release's name, which tables may leave out (`K2 Thinking` of `Odd-K2-Thinking`); empty
        where a well-known family follows, which others' models bear too (`Odd-Llama3-8B`)."""
        first = re.match(r"([^\W\d_]{3,})[-_ ]([^\W\d_]*)", self.model.rsplit("/", 1)[-1].casefold())
        return frozenset({first[1]}) if first and "/" in self.model and first[2] not in FAMILIES else frozenset()

    @property
    def words_alone(self) -> frozenset[str]:
        """The words of the release's name without version and size (`odd`, `vision` of `odd-vision-3.2-2b`), where the
        card names no other model by them and the release bears no word of tuning; else nothing."""
        ours = name_tokens(self.model)
        letters = frozenset(word for word in ours if word.isalpha())
        if len(letters) < 2 or ours & (TUNED | UNTUNED | ROLES) or "/" not in self.model:
            return frozenset()
        others = [
            words for words in self.names if letters <= words and len(words) <= 8 and words not in (letters, ours)
        ]
        return letters if not any(words - ours for words in others) else frozenset()

    @property
    def without_size(self) -> frozenset[frozenset[str]]:
        """The words of the release's name without its sizes, where they are several and no other model of the card
        bears all of them."""
        ours = name_tokens(self.model)
        kept = frozenset(word for word in ours if not SIZE.fullmatch(word))
        others = [words - MODE_WORDS for words in self.names if kept <= words and len(words) <= len(ours) + 3]
        others = [w for w in others if w not in (kept, ours) and not rounds(w - kept, self.model, self.known)]
        others = [w for w in others if not (w > ours and all(map(FORMAT.fullmatch, w - ours)))]
        return frozenset({kept}) if len(kept) > 1 and kept & self.family and not others else frozenset()

    def has_no_edition_of(self, words: frozenset[str]) -> bool:
        """Whether every model of the card whose name holds all of these words is the release, or bears no more."""
        ours = name_tokens(self.model)
        bearing = [names - ours for names in self.names if words <= names and len(names) <= len(ours) + 3]
        linked = any(words <= (names := name_tokens(hub)) and names != ours for hub in self.known)
        return not (self.in_full or linked) and all(FORMAT.fullmatch(word) for names in bearing for word in names)

    @property
    def is_ambiguous(self) -> bool:
        """Whether a column with the bare name may be the base or the tuned model, and nothing in the card tells."""
        told = name_tokens(self.model) & (TUNED | UNTUNED) or self.has_tuned_sibling or self.has_base_sibling
        return self.both_tunings and not told

    @property
    def parted_by_headings(self) -> bool:
        """Whether the card has a heading that is only a word for base, and one that is only a word for tuned models."""
        alone = [words for words in self.sections if words <= TUNED | UNTUNED]
        return any(words & TUNED for words in alone) and any(words & UNTUNED for words in alone)

    @property
    def told_apart(self) -> bool:
        """Whether the card speaks of base or of tuned models of the release's family beside the release itself."""
        ours = name_tokens(self.model)
        family = {word for word in ours if word.isalpha()} - PLAIN
        others = (self.names | self.sections) - {ours}
        return self.both_tunings or any(names & family and names & (TUNED | UNTUNED) for names in others)

    @property
    def is_alone(self) -> bool:
        """Whether nothing in the card tells base from tuned models of the release's family: a heading that speaks of
        pretraining tells the release from none."""
        return not self.told_apart and not name_tokens(self.model) & (TUNED | UNTUNED)

    @property
    def is_ported(self) -> bool:
        """Whether `PT` in the release's name can only mean the format of its weights: the card's title is the rest of
        the name, and nothing in the card names a base or a tuned model of the family."""
        return self.titled_less_pt and not self.told_apart

    @property
    def is_base(self) -> bool:
        """Whether the name itself says that it is a base model."""
        return bool(name_tokens(self.model) & UNTUNED)

    @property
    def has_base_sibling(self) -> bool:
        """Whether the card names this model with a word for base models behind it."""
        ours = name_tokens(self.model)
        return any(ours < words and words - ours <= UNTUNED for words in self.names)

    @property
    def tuned_say_so(self) -> bool:
        """Whether the card names a tuned model of the release's first word and size with a word of tuning, and the
        release has none but other words of its own: under a heading of base models its whole name is its own."""
        ours = name_tokens(self.model)
        first = re.match(r"[^\W\d_]+", self.model.rsplit("/", 1)[-1].casefold())
        if first is None or ours & (TUNED | UNTUNED):
            return False
        sizes = {word for word in ours if SIZE.fullmatch(word)}
        more = {word for word in ours - {first[0]} if word.isalpha()} - PLAIN
        return bool(more) and any(first[0] in words and words & sizes and words & TUNED for words in self.names)

    @property
    def family(self) -> frozenset[str]:
        """Words of the release's name that its siblings share: letters only, no size, tuning or precision."""
        words = name_tokens(self.model) | (name_tokens(self.title) if self.title else frozenset())
        return frozenset(word for word in words if word.isalpha() and len(word) > 1) - PLAIN

    @property
    def bare(self) -> frozenset[str]:
        """Words of the release's name without those of tuning."""
        return name_tokens(self.model) - TUNED - UNTUNED

    def heads_untuned(self, heading: str) -> bool:
        """Whether a heading is the release's name without a word of tuning, and another heading has one behind it: the
        first is over the base model, whatever the columns there are called."""
        words = name_tokens(heading)
        return words == self.bare and any(words < other and other - words <= TUNED for other in self.sections)

    def of_both_tunings(self, size: str) -> bool:
        """Whether the card names a model of this size both with and without a word of tuning."""
        words = name_tokens(self.with_size(size)) - TUNED - UNTUNED
        tunings = {bool(names & TUNED) for names in self.names if names - TUNED - UNTUNED == words}
        return tunings == {True, False}

    def with_size(self, size: str) -> str:
        """The name of this family's model of another size, as `Odd 7B`."""
        name = self.model.rsplit("/", 1)[-1]
        words = [word for word in re.split(r"[\s_-]+", name) if not SIZE.fullmatch(word.casefold())]
        return " ".join([*words, size])


def identity_of(
    model: str,
    links: Iterable[str],
    title: str | None,
    names: Iterable[str] = (),
    tunings: Iterable[str | None] = (),
    *,
    printed: Mapping[str, str] | None = None,
    own: Iterable[str] = (),
    reused: Iterable[str] = (),
    sections: Iterable[str] = (),
    beside_assistants: Iterable[frozenset[str]] = (),
    beside_full: Iterable[frozenset[str]] = (),
) -> Identity:
    """The release: its id, the ids its card links to, and its card's title if that is a name like the id's.

    A local folder may be called anything: there every title that can be a name is taken. `names` are the words in
    which the card's tables name models, `tunings` what its headings say of tuning, `printed` which names its links tie
    to hub ids, `own` the names that a person said are this release's, `reused` the keys of names that stand over base
    and tuned models alike, `sections` the headings below the title, `beside_assistants` the names that tables compare
    with assistants.
    """
    known = tuple(dict.fromkeys([model, *(hub for link in links if (hub := hub_id(link)))]))
    name = re.sub(r"(?i)^\W*(?:model card (?:for|of)|introducing|meet|welcome to)\s+", "", title or "").strip(" !.\"'`")
    words = name_tokens(name)
    ours = name_tokens(model)
    like = "/" not in model or (len(words & ours) * 2 >= len(words) and not words <= ours)
    another = any(name_tokens(hub) == words for hub in known if hub != model)
    fits = 1 <= len(words) <= 6 and ":" not in name and "&" not in name and not another
    tables = [name_tokens(text) for text in names]
    every = frozenset((*tables, *map(name_tokens, known)))
    return Identity(
        model,
        known,
        title=name if fits and like else None,
        names=every,
        in_full=bool({ours, ours - {"hf"}} & set(tables)),
        titled_in_full=words == ours and bool(ours & TUNED),
        titled_less_pt="pt" in ours and words == ours - {"pt"},
        both_tunings={"base", "tuned"} <= set(tunings),
        printed=dict(printed or {}),
        family_card=_is_family_card(ours, words, every),
        own_names=frozenset(name_tokens(text) for text in own),
        reused=frozenset(reused),
        sections=frozenset(name_tokens(text) for text in sections),
        beside_assistants=frozenset(beside_assistants),
        beside_full=frozenset(beside_full),
    )


def _is_family_card(ours: frozenset[str], title: frozenset[str], names: Iterable[frozenset[str]]) -> bool:
    sizes = {word for word in ours if SIZE.fullmatch(word)}
    family = {word for word in ours if word.isalpha()} - PLAIN
    if not sizes or not family or sizes <= title:
        return False
    siblings = [words for words in names if family <= words and {word for word in words if SIZE.fullmatch(word)} - ours]
    return bool(siblings) and bool(family & title)


def names_model(text: str, identity: Identity) -> bool:
    """Whether a cell names a model: a hub id, a name like this card's models', a size behind a word, or the beginning
    of a well-known name."""
    if not any(c.isalpha() for c in text) or len(text) > 80:
        return False
    if re.fullmatch(r"[\w.-]+/[\w.-]+", text) and not text[0].isdigit() and any(c.isdigit() for c in text):
        return True
    if name_key(text) in identity.printed:
        return True
    words = name_tokens(re.sub(r"[(\[][^()\[\]]*[)\]]", "", text)) or name_tokens(text)
    if not words or names_only_serving(text) or is_backend(text) or read_label(text).benchmark:
        return False
    if words & identity.family or words in identity.own_names:
        return True
    begins = {letters[0] for word in words if (letters := re.match(r"[^\W\d_]+", word))}
    sized = any(SIZE.fullmatch(word) for word in words) and any(word.isalpha() for word in words)
    return sized or bool((begins | words) & FAMILIES)
