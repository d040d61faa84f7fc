"""How near a printed name is to the release's own, step by step."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse.claims.tables.ownership.identity import PLAIN, PRECISION, SOFT, Identity, names_model
from warehouse.claims.text.model_words import (
    ASIDE_WORDS,
    FORMAT,
    MAKERS,
    SIZE,
    STATUS,
    WITH_DIGIT,
    names_only_the_base,
    rounds,
)
from warehouse.claims.text.names import name_tokens, normalise
from warehouse.claims.text.vocabulary import TUNED, UNTUNED


def closeness_to(words: frozenset[str], identity: Identity) -> int | None:
    """How near a printed name is to the release: 0 equal; 100 less organisation, tuning, precision or date; 200 less
    size as well; and one more for each word that is missing. None for another model."""
    ours = name_tokens(identity.model)
    words = _parted(words, identity.model)
    if words in identity.beside_full and words not in identity.own_names:
        return None
    if (
        words in (ours, ours - {"hf"})
        or words in identity.own_names
        or (identity.title and words == name_tokens(identity.title))
    ):
        return 0
    if identity.own_names:
        return None
    sizes = {word for word in words if SIZE.fullmatch(word)}
    if (
        sizes
        and words - sizes == {word for word in ours if not SIZE.fullmatch(word)}
        and rounds(sizes, identity.model, identity.known)
    ):
        return 20
    if identity.has_tuned_sibling and words & UNTUNED and words - UNTUNED == ours:
        return 50
    if not any(SIZE.fullmatch(word) for word in ours):
        words = frozenset(word for word in words if not SIZE.fullmatch(word))
        if words == ours:
            return 100
    if identity.variant and words - ASIDE_WORDS == identity.variant:
        return 150
    sizes = {word for word in words if SIZE.fullmatch(word)}
    if sizes and words - sizes and words - sizes <= TUNED | UNTUNED:  # `7B Chat`
        same = sizes == {word for word in ours if SIZE.fullmatch(word)} and words - sizes == ours & (TUNED | UNTUNED)
        return 150 if same else None
    if _lacks_only_the_version(words, identity):
        return 150
    return _closeness_of_shorter(words, ours, identity) if words and words < ours else None


def _parted(words: frozenset[str], model: str) -> frozenset[str]:
    """The words of a printed name, a name and version that it joins parted where the release's are: `odd3.3 7B` for
    `Odd-3.3-7B`."""
    ours = re.findall(r"([a-z]{2,})[-_ ](\d+(?:\.\d+)?)(?![a-z\d.])", model.rsplit("/", 1)[-1].casefold())
    joined = {name + version: {name, version} for name, version in ours if name + version in words}
    return (words - joined.keys()).union(*joined.values())


def _closeness_of_shorter(words: frozenset[str], ours: frozenset[str], identity: Identity) -> int | None:
    """How near a name is that lacks some words of the release's."""
    missing = ours - words
    if missing == {"pt"} and identity.is_ported:
        return 101
    if missing & UNTUNED or (identity.in_full and (missing & TUNED or any(_is_date(word) for word in missing))):
        return None
    organisation = normalise(identity.model.split("/")[0]) if "/" in identity.model else ""
    dates = {word for word in ours if _is_date(word)} | set(re.findall(r"-([01]\d)-20\d\d", identity.model))
    makers = {word for word in missing if len(word) > 2 and word[0].isalpha() and word in organisation}
    makers |= missing & MAKERS
    version = name_tokens(" ".join(re.findall(r"-[vV]\d+(?:\.\d+)?\b", identity.model)))
    edition = STATUS | (version if missing <= STATUS | version else frozenset())
    soft = SOFT | PRECISION | makers | dates | (edition if identity.has_no_edition_of(words) else frozenset())
    if names_only_the_base(missing - soft, words - PLAIN, ours):
        return 100 + len(missing)
    if words == identity.short:
        return 300
    if words == identity.words_alone:
        return 300
    if missing == identity.brand and len(words) > 1 and any(WITH_DIGIT.fullmatch(word) for word in words):
        return 100 + len(missing)
    family = {word for word in ours if word.isalpha()} - soft
    if missing <= soft and (words & family or len(words) >= 2):
        return 100 + len(missing)
    if len(missing) == 1 and missing <= family and words & dates and words - dates:
        return 100 + len(missing)
    sizes = {word for word in missing if SIZE.fullmatch(word)}
    if sizes and missing == sizes and words in identity.without_size:
        return 200 + len(missing)
    if sizes and missing <= soft | sizes and any(c.isdigit() for word in words for c in word) and words & family:
        return 200 + len(missing)
    return None


def _lacks_only_the_version(words: frozenset[str], identity: Identity) -> bool:
    """Whether a name leaves out only the version that the card's title states, and the card names no other version of
    the family: `Odd PT 9B` for `odd-2-9b` in the card of Odd 2."""
    ours = name_tokens(identity.model)
    version = {word for word in ours if re.fullmatch(r"\d{1,2}(?:\.\d+)?", word)}
    untuned = words & UNTUNED
    if len(version) != 1 or words - (untuned if identity.has_tuned_sibling else set()) != ours - version:
        return False
    if identity.has_tuned_sibling != bool(untuned and not ours & UNTUNED) or not words & identity.family & ours:
        return False
    titled = version <= name_tokens(identity.title or "")
    numbers = {
        word for names in identity.names if names & identity.family & ours for word in names if word[0].isdigit()
    }
    return titled and not any(re.fullmatch(r"\d{1,2}(?:\.\d+)?", word) for word in numbers - version)


def _is_date(word: str) -> bool:
    return word.isdigit() and len(word) >= 4


def completed_by_heading(named: Sequence[frozenset[str]], headings: Sequence[str], identity: Identity) -> list[bool]:
    """Which of a table's names lack only words of the release's name that the heading right over it has: `Odd-7B` under
    the heading `Odd-2` for `Odd-2-7B`, a date aside. None does where another name of the table has those words itself,
    or the heading may as well be that of a group of benchmarks."""
    ours = name_tokens(identity.model)
    heading = name_tokens(headings[-1]) if headings else frozenset()
    sizes = {word for word in ours if SIZE.fullmatch(word)}
    linked = {name_tokens(hub) for hub in identity.known} | identity.beside_full

    def completed(at: int, words: frozenset[str]) -> bool:
        missing = ours - words
        others = [other for index, other in enumerate(named) if index != at]
        told = missing - {word for word in missing if _is_date(word)}
        whole = words < ours and sizes <= words and words & identity.family and told and told <= heading
        return bool(whole) and words not in linked and not any(missing & other for other in others)

    editions = any(words and words <= TUNED | UNTUNED for words in identity.sections)
    usable = bool(sizes) and bool(heading) and heading <= ours and (heading != {"reasoning"} or editions)
    return [usable and completed(at, words) for at, words in enumerate(named)]


def speaks_for_several(identity: Identity, headings: Sequence[str]) -> bool:
    """Whether the card links to other models of the release's maker and family, and neither its title nor a heading
    over the table is the release's own name."""
    ours, maker = name_tokens(identity.model), identity.model.split("/")[0] + "/"
    siblings = [
        words
        for hub in identity.known
        if hub != identity.model and hub.startswith(maker) and (words := name_tokens(hub)) & identity.family
    ]
    formats = [words for words in siblings if words > ours and all(map(FORMAT.fullmatch, words - ours))]
    siblings = [words for words in siblings if words not in formats]
    title = name_tokens(identity.title or "")
    titled = bool(title) and closeness_to(title, identity) is not None and title not in siblings
    return bool(siblings) and not titled and not any(ours <= name_tokens(heading) for heading in headings)


def names_another(text: str, identity: Identity) -> bool:
    """Whether words name a model that is not the release, and do not name the release."""
    words = [word.strip("()[]{}<>.,;:!?\"'`*_") for word in text.split()][:60]
    runs = [" ".join(words[at : at + count]) for count in range(1, 5) for at in range(len(words) - count + 1)]
    names = [run for run in runs if any(map(str.isdigit, run)) and names_model(run, identity)]
    return bool(names) and all(closeness_to(name_tokens(run), identity) is None for run in runs)
