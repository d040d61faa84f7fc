"""Wrong answers read again: how many say what the target says, end before it does, or are the same for all items."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from evaluators.answer_spelling import as_fraction, plain, same_answer
from evaluators.records import ItemScore, ItemStatus, RequestKind, Response

SHORT = 40
"""Characters of an answer that is a number, a letter or a name."""
LETTER = re.compile(r"[a-z](?!\w)(?!\s*(?:[,/&]|and\b|or\b)\s*[a-z](?!\w))")
"""One letter, which is not the first of several (`b and c`)."""
SEVERAL = 10
"""Items with one wrong answer from which on it is no chance."""


def respelled(items: Iterable[ItemScore], responses: Iterable[Response]) -> dict[str, float]:
    """Signals `respelled_share:<metric>,<filter>` of a run: items that the metric counts as wrong, whose answer says
    what the target says. Items without a target that is a short answer count as not respelled."""
    wrong: dict[tuple[str, int, int], list[ItemScore]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        counts[item.metric, item.filter] += 1
        if item.value == 0 and item.target and item.status in (ItemStatus.ok, ItemStatus.unextracted):
            wrong.setdefault((item.task, item.doc_id, item.repeat), []).append(item)
    right: Counter[tuple[str, str]] = Counter()
    for response in responses:
        if response.kind is not RequestKind.generate:
            return {}
        for item in wrong.pop((response.task, response.doc_id, response.repeat), []):
            if same_answer(item.extracted, item.target) or same_answer(response.text, item.target):
                right[item.metric, item.filter] += 1
    return {f"respelled_share:{metric},{name}": right[metric, name] / counts[metric, name] for metric, name in right}


def misread(items: Iterable[ItemScore]) -> dict[str, float]:
    """Signals of a run about answers that the metric counts as wrong, as shares of its items:
    `cut_answer_share:<metric>,<filter>`, those that are a short target without its first or last signs (`1` for `16`),
    `same_wrong_share:<metric>,<filter>`, those that are the most frequent one, less what it is right for, and
    `other_form_share:<metric>,<filter>`, those that are not one letter where a letter is wanted (but the text of a
    choice, or its number), nor hold a digit where a number is."""
    counts: Counter[tuple[str, str]] = Counter()
    cut: Counter[tuple[str, str]] = Counter()
    other: Counter[tuple[str, str]] = Counter()
    given: dict[tuple[str, str], Counter[str]] = {}
    wanted: dict[tuple[str, str], Counter[str]] = {}
    for item in items:
        key = item.metric, item.filter
        counts[key] += 1
        target, said = plain(_end(item.target)), plain(item.extracted or "")
        if not target or len(target) > SHORT or item.status is not ItemStatus.ok:
            continue
        wanted.setdefault(key, Counter())[target] += 1
        if item.value == 0 and said:
            other[key] += _other_form(said, target)
        if item.value == 0 and said and len(said) <= SHORT:
            given.setdefault(key, Counter())[said] += 1
            cut[key] += said != target and (target.startswith(said) or (len(said) > 1 and target.endswith(said)))
    signals = {
        f"{what}_share:{metric},{name}": number[metric, name] / counts[metric, name]
        for what, number in (("cut_answer", cut), ("other_form", other))
        for metric, name in number
    }
    for key, answers in given.items():
        said, times = answers.most_common(1)[0]
        beyond = times - 3 * wanted[key][said]
        if times >= SEVERAL and beyond > 0:
            signals[f"same_wrong_share:{key[0]},{key[1]}"] = beyond / counts[key]
    return signals


def _other_form(said: str, target: str) -> bool:
    """Whether what was taken as the answer is of another kind than the target: letter or number."""
    if len(target) == 1 and target.isalpha():
        return LETTER.match(said) is None
    return as_fraction(target) is not None and not any(sign.isdigit() for sign in said)


def _end(target: str | None) -> str:
    return (target or "").rpartition("####")[2]
