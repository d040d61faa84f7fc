"""Whose column is it? This release's, another model's, or not certain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from warehouse.claims.tables.cells import without_marks
from warehouse.claims.text.labels import metric_settings, read_label
from warehouse.claims.text.names import mode_of, name_key, name_tokens, normalise, resolve_model
from warehouse.claims.text.vocabulary import GENERIC, NOT_MODELS


@dataclass(frozen=True)
class Owner:
    """Whose numbers a column (or row) holds."""

    kind: Literal["this", "other", "unsure"]
    """`unsure`: may be this release, so nothing is taken."""
    model: str
    """Hub id or name as printed."""
    variant: str | None = None
    """Mode, effort or quantization as printed."""
    stated: tuple[tuple[str, str | int], ...] = ()
    """Settings that follow from the heading."""
    words: tuple[str, ...] = ()
    """Words of the heading that no field holds."""
    reason: str = ""
    """For `unsure`."""


def tuning_of(headings: Sequence[str]) -> Literal["base", "tuned"] | None:
    """Whether the nearest heading that says so speaks of base or of tuned models."""
    for heading in reversed(headings):
        words = set(re.findall(r"[a-z]+", re.sub(r"(pre|post)-train", r"\1train", heading.casefold())))
        tuned = bool(words & (TUNED | {"instruction", "tuned", "aligned", "posttraining"}))
        base = bool(words & UNTUNED)
        if tuned != base:
            return "base" if base else "tuned"
    return None


def mode_in(headings: Sequence[str]) -> dict[str, str]:
    """Thinking on or off, where the nearest heading that speaks of it says so."""
    for heading in reversed(headings):
        plain = heading.casefold()
        if plain.strip() != "reasoning" and "thinking" in (named := mode_of(re.sub(r"^[\W\d.]+", "", heading))):
            return {"thinking": named["thinking"]}
        if re.search(r"\b(?:non|no|without|w/o)[\s-]*(?:extended[\s-]+)?(?:thinking|reasoning)\b", plain):
            return {"thinking": "off"}
        if re.search(
            r"\b(?:thinking|reasoning)[\s-]mode\b|\b(?:with|w/)\s*(?:extended )?(?:thinking|reasoning)\b", plain
        ):
            return {"thinking": "on"}
    return {}


def section_model(headings: Sequence[str], identity: Identity) -> str:
    """The model that the nearest heading names, if it names one of the card's; else the release."""
    for heading in reversed(headings):
        key = name_key(heading)
        for known in identity.known:
            if key and key == name_key(known):
                return known
    return identity.model


def owners(
    heads: Sequence[tuple[Sequence[str], Sequence[str]]], identity: Identity, headings: Sequence[str]
) -> list[Owner]:
    """Whose each column is; `heads` gives for each its heading parts (group first) and the addresses linked there.

    Exactly one name in a table is this release's (with its modes): the closest. Two equally close ones that are not
    equal to it make both unsure.
    """
    base = tuning_of(headings)
    section = section_model(headings, identity)
    parsed = [_parse(parts, links, identity, base, section) for parts, links in heads]
    if any("".join(parts).strip() for parts, _ in heads):
        parsed = [
            (owner, closeness)
            if "".join(parts).strip() or links
            else (Owner("unsure", "a column without a heading", reason="no heading says whose numbers it holds"), None)
            for (parts, links), (owner, closeness) in zip(heads, parsed, strict=True)
        ]
    close = [closeness for _, closeness in parsed if closeness is not None]
    best = min(close, default=None)
    names = {name_key(owner.model) for owner, closeness in parsed if closeness == best}
    found = []
    for owner, closeness in parsed:
        if closeness is None or best is None:
            found.append(owner)
        elif closeness > best:
            found.append(Owner("other", owner.model, owner.variant, owner.stated, owner.words))
        elif best > 0 and len(names) > 1:
            found.append(
                Owner("unsure", owner.model, reason=f"{len(names)} columns are named nearly like {identity.model}")
            )
        elif best >= 200 and _family_elsewhere(parsed, owner, identity):
            found.append(Owner("unsure", owner.model, reason=f"the name leaves open which size of {owner.model} it is"))
        else:
            found.append(Owner("this", identity.model, owner.variant, owner.stated, owner.words))
    return found


def _family_elsewhere(parsed: Sequence[tuple[Owner, int | None]], owner: Owner, identity: Identity) -> bool:
    shared = {word for word in name_tokens(owner.model) & name_tokens(identity.model) if word.isalpha()}
    return any(other is not owner and shared <= name_tokens(other.model) for other, _ in parsed)


def _parse(
    parts: Sequence[str], links: Sequence[str], identity: Identity, base: str | None, section: str
) -> tuple[Owner, int | None]:
    """The owner that a heading names, and its closeness to the release (None: another model)."""
    leaf = without_marks(parts[-1]) if parts else ""
    group = " ".join(parts[:-1]).strip()
    hubs = list(dict.fromkeys(hub for link in links if (hub := hub_id(link))))
    if len(hubs) == 1:
        linked = tuple(mode_of(leaf).items())
        return Owner("other", hubs[0], leaf if linked else None, linked), 0 if hubs[0] == identity.model else None
    if len(hubs) > 1 and not leaf:
        return Owner("unsure", hubs[0], reason=f"the row speaks of {len(hubs)} models: {', '.join(hubs[:4])}"), None
    if "this model" in leaf.casefold() or normalise(leaf) in ("ours", "thismodel"):
        return Owner("other", identity.model), 0
    bare = re.sub(r"\s*[(\[]\s*(?:ours|%|acc\.?|score)\s*[)\]]", "", leaf, flags=re.IGNORECASE).strip()
    modes = mode_of(bare)
    stated: tuple[tuple[str, str | int], ...] = tuple(modes.items())
    words: tuple[str, ...] = ()
    generic = normalise(bare) in GENERIC
    if not modes and not generic and not group:
        label = read_label(bare)
        metric, left = metric_settings(bare, None)
        generic = bool(metric) and not left and label.benchmark is None
        stated = tuple(metric.items()) if generic else ()
    if modes or generic:
        if group and normalise(group) not in GENERIC and not read_label(group).benchmark:
            owner, closeness = _name(group, identity, base)
            return Owner("other", owner.model, bare or owner.variant, (*owner.stated, *stated), words), closeness
        if (sibling := _quantized_sibling(modes.get("quantization"), identity)) and section == identity.model:
            return Owner("other", sibling, bare, stated, words), None
        owner = Owner("other", section, bare if modes else None, stated, words)
        return owner, 0 if section == identity.model else None
    owner, closeness = _name(bare, identity, base)
    if closeness is None and group:
        joined, nearer = _name(f"{group} {bare}", identity, base)
        if nearer is not None:
            return joined, nearer
    return owner, closeness


def _quantized_sibling(quantization: str | None, identity: Identity) -> str | None:
    """The other release that a quantization column is about, if this release's own name states another quantization."""
    ours = name_tokens(identity.model)
    stated = {word for word in ours if "quantization" in mode_of(word)}
    if not quantization or not stated or quantization.casefold() in stated:
        return None
    wanted = ours - stated | name_tokens(quantization)
    same = [hub for hub in identity.known if name_tokens(hub) == wanted]
    return same[0] if len(same) == 1 else f"{identity.model} ({quantization})"


def _name(text: str, identity: Identity, base: str | None) -> tuple[Owner, int | None]:
    whole = name_tokens(text)
    told = not _untold_base(whole, base) or identity.has_tuned_sibling
    if closeness_to(whole, identity) == 0 and told and not (base and identity.is_ambiguous):
        if base == "tuned" and identity.has_tuned_sibling:
            return Owner("unsure", identity.model, reason=f"{text} under a heading of tuned models"), None
        return Owner("other", identity.model), 0
    plain = resolve_model(text, identity.known)
    tokens = name_tokens(plain.model)
    untold = _untold_base(tokens, base)
    if untold:
        tokens |= {"base"}
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
    return Owner("other", model, variant, plain.stated), closeness


def _untold_base(tokens: frozenset[str], base: str | None) -> bool:
    """Whether a name without a word on tuning stands where base models are spoken of."""
    return base == "base" and not tokens & (TUNED | UNTUNED)


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
