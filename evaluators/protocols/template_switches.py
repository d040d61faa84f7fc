"""What a chat template says of thinking. It is read, never rendered: templates are a stranger's programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluators.backends.openai_api.chat import EFFORTS, SWITCHES
from evaluators.backends.openai_api.thinking import CLOSE, HARMONY_OTHER, OPEN

LEVELS = ("max", "xhigh", "high", "medium", "low", "minimal")
"""Efforts, the longest thinking first."""
NO_EFFORT = ("none", "no_think", "nothink", "off", "disabled")
"""Values of an effort that switch thinking off (Mistral, Hunyuan)."""
TELLS_BUDGET = re.compile(r"(?:thinking|reasoning|token|think)_?budget\w*|budget_tokens", re.I)
"""Names of variables with the length of thinking."""
LONGEST = 400_000
"""Characters of a template that are read."""


@dataclass(frozen=True)
class TemplateFacts:
    """What a template shows."""

    switch: str | None
    """Variable that switches thinking; None: none."""
    effort: str | None
    """Variable that sets the effort; None: none."""
    efforts: tuple[str, ...]
    """Levels that the template compares it with, the longest thinking first; empty where it takes any word."""
    no_effort: str | None
    """The value among those that switches thinking off; None: none."""
    opens_thinking: bool
    """Whether the prompt for an answer ends with an opening mark of thinking."""
    marks: tuple[str, ...]
    """Marks of thinking in it."""
    words: tuple[str, str] | None
    """Words of a system prompt that switch thinking on and off; the first is empty where it is on without one."""
    tells_budget: bool
    """Whether it tells the model how long it may think (Seed-OSS)."""


def template_facts(template: str) -> TemplateFacts:
    """Switches and marks of a template, by its names and texts."""
    text = template[:LONGEST]
    code = " ".join(_code(text))
    names = set(re.findall(r"(?<![\w.'\"])([A-Za-z_]\w*)", code))
    assigned = set(re.findall(r"\bset\s+([A-Za-z_]\w*)\s*=\s*(?!\1\b)", code))
    marks = [match[0].strip() for pattern in (OPEN, CLOSE, HARMONY_OTHER) for match in pattern.finditer(text)]
    tail = text[text.rfind("add_generation_prompt") :] if "add_generation_prompt" in text else text[-300:]
    opening, closing = len(OPEN.findall(tail)), len(CLOSE.findall(tail))
    values = _compared(code)
    return TemplateFacts(
        switch=next((name for name in SWITCHES if name in names - (assigned - _tested(code))), None),
        effort=next((name for name in EFFORTS if name in names), None),
        efforts=tuple(level for level in LEVELS if level in values),
        no_effort=next((value for value in NO_EFFORT if value in values), None),
        opens_thinking=opening > closing,
        marks=tuple(dict.fromkeys(marks)),
        words=switching_words(text),
        tells_budget=any(TELLS_BUDGET.fullmatch(name) for name in names),
    )


def switching_words(text: str) -> tuple[str, str] | None:
    """The words of a system prompt that switch thinking on and off, from a text that speaks of them: `/think` and
    `/no_think` (SmolLM3, Nemotron Nano 2), `detailed thinking on` and `off` (Llama-Nemotron); None if it names none.

    A text that knows no word for on is of a model that thinks unless it is told not to.
    """
    if match := re.search(r"\b(detailed thinking) (?:on|off)\b", text, re.I):
        return f"{match[1]} on", f"{match[1]} off"
    if match := re.search(r"(?<![<\w])/no(_?)think\b", text):
        named = re.search(r"(?<![<\w])/think\b", text)
        return "/think" if named else "", f"/no{match[1]}think"
    return None


def _code(text: str) -> Iterator[str]:
    """What stands between `{{ }}` and `{% %}`, in one pass whatever the text holds."""
    at = 0
    while (match := re.compile(r"\{[{%]").search(text, at)) is not None:
        end = min((position for mark in ("%}", "}}") if (position := text.find(mark, match.end())) >= 0), default=-1)
        if end < 0:
            return
        yield text[match.end() : end]
        at = end + 2


def _compared(code: str) -> set[str]:
    """Words that a variable of effort is compared with, or looked for in."""
    name = rf"(?<![\w.])(?:{'|'.join(EFFORTS)})(?:\s*\|\s*lower)?\s*"
    words = re.findall(rf"{name}(?:==|!=)\s*['\"](\w+)['\"]", code)
    lists = re.findall(rf"{name}(?:not\s+)?in\s*[\[(]([^\])]*)[\])]", code)
    return {
        word.lower()
        for text in (*(f"'{word}'" for word in words), *lists)
        for word in re.findall(r"['\"](\w+)['\"]", text)
    }


def _tested(code: str) -> set[str]:
    """Names that the template asks for before it sets them itself: variables of the caller with a default."""
    return set(re.findall(r"([A-Za-z_]\w*)\s+is\s+(?:not\s+)?defined", code)) | set(
        re.findall(r"([A-Za-z_]\w*)\s*\|\s*default", code)
    )
