"""Budgets of thinking that a claim states, and how it is run: as a limit of the whole answer.

What servers do at a budget differs (they close the thinking, put a sentence there, or stop), and no two need give the
same score. None of them touches an answer whose thinking ends before it. So an answer that is whole within as many
tokens, its thinking included, is what every such budget gives; the others are cut, and a cut answer counts both ways:
a verdict must hold whatever it would have been. Not so for a release that is told its budget in the prompt, which then
thinks otherwise from the first token.
"""

from __future__ import annotations

import re

from evaluators.records import Settings

NUMBER = r"(\d[\d,]*(?:\.\d+)?)\s?(k)?"
BUDGET = re.compile(
    rf"{NUMBER}(?:[- ]?tokens?)?[- ](?:of )?(?:thinking|reasoning)(?:[- ](?:tokens?|budget))+"
    rf"|(?:thinking|reasoning)[-_ ](?:token[-_ ])?budget(?: of| is|\s?[=:])?\s?{NUMBER}(?:[- ]?tokens?)?",
    re.I,
)
"""`64K thinking budget`, `32,768 reasoning tokens`, `thinking budget of 16k tokens`, `thinking_budget=4096`."""


def thinking_budget(settings: Settings) -> int | None:
    """Tokens of the budget that a claim's notes state; None where they state none, several, or that it does not think.
    32K is read as 32,000, the less that it may mean: whole answers within fewer tokens are within more, too."""
    if settings.thinking == "off":
        return None
    stated = {_tokens(match) for note in settings.notes for match in BUDGET.finditer(note)}
    budget = stated.pop() if len(stated) == 1 else 0
    return budget or None


def within_budget(settings: Settings) -> Settings:
    """The settings under which a claim is run: with a budget thinking is on, and the budget limits the answer."""
    budget = thinking_budget(settings)
    if budget is None:
        return settings
    return settings.model_copy(update={"thinking": "on", "max_tokens": min(budget, settings.max_tokens or budget)})


def _tokens(match: re.Match[str]) -> int:
    number, thousands = (match[1], match[2]) if match[1] else (match[3], match[4])
    return round(float(number.replace(",", "")) * (1000 if thousands else 1))
