"""Whose column is it? This release's, another model's, or not certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from warehouse.claims.cells import without_marks
from warehouse.claims.identity import TUNED, UNTUNED, Identity, closeness_to, hub_id
from warehouse.claims.labels import metric_settings, read_label
from warehouse.claims.names import mode_of, name_key, name_tokens, normalise, resolve_model
from warehouse.claims.words import GENERIC


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
