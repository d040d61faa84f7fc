"""What headings and sentences say of base and tuned models, and of thinking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from warehouse.claims.text.names import mode_of
from warehouse.claims.text.vocabulary import TUNED, UNTUNED


def tuning_of(headings: Sequence[str]) -> Literal["base", "tuned"] | None:
    """Whether the nearest heading that says so speaks of base or of tuned models."""
    for heading in reversed(headings):
        words = set(re.findall(r"[a-z]+", re.sub(r"(pre|post)-train", r"\1train", heading.casefold())))
        tuned = bool(words & (TUNED | {"instruction", "tuned", "aligned", "posttraining"}))
        base = bool(words & UNTUNED)
        if tuned != base:
            return "base" if base else "tuned"
    return None


def headings_with(headings: Sequence[str], label_head: str) -> list[str]:
    """The headings over a table, with that of its column of models among them where that says which models stand below:
    `Instruct Model`."""
    told = re.search(r"(?i)\bmodels?\b", label_head) and tuning_of([label_head])
    return [*headings[:-1], label_head, *headings[-1:]] if told else [*headings]


_KINDS = r"(?: base)?(?: language)? (?:models?|releases?|versions?|checkpoints?)\b"
_TUNING_SENTENCE = {
    "base": re.compile(rf"(?i)\b(?:pre-?trained|base|foundation){_KINDS}"),
    "tuned": re.compile(rf"(?i)\b(?:(?:instruction-|fine-?)?tuned|post-?trained|chat|instruct|aligned){_KINDS}"),
}


def tuning_said(sentence: str) -> Literal["base", "tuned"] | None:
    """Whether a sentence before a table says that its numbers are of base or of tuned models."""
    tunings = {name for name, pattern in _TUNING_SENTENCE.items() if pattern.search(sentence)}
    return ("base" if "base" in tunings else "tuned") if len(tunings) == 1 else None


_NO_MODE = r"(?![\s-]+(?:bench|task|data|test|eval|domain|capabilit|question|problem|abilit|skill))"
"""Behind `non-reasoning` in a heading that is about benchmarks, and no mode of the model."""


def mode_in(headings: Sequence[str]) -> dict[str, str]:
    """Thinking on or off, where the nearest heading that speaks of it says so."""
    for heading in reversed(headings):
        plain = heading.casefold()
        if plain.strip() != "reasoning" and "thinking" in (named := mode_of(re.sub(r"^[\W\d.]+", "", heading))):
            return {"thinking": named["thinking"]}
        if re.search(rf"\b(?:non|no|without|w/o)[\s-]*(?:extended[\s-]+)?(?:thinking|reasoning)\b{_NO_MODE}", plain):
            return {"thinking": "off"}
        if re.search(
            r"\b(?:thinking|reasoning)[\s-]mode\b|\b(?:with|w/)\s*(?:extended )?(?:thinking|reasoning)\b", plain
        ):
            return {"thinking": "on"}
    return {}


_ALL_IN_MODE = re.compile(
    r"(?i)\ball (?:the )?(?:(?:compared|listed|baseline) )?models? (?:are|were|is) "
    r"(?:evaluated|tested|measured|run|reported|compared) (?:in|with|using|under) (?:the |their )?"
    r"(?P<off>non[\s-]?)?(?:thinking|reasoning)(?: mode)?\b|"
    r"所有模型(?:均|都)?(?:评测|测试|使用|采用|为|以|在)?\s?(?P<none>非\s?)?(?:thinking\s?)?(?:思考|推理)模式"
)


def mode_of_all(sentences: Sequence[str]) -> dict[str, str]:
    """Thinking on or off, where the words before a table say which mode all its models were measured in."""
    said = [match for text in sentences for match in _ALL_IN_MODE.finditer(text)]
    modes = {"off" if match["off"] or match["none"] else "on" for match in said}
    return {"thinking": modes.pop()} if len(modes) == 1 else {}


_SECTION = re.compile(
    r"(?i)(?P<mode>(?P<off>non[\s-]?|no )?(?:thinking|reasoning) mode)?[\s,(/&-]*"
    r"(?P<tools>(?:w/o|without|no)\s?(?:any )?tools?(?:[\s-]us(?:e|age))?)?\)?"
)


def settings_of_section(name: str) -> dict[str, str | int | float]:
    """What a row over a section's rows states of them, where it says nothing else: `Reasoning Mode w/o Tool Use`."""
    said = _SECTION.fullmatch(name.strip())
    if said is None:
        return {}
    stated: dict[str, str | int | float] = {}
    if said["mode"]:
        stated["thinking"] = "off" if said["off"] else "on"
    return {**stated, "tools": "none"} if said["tools"] else stated
