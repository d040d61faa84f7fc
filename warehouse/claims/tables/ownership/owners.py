"""Whose column is it? This release's, another model's, or not certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from warehouse.claims.tables.cells import without_marks
from warehouse.claims.tables.ownership.closeness import closeness_to, completed_by_heading
from warehouse.claims.tables.ownership.editions import (
    ADAPTIVE,
    behind_name,
    is_same_weights,
    mode_of_edition,
    names_artifact,
    quantized_sibling,
)
from warehouse.claims.tables.ownership.identity import Identity, names_model
from warehouse.claims.tables.ownership.tuning_stages import in_several_stages
from warehouse.claims.text.brackets import BRACKET, without_brackets
from warehouse.claims.text.labels import metric_settings, read_label, stated_by
from warehouse.claims.text.model_words import SIZE, hub_id, is_size, rounds, without_tag
from warehouse.claims.text.names import ModelName, mode_of, name_key, name_tokens, normalise, resolve_model, spelling
from warehouse.claims.text.parts import kind_of, says_how_asked, with_asked_apart
from warehouse.claims.text.tunings import tuning_of
from warehouse.claims.text.vocabulary import FAMILIES, GENERIC, TUNED, UNTUNED

Stated = tuple[tuple[str, str | int | float], ...]
_MEASURED = frozenset({"shots", "metric", "filter", "repeats", "tools"})
"""Settings that a heading may state alone, without naming whose numbers stand below."""


@dataclass(frozen=True)
class Owner:
    """Whose numbers a column (or row) holds."""

    kind: Literal["this", "other", "unsure"]
    """`unsure`: may be this release, so nothing is taken."""
    model: str
    """Hub id or name as printed."""
    variant: str | None = None
    """Mode, effort or quantization as printed."""
    stated: Stated = ()
    """Settings that follow from the heading."""
    words: tuple[str, ...] = ()
    """Words of the heading that no field holds."""
    reason: str = ""
    """For `unsure`."""


_VERSION = re.compile(
    r"(?i)v?\d{1,2}\.\d{1,2}|v\d{1,2}|[01]\d[0-3]\d|2[3-9][01]\d|20\d\d[./-]?[01]\d(?:[./-]?[0-3]\d)?"
)
"""What stands in brackets behind a name whose other editions have other numbers."""
_OURS_OF_SIZE = re.compile(r"(?i)(?:ours|our models?)\W+(\d+(?:\.\d+)?\s?[bm])\W*")
"""One of the maker's models, told from its others by its size alone."""
_BATCH = re.compile(r"(?i)(?:bs|batch(?:[ _-]?size)?|concurrency)\s*[=:]?\s*(\d{1,5})")
"""Headings of columns of speeds that only say how many requests ran at once."""


def tuning_named(sentence: str, identity: Identity) -> Literal["base", "tuned"] | None:
    """Whether the sentence begins with the name of the release, or of its sibling, with a word of tuning in it."""
    first = name_tokens(sentence.split()[0]) if sentence.split() else frozenset()
    if first - TUNED - UNTUNED != identity.bare or bool(first & TUNED) == bool(first & UNTUNED):
        return None
    return "base" if first & UNTUNED else "tuned"


def section_model(headings: Sequence[str], identity: Identity) -> str:
    """The model that the nearest heading names, if it names one of the card's; else the release."""
    for heading in reversed(headings):
        plain = BRACKET.sub("", heading.split(",")[0])
        keys = {name_key(heading), name_key(plain)} - {""}
        for known in identity.known:
            if name_key(known) in keys:
                return known
    return identity.model


def owners(
    heads: Sequence[tuple[Sequence[str], Sequence[str]]],
    identity: Identity,
    headings: Sequence[str],
    base: Literal["base", "tuned"] | None = None,
) -> list[Owner]:
    """Whose each column is; `heads` gives for each its heading parts (group first) and the addresses linked there.

    Exactly one name in a table is this release's (with its modes): the closest. Two equally close ones that are not
    equal to it make both unsure. `base` is what the words before the table say of tuning where no heading does.
    """
    if identity.specifications:  # those of a tuned model may be others only where a heading parts the two
        base = None
    named = name_tokens(identity.model)
    parted = bool(named & UNTUNED) and identity.parted_by_headings
    if identity.titled_in_full or parted:  # the title only repeats the release's name
        base = tuning_of([heading for heading in headings if name_tokens(heading) != named]) or base
    else:
        untuned = bool(headings) and identity.heads_untuned(headings[-1])
        base = ("base" if untuned else tuning_of(headings)) or base
    if base and (_names_both_tunings(heads, identity) or identity.is_alone):
        base = None
    section = section_model(headings, identity)
    tuned_sizes = {words - TUNED for parts, _ in heads if (words := name_tokens(" ".join(parts))) & TUNED}
    parsed = [
        _parse(parts, links, identity, _bare_beside(parts, tuned_sizes) or base, section) for parts, links in heads
    ]
    completed = completed_by_heading([name_tokens(" ".join(parts)) for parts, _ in heads], headings, identity)
    parsed = [
        (Owner("other", identity.model), 110)
        if whole and closeness is None and owner.kind == "other"
        else (owner, closeness)
        for whole, (owner, closeness) in zip(completed, parsed, strict=True)
    ]
    if any(any(map(str.isalnum, "".join(parts))) for parts, _ in heads):
        parsed = [
            (owner, closeness)
            if any(map(str.isalnum, "".join(parts))) or links
            else (Owner("unsure", "a column without a heading", reason="no heading says whose numbers it holds"), None)
            for (parts, links), (owner, closeness) in zip(heads, parsed, strict=True)
        ]
    if identity.family_card and not _section_names(headings, identity):
        reason = "the card speaks for several sizes, and the table does not say which"
        parsed = [
            (Owner("unsure", owner.model, reason=reason), None)
            if closeness == 0 and _is_generic(parts)
            else (owner, closeness)
            for (parts, _), (owner, closeness) in zip(heads, parsed, strict=True)
        ]  # fmt: skip
    return _settled(parsed, identity)


def _settled(parsed: Sequence[tuple[Owner, int | None]], identity: Identity) -> list[Owner]:
    """The owners of a table's columns once their names are weighed against each other: the closest is the release."""
    close = [closeness for _, closeness in parsed if closeness is not None]
    best = min(close, default=None)
    names = {name_key(owner.model) for owner, closeness in parsed if closeness == best}
    settled = []
    for owner, closeness in parsed:
        if closeness is None or best is None:
            settled.append(owner)
        elif closeness > best and owner.model == identity.model:
            less = f"without the words ({', '.join(owner.words)})" if owner.words else "in full"
            reason = f"another is named {identity.model} {less}"
            settled.append(Owner("unsure", owner.model, reason=reason))
        elif closeness > best:
            settled.append(replace(owner, kind="other"))
        elif best > 0 and len(names) > 1:
            settled.append(
                Owner("unsure", owner.model, reason=f"{len(names)} columns are named nearly like {identity.model}")
            )
        elif best >= 200 and _family_elsewhere(parsed, owner, identity):
            settled.append(
                Owner("unsure", owner.model, reason=f"the name leaves open which size of {owner.model} it is")
            )
        else:
            settled.append(Owner("this", identity.model, owner.variant, owner.stated, owner.words))
    undecided = in_several_stages([owner.variant if owner.kind == "this" else None for owner in settled])
    reason = "the table has it after several stages of tuning"
    return [
        Owner("unsure", owner.model, reason=reason) if unclear else owner
        for unclear, owner in zip(undecided, settled, strict=True)
    ]


def _bare_beside(parts: Sequence[str], tuned_sizes: set[frozenset[str]]) -> Literal["base"] | None:
    """A size alone is the base model's where the same size with a word of tuning heads another column."""
    return "base" if len(parts) == 1 and is_size(parts[0]) and name_tokens(parts[0]) in tuned_sizes else None


def _names_both_tunings(heads: Sequence[tuple[Sequence[str], Sequence[str]]], identity: Identity) -> bool:
    """Whether one table names the release in full and another of its family with a word of tuning: then its names tell
    them apart, whatever the heading over it says."""
    named = [name_tokens(" ".join(parts)) for parts, _ in heads]
    ours = name_tokens(identity.model)
    return ours in named and any(words & TUNED - ours and words & identity.family for words in named)


def _is_generic(parts: Sequence[str]) -> bool:
    return all(normalise(part) in GENERIC or mode_of(part) for part in parts)


def _section_names(headings: Sequence[str], identity: Identity) -> bool:
    ours = name_tokens(identity.model)
    return any(ours <= name_tokens(heading) for heading in headings)


def _family_elsewhere(parsed: Sequence[tuple[Owner, int | None]], owner: Owner, identity: Identity) -> bool:
    said = name_tokens(owner.model)
    shared = {word for word in said & name_tokens(identity.model) if word.isalpha()}
    return any(shared <= (words := name_tokens(other.model)) and words != said for other, _ in parsed)


def _parse(
    parts: Sequence[str], links: Sequence[str], identity: Identity, base: str | None, section: str
) -> tuple[Owner, int | None]:
    """The owner that a heading names, and its closeness to the release (None: another model)."""
    parts, from_parts = _without_settings(parts)
    leaf = with_asked_apart(without_tag(without_marks(parts[-1]))) if parts else ""
    group = " ".join(parts[:-1]).strip()
    if "/" in leaf and leaf == identity.model:  # the whole id names the weights, whatever stands over it
        return Owner("other", identity.model, stated=from_parts), 0
    hubs = list(dict.fromkeys(hub for link in links if (hub := hub_id(link))))
    if len(hubs) == 1:
        linked = tuple(mode_of(leaf).items())
        more = behind_name(leaf, hubs[0])
        owner = Owner("other", hubs[0], leaf if linked else more or None, linked, (more,) if more else ())
        return (replace(owner, model=identity.model), 0) if is_same_weights(hubs[0], identity) else (owner, None)
    if len(hubs) > 1 and (not leaf or is_size(leaf)):
        return Owner("unsure", hubs[0], reason=f"the row speaks of {len(hubs)} models: {', '.join(hubs[:4])}"), None
    if "this model" in leaf.casefold() or normalise(leaf) in ("ours", "thismodel"):
        return Owner("other", identity.model, stated=from_parts), 0
    if (sized := _OURS_OF_SIZE.fullmatch(leaf)) and not group:
        same = name_tokens(sized[1]) <= name_tokens(identity.model)
        ours = same or rounds(name_tokens(sized[1]), identity.model, identity.known)
        return Owner("other", identity.model if ours else leaf, stated=from_parts), 0 if ours else None
    tied = identity.printed.get(name_key(leaf))
    if tied is not None and name_key(leaf) not in GENERIC and not _untold_base(name_tokens(leaf), base):
        ours = is_same_weights(tied, identity)
        if ours and base == "tuned" and identity.has_tuned_sibling and not name_tokens(leaf) & UNTUNED:
            return Owner("unsure", tied, reason=f"{leaf} under a heading of tuned models"), None
        return Owner("other", identity.model if ours else tied, stated=from_parts), 0 if ours else None
    bare = re.sub(r"\s*[(\[]\s*(?:ours|%|acc\.?|score)\s*[)\]]", "", leaf, flags=re.IGNORECASE).strip()
    modes, edition = mode_of_edition(bare, identity)
    if edition:
        return Owner("other", f"{identity.model} {edition}", bare), None
    generic, stated = _says_only_how(bare, modes, group)
    words = (bare,) if ADAPTIVE.match(bare) else ()
    if modes or generic or words:
        if group and normalise(group) not in GENERIC and not read_label(group).benchmark:
            owner, closeness = _name(group, identity, base)
            told = (*owner.stated, *stated, *from_parts)
            return Owner("other", owner.model, bare or owner.variant, told, (*owner.words, *words)), closeness
        if (sibling := quantized_sibling(modes.get("quantization"), identity)) and section == identity.model:
            return Owner("other", sibling, bare, stated), None
        either = base is None and identity.has_tuned_sibling and not identity.specifications
        if either and "quantization" in modes and section == identity.model:
            reason = f"the card has a base and a tuned model, and {bare} does not tell whose precision it is"
            return Owner("unsure", identity.model, reason=reason), None
        owner = Owner("other", section, bare if modes or words else None, (*stated, *from_parts), words)
        return owner, 0 if section == identity.model else None
    if group and names_model(group, identity) and not _names_a_family(bare, identity):
        bare, group = f"{group} {bare}", ""  # a size or a variant of the model that the group names
    owner, closeness = _name(bare, identity, base)
    if group and closeness is not None and not _names_a_family(bare, identity):
        if normalise(group) not in GENERIC and not read_label(group).benchmark:
            owner, closeness = _name(f"{group} {bare}", identity, base)
    elif closeness is None and group:
        joined, nearer = _name(f"{group} {bare}", identity, base)
        if nearer is not None:
            owner, closeness = joined, nearer
    return replace(owner, stated=(*owner.stated, *from_parts)), closeness


def _says_only_how(bare: str, modes: dict[str, str], group: str) -> tuple[bool, Stated]:
    """Whether a heading names no model but says how was measured, or nothing at all, and the settings it states."""
    if batch := _BATCH.fullmatch(bare):
        return True, (("concurrency", int(batch[1])),)
    if modes or normalise(bare) in GENERIC or group:
        return normalise(bare) in GENERIC, tuple(modes.items())
    metric, left = metric_settings(bare, None)
    generic = bool(metric) and not left and read_label(bare).benchmark is None and metric.keys() <= _MEASURED
    return generic, tuple(metric.items()) if generic else ()


def _names_a_family(text: str, identity: Identity) -> bool:
    """Whether a name holds the first word of a family of models, and not only a size or a variant."""
    begins = {letters[0] for word in name_tokens(text) if (letters := re.match(r"[^\W\d_]+", word))}
    ours = re.match(r"[^\W\d_]+", identity.model.rsplit("/", 1)[-1].casefold())
    return bool(begins & FAMILIES) or (ours is not None and ours[0] in begins)


def _without_settings(parts: Sequence[str]) -> tuple[Sequence[str], Stated]:
    """Heading parts without those that only state shots or a metric, and what these state."""
    kept: list[str] = []
    stated: dict[str, str | int | float] = {}
    for part in parts:
        settings, left = stated_by(part, None)
        if len(parts) > 1 and settings and not left and settings.keys() <= _MEASURED:
            stated |= settings
        else:
            kept.append(part)
    return (kept, tuple(stated.items())) if kept else (parts, ())


def _name(text: str, identity: Identity, base: str | None) -> tuple[Owner, int | None]:
    """The owner that a name in a heading means. Words in brackets are remarks: settings where they are some, else
    kept as words; a bare size is this family's model of that size, if it has one of it."""
    text = re.sub(r"(?i)^(\d+(?:\.\d+)?[bm])[ -](?:dense|moe)$", r"\1", text)
    if base is None and is_size(text) and not identity.specifications and identity.of_both_tunings(text):
        return Owner("unsure", text, reason="the card has a base and a tuned model of this size"), None
    if base == "base" and is_size(text) and name_tokens(identity.model) & TUNED:
        return Owner("other", text), None
    owner, closeness = _plain_name(identity.with_size(text) if is_size(text) else text, identity, base)
    if closeness is not None or owner.kind == "unsure":
        return owner, closeness
    first, _, last = re.sub(r"\s+-\s+([SML])(?:mall|edium|arge)$", r"_\1", text).rpartition(" ")
    if first and "quantization" in (mode := mode_of(last)):
        owner, closeness = _name(first, identity, base)
        return replace(owner, variant=last, stated=(*owner.stated, *mode.items())), closeness
    brackets = BRACKET.findall(text)
    bare = without_brackets(text).strip()
    if not brackets or not bare:
        return owner, closeness
    if any(
        hub == identity.model and name_key(bare) < key
        for key, hub in identity.printed.items()
        if key.startswith(name_key(bare))
    ):
        return owner, None  # the card ties this release to the name with another word in brackets
    hub = identity.printed.get(name_key(bare))
    if hub is not None and hub != identity.model:
        return replace(owner, model=hub), None
    short, nearer = (Owner("other", hub), 0) if hub else _plain_name(bare, identity, base)
    if nearer is None:
        if short.kind == "other" and len(brackets) == 1:
            settings, left = stated_by(brackets[0], None)
            if settings and not left and settings.keys() <= _MEASURED:
                return replace(short, stated=(*short.stated, *settings.items())), None
        return (short if short.kind == "unsure" else owner), None
    stated: dict[str, str | int | float] = dict(short.stated)
    words: list[str] = []
    ours = name_tokens(identity.model)
    for bracket in brackets:
        tokens = name_tokens(bracket)
        if names_artifact(bracket) or (_VERSION.fullmatch(bracket.strip()) and not tokens <= ours):
            return owner, None  # `7B (1.1)`, `7B (0724)`: another edition
        settings, left = stated_by(bracket, None)
        if settings and not left and "subset" not in settings:  # (6K) behind a model is no part of a benchmark
            stated |= settings
        elif sizes := {word for word in tokens if SIZE.fullmatch(word)}:
            if (
                not sizes <= ours
                and any(SIZE.fullmatch(word) for word in ours)
                and not rounds(sizes, identity.model, identity.known)
            ):
                return owner, None  # another size of the family
        elif not (tokens <= ours or kind_of(bracket) == "harmless"):
            words.append(bracket)
    variant = short.variant or (brackets[0] if words else None)
    if words and all(map(says_how_asked, words)):  # the same weights
        return Owner("other", short.model, variant, tuple(stated.items()), tuple(words)), nearer
    return Owner("other", short.model, variant, tuple(stated.items()), tuple(words)), max(
        nearer, 50
    ) if words else nearer


def _plain_name(text: str, identity: Identity, base: str | None) -> tuple[Owner, int | None]:
    whole = name_tokens(text)
    if spelling(text) == spelling(identity.model) and closeness_to(whole, identity) is None:
        text = identity.model.rsplit("/", 1)[-1]  # the same letters, parted in another way
        whole = name_tokens(text)
    full = whole | (name_tokens(identity.model) & UNTUNED)
    if base is None and name_key(text) in identity.reused and closeness_to(full, identity) is not None:
        reason = f"the card prints {text} over base and over tuned models, and nothing here tells which"
        return Owner("unsure", text, reason=reason), None
    told = not _untold_base(whole, base) or identity.has_tuned_sibling
    unlinked = all(name_tokens(hub) != whole for hub in identity.known)
    if identity.specifications and unlinked and whole == identity.bare != name_tokens(identity.model):
        return Owner("other", identity.model), 120
    if closeness_to(whole, identity) in (0, 50) and told and not (base and identity.is_ambiguous):
        if base == "tuned" and identity.has_tuned_sibling and not whole & UNTUNED:
            return Owner("unsure", identity.model, reason=f"{text} under a heading of tuned models"), None
        return Owner("other", identity.model), closeness_to(whole, identity)
    plain = resolve_model(text, identity.known)
    if plain.variant and name_tokens(plain.variant) <= name_tokens(identity.model) and closeness_to(whole, identity):
        plain = ModelName(" ".join(text.split()))  # the word of a mode is one of the release's name
    tokens = name_tokens(plain.model)
    own = identity.tuned_say_so and closeness_to(whole, identity) == 0
    untold = _untold_base(tokens, base) and not identity.has_tuned_sibling and not own
    if untold:
        tokens |= (name_tokens(identity.model) & UNTUNED) or {"base"}
    same = [hub for hub in identity.known if name_tokens(hub) == tokens]
    model, variant = (same[0] if len(same) == 1 else plain.model), plain.variant
    if untold and model == identity.model and closeness_to(whole, identity) == 0 and not identity.has_base_sibling:
        return Owner("unsure", model, reason=f"{text} under a heading of base models may be another release"), None
    if untold and model == identity.model:
        model, variant = (" ".join(text.split()), "base") if not identity.is_base else (model, variant)
    if base is None and not whole & (TUNED | UNTUNED) and tokens | {"base"} == name_tokens(identity.model):
        return Owner("unsure", model, reason=f"{text} may be {identity.model} or its tuned sibling"), None
    closeness = closeness_to(tokens, identity)
    if base and identity.is_ambiguous and not whole & (TUNED | UNTUNED) and closeness_to(whole, identity) is not None:
        return Owner(
            "unsure", model, reason=f"{text} under a heading of {base} models: the card does not tell which"
        ), None
    if closeness and len(same) == 1 and same[0] != identity.model:
        closeness = None
    if base == "tuned" and closeness and identity.has_tuned_sibling and not whole & UNTUNED:
        return Owner("unsure", model, reason=f"{text} under a heading of tuned models"), None
    told = base == "tuned" or (base is None and whole in identity.beside_assistants)
    if closeness and identity.titled_in_full and not told and (name_tokens(identity.model) - tokens) & TUNED:
        reason = f"{text} may be what {identity.model}, the card's title, was tuned from"
        return Owner("unsure", model, reason=reason), None
    return Owner("other", model, variant, plain.stated), closeness


def _untold_base(tokens: frozenset[str], base: str | None) -> bool:
    """Whether a name without a word on tuning stands where base models are spoken of."""
    return base == "base" and not tokens & (TUNED | UNTUNED)
