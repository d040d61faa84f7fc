"""Words on a score that nothing placed: a claim that has any cannot be judged, because they may change its meaning."""

from __future__ import annotations

import re

from evaluators.records import Settings
from warehouse.claims.text.thinking_budget import BUDGET, thinking_budget

PLACED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("temperature", re.compile(r"\btemp(?:erature)?\s*(?:=|:|of)?\s*\d+(?:\.\d+)?|\bgreedy(?: decoding)?", re.I)),
    ("top_p", re.compile(r"\btop[-_ ]?p\s*(?:=|:|of)?\s*\d+(?:\.\d+)?", re.I)),
    ("top_k", re.compile(r"\btop[-_ ]?k\s*(?:=|:|of)?\s*\d+", re.I)),
    ("shots", re.compile(r"\b(?:\d+|zero|one|few|five)[- ]?shots?\b", re.I)),
    ("prompt", re.compile(r"\b(?:plain )?completion(?: prompts?)?|\bchat(?: template)?(?: applied)?", re.I)),
    ("thinking", re.compile(r"\b(?:non-?|no |with(?:out)? )?(?:thinking|reasoning)(?: mode)?(?: on| off)?", re.I)),
    ("effort", re.compile(r"\b(?:low|medium|high|max)(?: reasoning)? effort", re.I)),
    ("max_tokens", re.compile(r"\b(?:max(?:imum)?|up to)?\s*[\d,]+k?\s*(?:output )?tokens", re.I)),
    ("repeats", re.compile(r"\b(?:avg|mean|average)\s*@?\s*(?:of\s*)?\d+(?: runs?)?|\b(?:pass|maj|cons)@\d+", re.I)),
    ("metric", re.compile(r"\b(?:acc(?:uracy)?(?:_norm)?|exact[- ]match|em|f1|pass@1)\b", re.I)),
    ("filter", re.compile(r"\b(?:strict|flexible)(?:[- ](?:match|extract))?\b", re.I)),
    ("tools", re.compile(r"\b(?:with(?:out)?|no) tools?\b", re.I)),
    (
        "harness",
        re.compile(r"\blm[-_ ]?eval(?:uation[-_ ]harness)?|\blighteval\b|\bopencompass\b|\bsimple-evals\b", re.I),
    ),
    ("quantization", re.compile(r"\b(?:bf16|fp16|fp8|int[48]|q\d_\w+|4[- ]bit|8[- ]bit)\b", re.I)),
)
"""Phrases that state a setting: placed where the claim has that setting, unplaced where it was not read."""
HARMLESS = re.compile(
    r"\b(?:higher|lower) (?:is|are) better\b|\bbest (?:results?|scores?) (?:is|are)?\s*(?:in )?(?:bold|underlined)\w*"
    r"|\b(?:self-)?reported(?: by (?:us|the authors?|ourselves))?\b|\b(?:our|internal) evaluations?\b"
    r"|\b(?:scores?|results?|numbers?|values?|benchmarks?) (?:are|is|were) (?:in|given in|shown in) (?:percent\w*|%)"
    r"|\b(?:see|use) [\w./ -]*(?:report|paper|details?|tables?|\.md)[\w./ -]*",
    re.I,
)
"""Phrases that say nothing about how a number was made."""
SMALL = frozenset(
    """a an the and or of in on at by for with to from as is are was were be all each this these those our we us it
    its that which using used use run runs prompt prompts evaluated measured evaluation evaluations results
    result score scores model models table tables above below here note notes setting settings mode""".split()  # noqa: SIM905
)
"""Words that carry nothing by themselves."""


UNFOLLOWED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?:thinking|reasoning)[- ](?:token[- ])?budget|budget of [\d,.]+\s?k?\b"
            r"|[\d,.]+\s?k?[- ](?:thinking|reasoning)[- ](?:tokens?|budget)",
            re.I,
        ),
        "a budget of thinking alone, whose size is not told",
    ),
    (
        re.compile(r"\b(?:t|temp(?:erature)?|top[-_ ]?[pk])\W{0,4}\d+(?:\.\d+)?\s*(?:-|–|—|to|~)\s*\d", re.I),
        "a range, of which a run has one value",
    ),
    (
        re.compile(r"\bbest[- ]?(?:of[- ]?|@)\s?\d+|\bbon[@-]?\d+", re.I),
        "the best of several answers, chosen in a way untold",
    ),
)
"""Phrases that state how the model was asked, in ways that no run here follows, and what they say."""


def unplaced_sentence(words: tuple[str, ...]) -> str:
    """Why a claim with these words is not run, for people."""
    known = {word: told for word in words for pattern, told in UNFOLLOWED if pattern.search(word)}
    strange = [word for word in words if word not in known]
    parts = [f"stated, and not run here: {word} ({told})" for word, told in known.items()]
    return "; ".join([*parts, *([f"not understood: {'; '.join(strange)}"] if strange else [])])


def unplaced_words(settings: Settings) -> tuple[str, ...]:
    """The notes of a claim's settings that hold words which neither a setting holds nor a list knows as harmless."""
    return tuple(note for note in settings.notes if _left(note, settings))


def _left(note: str, settings: Settings) -> str:
    """What is left of a note without harmless phrases and those that a setting of the claim holds."""
    text = HARMLESS.sub(" ", note)
    if thinking_budget(settings) is not None:
        text = BUDGET.sub(" ", text)
    for field, pattern in PLACED:
        if getattr(settings, field) is not None:
            text = pattern.sub(" ", text)
    words = re.findall(r"[^\W_][\w%@.+-]*", text)
    return " ".join(word for word in words if word.casefold().strip(".") not in SMALL)
