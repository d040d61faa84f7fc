"""Names: benchmarks through the catalogue's aliases, models to hub ids. Never silently fuzzy."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from evaluators.catalogue import catalogue
from warehouse.claims.text.vocabulary import CHINESE_MODES, CHINESE_NAMES, EFFORTS, MODES

_GREEK = str.maketrans({"τ": "tau", "π": "pi", "α": "alpha", "β": "beta", "∞": "infinity", "&": "and", "+": "plus"})


@lru_cache(maxsize=20_000)
def normalise(text: str) -> str:
    """Letters and digits only, lower case, without accents and forms: `MMLU‑Pro` and `mmlu_pro` give `mmlupro`."""
    folded = unicodedata.normalize("NFKC", text[:400]).casefold().translate(_GREEK)
    plain = "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
    return "".join(c for c in plain if c.isalnum())


@dataclass(frozen=True)
class Resolution:
    """What a benchmark's printed name means."""

    name: str | None
    """Catalogue name; None where nothing fits for certain."""
    how: str
    """`exact`, `normalised` or `none`."""
    suggestions: tuple[str, ...] = ()
    """Catalogue names that look alike, for a person to confirm."""


@cache
def _exact() -> dict[str, str]:
    names: dict[str, str] = {}
    for name, entry in catalogue().items():
        for text in (name, entry.title, *entry.aliases):
            if names.setdefault(text, name) != name:
                raise ValueError(f"the name {text!r} belongs to {names[text]} and to {name}")
    return {**CHINESE_NAMES, **names}


@cache
def _normalised() -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for text, name in _exact().items():
        key = normalise(text)
        if key and text != name:  # a catalogue name counts as it is: "AIME" is not lm-eval's task `aime`
            names[key] = name if names.get(key, name) == name else None
    return names


@lru_cache(maxsize=20_000)
def resolve_benchmark(text: str) -> Resolution:
    """The benchmark of this printed name: an alias word for word, else one that is equal after `normalise`.

    Nothing else is taken: what merely looks alike is only suggested. Qualifiers ("5-shot") are taken off before,
    by `labels.read_label`.
    """
    stripped = " ".join(text.split())
    if stripped in _exact():
        return Resolution(_exact()[stripped], "exact")
    key = normalise(stripped)
    name = _normalised().get(key)
    if name is not None:
        return Resolution(name, "normalised")
    return Resolution(None, "none")


def suggest_benchmarks(text: str) -> tuple[str, ...]:
    """Up to three catalogue names whose names look like this one; for a person to confirm, never taken silently."""
    near = difflib.get_close_matches(normalise(text), _normalised(), n=6, cutoff=0.6)
    names = dict.fromkeys(name for key in near if (name := _normalised()[key]))
    return tuple(names)[:3]


_QUANTIZATION = re.compile(
    r"(?i)^(bf16|fp16|f16|fp32|f32|fp8|nvfp4|mxfp4|fp4|int[48](?:[-_ ]?(?:awq|gptq)|[-_ ]weight[-_ ]only)?|"
    r"(?:awq|gptq)(?:[-_ ]?int[48])?|gguf|w[48]a(?:8|16)|i?q\d(?:_[a-z0-9]+)*|ud-q\d(?:_[a-z0-9]+)*)$"
)


def mode_of(text: str) -> dict[str, str]:
    """Settings that a column's mode words state: thinking on or off, an effort, a quantization; empty if none."""
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", unicodedata.normalize("NFKC", text).casefold()).split())
    if words in MODES:
        name, value = MODES[words]
        return {name: value}
    for ending in (" effort", " reasoning", " thinking", " reasoning effort", " thinking effort"):
        if words.endswith(ending) and words.removesuffix(ending) in EFFORTS:
            return {"effort": words.removesuffix(ending)}
    if words in EFFORTS:
        return {"effort": words}
    if not words and (bare := "".join(c for c in text if c.isalnum()).removesuffix("模式")) in CHINESE_MODES:
        return {"thinking": CHINESE_MODES[bare]}
    if _QUANTIZATION.match(text.strip()):
        return {"quantization": text.strip()}
    return {}


@dataclass(frozen=True)
class ModelName:
    """A model as printed, taken apart."""

    model: str
    """Hub id where one is known, else the name as printed, without its mode."""
    variant: str | None = None
    """Mode, effort or quantization, as printed."""
    stated: tuple[tuple[str, str], ...] = ()
    """Settings that the variant states, e.g. (`thinking`, `on`)."""


def resolve_model(text: str, known: tuple[str, ...] = ()) -> ModelName:
    """The model of a printed name: its mode taken off, and the hub id among `known` that has the same name.

    `known` are hub ids seen in links or in the ledger. Of several ids with one name none is taken.
    """
    name = " ".join(text.split())
    variant: str | None = None
    stated: dict[str, str] = {}
    bracket = re.fullmatch(r"(.+?)\s*[(\[]([^()\[\]]*)[)\]]", name)
    if bracket and (stated := mode_of(bracket[2])):
        name, variant = bracket[1], bracket[2]
    else:
        parts = re.fullmatch(r"(.+?)[\s_:@-]+(\S+(?:[\s-](?:think|thinking|reasoning|effort|mode))?)", name)
        words = parts and mode_of(parts[2])
        if not words and (last := re.fullmatch(r"(.+ .+)[_:@-]((?:non)?-?(?:think|thinking|reasoning))", name, re.I)):
            parts, words = last, mode_of(last[2])
        if parts and words and ("thinking" in words or ":" in name or "@" in name) and " " in name:
            name, variant, stated = parts[1], parts[2], words
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        same = {hub for hub in known if name_key(hub) == name_key(name)}
        name = same.pop() if len(same) == 1 else name
    return ModelName(name, variant, tuple(stated.items()))


def name_key(model: str) -> str:
    """What two ways of writing one model name share: no organisation, no punctuation, lower case."""
    return normalise(_without_organisation(model))


def _without_organisation(model: str) -> str:
    """The name without what stands before a slash; slashes in brackets, as in `Odd-3B (2/8)`, part nothing."""
    return re.sub(r"^(?:[^\s()\[\]/]+/)+(?=[^/]*(?:[(\[]|$))", "", model.strip())


def spelling(model: str) -> tuple[str, tuple[str, ...]]:
    """Letters and digits of a model's name in order, and its numbers: what `Mi:dm 2.0-Base-inst` and
    `Midm-2.0-Base-Instruct` share."""
    plain = re.sub(r"(?i)\bins(?:tr?)?\b", "instruct", _without_organisation(model))
    return normalise(plain), tuple(re.findall(r"\d+(?:\.\d+)?", plain))


def _version(said: re.Match[str], name: str) -> str:
    """A version without its v, but where the name has the bare number as well: `odd-3-8b-v3` is no `odd-3-8b`."""
    return said[0] if re.search(rf"(?<![a-z\d.]){re.escape(said[1])}(?![a-z\d.])", name) else said[1]


@lru_cache(maxsize=5_000)
def name_tokens(model: str) -> frozenset[str]:
    """The parts of a model name, lower case: `Gemma 3 IT 27B` and `gemma-3-27b-it` give the same set."""
    plain = unicodedata.normalize("NFKC", _without_organisation(model)).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    plain = re.sub(r"(?<=[a-z-]\d)[_dp](?=\d(?:b?-|b?$))", ".", plain)  # 2_5-7b, 1_8b, 2d5, k2p5
    plain = re.sub(r"(?<![\d.])0(?=\d[bm]\b)", "0.", plain)  # 05B
    plain = re.sub(r"(?<![\d.])(\d{1,3})\.0(?![\d.])", r"\1", plain)  # 2.0, 3.0B
    plain = re.sub(r"(\d)b(?=a\d)|(\d)bx(?=\d)", r"\1\2b ", plain)  # 35BA3B, 17Bx16E
    plain = re.sub(r"\bins(?:tr?)?\b", "instruct", plain)
    plain = re.sub(r"(?<=[a-z\d])\+(?=$|[\s)-])", " plus", plain)  # R+
    plain = re.sub(r"(?<![a-z\d])v(\d+(?:\.\d+)*)", lambda version: _version(version, plain), plain)  # V1.0
    plain = re.sub(r"(?<![^\W_])(?<!\.)(\d+)(b|t)[\s_-]?t(?:okens)?(?![a-z])", r"\1\2tokens", plain)
    return frozenset(re.findall(r"[a-z]*\d+(?:\.\d+)*[a-z]*|[^\W\d_]+", plain))
