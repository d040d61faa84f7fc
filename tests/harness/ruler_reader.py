"""Answers the questions of RULER's tasks from their texts, as a model that overlooks nothing would."""

from __future__ import annotations

import re
from collections import Counter


def read_as_asked(prompt: str) -> str | None:
    """The answer to the last question of a prompt; None for one of another kind."""
    if "assigned the value" in prompt:
        return _variables(prompt)
    if "most common words" in prompt:
        listed = prompt.rpartition("Below is a numbered list of words")[2].partition("Question:")[0]
        return _most(re.findall(r"\d+\. (\S+)", listed), 10)
    if "coded text" in prompt:
        coded = prompt.partition("most frequently appeared coded words.")[2].partition("Question:")[0]
        return _most([word for word in coded.split() if set(word) != {"."}], 3)
    if "Answer the question based on the given documents" in prompt:
        (town,) = re.findall(r"Where lies (\S+)\?", prompt)
        return re.findall(rf"The {town} lies at the (\w+)", prompt)[0]
    return None


def _variables(prompt: str) -> str:
    """All that have the value that is asked for last, through any number of others."""
    wanted = re.findall(r"assigned the value (\d+)", prompt)[-1]
    same = {wanted}
    given = re.findall(r"VAR (\w+) = (?:VAR )?(\w+)", prompt)
    while more := {name for name, value in given if value in same} - same:
        same |= more
    return " ".join(sorted(same - {wanted}))


def _most(words: list[str], count: int) -> str:
    return " ".join(word for word, _ in Counter(words).most_common(count))
