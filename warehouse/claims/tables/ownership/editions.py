"""Which edition of the release a name means: a mode before its version, a quantization, another format."""

from __future__ import annotations

import re

from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.text.model_words import is_size
from warehouse.claims.text.names import mode_of, name_tokens, normalise
from warehouse.claims.text.parts import kind_of
from warehouse.claims.text.vocabulary import GENERIC, TUNED, UNTUNED

ADAPTIVE = re.compile(
    r"(?i)(?:(?:adaptive|auto)[\s-]?(?:thinking|reasoning|think|switching)(?: mode)?|自适应(?:思考|推理)?(?:模式)?)"
    r"(?:\s*v\d+(?:\.\d+)?)?$"
)
"""A mode in which the model itself decides whether it thinks: no setting has it, so it stays a word on the score."""


def is_same_weights(hub: str, identity: Identity) -> bool:
    """Whether an id is the release's, but for `hf`, which only names a format of the weights."""
    theirs, ours = (re.sub(r"(?i)[-_]hf$", "", model) for model in (hub, identity.model))
    return theirs == ours


def mode_of_edition(text: str, identity: Identity) -> tuple[dict[str, str], str]:
    """The mode that a heading states, alone or before the version in the release's name (`Thinking v1.1`); before
    another version, that one."""
    versioned = re.fullmatch(r"(.*[^\W\d])\s*[vV](\d+(?:\.\d+)?)", text)
    modes = mode_of(versioned[1]) if versioned else {}
    if versioned is None or not (modes or ADAPTIVE.match(text)):
        return mode_of(text), ""
    ours = name_tokens(identity.model)
    return modes, "" if versioned[2] in ours else f"v{versioned[2]}"


def names_artifact(bracket: str) -> bool:
    """Whether the bracket behind a model's name is that of a recipe of quantization, whose result is a release of its
    own: `W8A8C8-FP8`."""
    return re.fullmatch(r"(?i)w\d{1,2}a\d{1,2}c\d{1,2}(?:[-_ ]?(?:fp|int)\d)?", bracket.strip()) is not None


def behind_name(leaf: str, hub: str) -> str:
    """The words that stand behind a model's own name, where they say more than whose it is: `Odd-14B TIR`."""
    name = hub.rsplit("/", 1)[-1]
    rest = leaf.casefold().partition(name.casefold())[2]
    rest = re.sub(r"^[^\w(]+|[^\w)]+$", "", leaf[len(leaf) - len(rest) :]) if rest else ""
    bare = rest.strip("()")
    says_nothing = not any(map(str.isalnum, rest)) or normalise(rest) in GENERIC or kind_of(bare) == "harmless"
    tuning = bool(name_tokens(bare)) and name_tokens(bare) <= TUNED | UNTUNED  # the link says which weights
    return "" if says_nothing or tuning or mode_of(bare) or is_size(bare) else rest


def quantized_sibling(quantization: str | None, identity: Identity) -> str | None:
    """The other release that a quantization column is about, if this release's own name states another quantization."""
    ours = name_tokens(identity.model)
    stated = {word for word in ours if "quantization" in mode_of(word)}
    if (
        not quantization
        or not stated
        or stated & {quantization.casefold(), *re.findall(r"[a-z]+\d*", quantization.casefold())}
    ):
        return None
    wanted = ours - stated | name_tokens(quantization)
    same = [hub for hub in identity.known if name_tokens(hub) == wanted]
    return same[0] if len(same) == 1 else f"{identity.model} ({quantization})"
