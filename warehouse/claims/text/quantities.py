"""Specifications in words -> each number with the specification it states.

"35B in total and 3B activated" states two, "262,144 natively and extensible up to 1,010,000 tokens" too. What the
words leave open is not returned.
"""

from __future__ import annotations

import re

_COUNT = r"(?P<n>[~≈]?\s?\d+(?:[.,]\d+)*\s?(?:billion|million|trillion|bn|[bmtBMT])(?:\s*parameters)?)(?![A-Za-z0-9_])"
_ACTIVE = re.compile(r"(?i)\bactiv|激活|活跃")
_TOTAL = re.compile(r"(?i)\btotal\b|in all|overall|总")
_OTHER = re.compile(r"(?i)embed|vision|visual|mtp|encoder|draft|expert|嵌入|非")
NOT_EMBEDDED = re.compile(r"(?i)\bnon-?\s?embed|\b(?:w/o|without|excl\w*)\s(?:the\s)?emb|非嵌入")
_TOKENS = r"(?P<n>[~≈]?\s?\d+(?:,\d{3})+|[~≈]?\s?\d+(?:\.\d+)?\s?(?:[kKmM]|thousand|million)\b|[~≈]?\s?\d{4,8})"
_EXTENDED = re.compile(r"(?i)exten|up to|yarn|rope|scal|扩展|外推")


def parameters_in(text: str) -> tuple[tuple[str, str], ...]:
    """Parameter counts with the specification that each states (`total_parameters`, `active_parameters`), in order.

    The words between a number and its neighbours tell which it is; "235B-A22B" states both. A lone number is the
    total, unless its words say otherwise. Empty where two numbers claim one place.
    """
    if pair := re.fullmatch(r"(?i)\s*[\w.-]*?(\d+(?:\.\d+)?b)[\s-]*(a\d+(?:\.\d+)?b)\s*", text):
        return (("total_parameters", pair[1]), ("active_parameters", pair[2][1:]))
    matches = list(re.finditer(_COUNT, text))
    if not matches:
        return ()
    named: list[tuple[str, str]] = []
    for index, match in enumerate(matches):
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        start = matches[index - 1].end() if index else 0
        after, before = text[match.end() : end], text[start : match.start()]
        rest = text[match.end() :]
        after = re.split(r"[,;，；]|\band\b", after)[0] if len(matches) > 1 else after
        before = re.split(r"[,;，；]|\band\b|\bwith\b", before)[-1]
        name = _kind(after) or _kind(before)
        if name is None and index == 0 and (len(matches) == 1 or _ACTIVE.search(rest) or _OTHER.search(rest)):
            name = "total_parameters"
        if name in (None, "other"):
            continue
        named.append((str(name), " ".join(match["n"].split()).removesuffix("parameters").strip()))
    kinds = [name for name, _ in named]
    return tuple(named) if len(set(kinds)) == len(kinds) else ()


def _kind(words: str) -> str | None:
    if NOT_EMBEDDED.search(words):
        return "non_embedding_parameters"
    if _OTHER.search(words):
        return "other"
    if _ACTIVE.search(words):
        return "active_parameters"
    return "total_parameters" if _TOTAL.search(words) else None


def tokens_in(text: str) -> tuple[tuple[str, str], ...]:
    """Context lengths with the specification that each states: the native window, and the extended one where the words
    say that it is extended. Empty where two numbers claim one place or the words do not tell."""
    matches = list(re.finditer(_TOKENS, text))
    if not matches or len(matches) > 2:
        return ()
    named: list[tuple[str, str]] = []
    for index, match in enumerate(matches):
        start = matches[index - 1].end() if index else 0
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        before, after = text[start : match.start()], text[match.end() : end]
        said = " ".join(match["n"].split())
        if index and (_EXTENDED.search(before) or re.search(r"(?i)yarn|rope|exten", after)):
            named.append(("context_window_extended", said))
        elif index == 0:
            if len(matches) == 1 and re.search(r"(?i)yarn|rope scal|extrapolat|extensible", text):
                return (("context_window_extended", said),)
            named.append(("context_window", said))
        else:
            return ()
    return tuple(named)
