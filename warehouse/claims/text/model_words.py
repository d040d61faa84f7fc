"""Sizes of models and addresses of models on the hub, as words of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from warehouse.claims.text.names import name_tokens
from warehouse.claims.text.vocabulary import NOT_MODELS

SIZE = re.compile(r"[ae]?\d+(?:\.\d+)?[bme]")
"""A word of a name that is a size."""
STATUS = frozenset({"preview", "alpha", "beta", "lm", "llm"})
"""Words of a release's name that a table may leave out where the card names no other edition."""
FORMAT = re.compile(r"gguf|awq|gptq|f?p?16|fp8|int[48]|q\d|[kmsl]|latest")
"""A word of an artifact's format or quantization."""
ROLES = frozenset(
    {"thinking", "think", "reasoning", "preview", "mini", "small", "large", "lite", "flash", "pro", "max", "air"}
)
"""Words that tell a release from its siblings, so that its name without version and size is nobody's for certain."""
MODE_WORDS = frozenset({"thinking", "think", "reasoning", "non", "no", "nonthinking", "mode", "high", "low", "medium"})
WITH_DIGIT = re.compile(r"[a-z]+\d+(?:\.\d+)?|\d+\.\d+")
"""A word of a name that tells its version: `k2`, `3.2`."""
ASIDE_WORDS = frozenset({"moe", "dense", "hybrid", "model"})  # words that tables add to a model's name
_HUB = re.compile(
    r"^https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]+/[\w.-]+?)/?(?:[?#].*|/(?:tree|blob|resolve)/.*)?$"
)


MAKERS = frozenset({"c4ai", "ibm", "nvidia", "meta"})
"""Names of makers that begin the names of their models on the hub, also where the organisation is called otherwise."""


def hub_id(link: str) -> str | None:
    """The model id that an address leads to, None for anything else."""
    match = _HUB.match(link.strip())
    return match[1] if match and match[1].split("/")[0] not in NOT_MODELS else None


_TAG = re.compile(r"(?:[\w.-]+/)*([\w.-]+):([\w.-]+)")
_SIZED_TAG = re.compile(r"(?i)(\d+(?:\.\d+)?[bm])(?:[-_](.+))?")


def without_tag(text: str) -> str:
    """A name as stores of models write it, `maker/odd:7B-Q4_K_M`, as `odd 7B Q4_K_M`; several of one model's tags in a
    cell as the one that says most. Anything else stays as it is."""
    tags = [_TAG.fullmatch(word) for word in text.split()]
    if not tags or not all(tags) or len({tag[1] for tag in tags if tag}) != 1:
        return text
    sized = [size for tag in tags if tag and (size := _SIZED_TAG.fullmatch(tag[2]))]
    if len({size[1].casefold() for size in sized}) != 1:
        return text
    whole = {size[2] for size in sized if size[2]}
    name = next(tag[1] for tag in tags if tag)
    return " ".join([name, sized[0][1], *whole]) if len(whole) < 2 else text


def is_size(text: str) -> bool:
    """Whether the text is a model's size and nothing else: `7B`, `35B-A3B`, `1.8 B`."""
    return re.fullmatch(r"(?i)\d+(?:\.\d+)?\s?[bm](?:[\s-]*a\d+(?:\.\d+)?b)?", text.strip()) is not None


def rounds(sizes: frozenset[str] | set[str], model: str, known: Iterable[str]) -> bool:
    """Whether the one size in brackets is the count that the size in the release's name rounds: `Odd (102B)` for
    `Odd-100B`; no other model that the card links to (`known`) bears it."""
    ours = [word for word in name_tokens(model) if re.fullmatch(r"\d+(?:\.\d+)?b", word)]
    linked = any(sizes & name_tokens(hub) for hub in known)
    said = [word for word in sizes if re.fullmatch(r"\d+(?:\.\d+)?b", word)]
    if len(said) != 1 or len(sizes) != 1 or len(ours) != 1 or linked:
        return False
    return abs(float(said[0][:-1]) / float(ours[0][:-1]) - 1) <= 0.03


_BASES = frozenset(["llama", "mistral", "mixtral", "qwen", "gemma", "phi", "falcon", "yi", "deepseek", "internlm"])
"""Families whose name others put before their own models' names."""


def names_only_the_base(missing: frozenset[str] | set[str], kept: frozenset[str], ours: frozenset[str]) -> bool:
    """Whether a name leaves out only the family, with its version, that the release was made of: `Odd 3 8B` for
    `Llama-3.1-Odd-3-8B`. `kept` are the words it keeps, without those that any model may have."""
    letters = {word: re.match(r"[^\W\d_]*", word)[0] for word in ours}  # type: ignore[index]
    bases = {word for word in ours if letters[word] in _BASES}
    if len(bases) != 1 or not bases <= missing or not all(re.fullmatch(r"\d+(?:\.\d+)?", w) for w in missing - bases):
        return False
    sizes = {word for word in ours if SIZE.fullmatch(word)}
    return bool(sizes) and sizes <= kept and any(len(word) > 2 and word.isalpha() for word in kept)


def is_base_by_custom(model: str) -> bool:
    """Whether a release without a word of tuning is a base model because its family always names the tuned ones: Llama
    2 to 4, under whoever's name (`Llama-3.2-3B`, `Meta-Llama-3-8B`, `Llama-2-7b-hf`), Gemma 1 and 2 (`gemma-2-9b`)."""
    name = model.rsplit("/", 1)[-1]
    families = r"(?i)(?:meta-)?llama-\d(?:\.\d)?-\d+b(?:-vision)?(?:-hf)?|(?:code)?gemma-(?:2-)?\d+b"
    return re.fullmatch(families, name) is not None
