"""Repeats as claims write them: avg@k, mean of k runs, pass@k, maj@k, cons@k."""

from __future__ import annotations

import re

from evaluators.catalogue import Benchmark
from evaluators.records import Settings

WORD = re.compile(r"^(avg|average|mean|pass|maj|majority|cons|consensus)\s*@\s*(\d+)$", re.I)
KINDS = {"pass": "pass", "maj": "maj", "majority": "maj", "cons": "maj", "consensus": "maj"}
"""Words of claims and what the engine calls them: consensus is the majority vote."""


def place_repeats(stated: Settings, benchmark: Benchmark) -> Settings:
    """A claim's settings with such a word taken apart: how many answers an item gets, and which score is made of them.

    avg@k is the mean of k answers; pass@1 of one answer is plain accuracy. Words that a score of the benchmark has as
    an alias stay as they are, but for the number of answers.
    """
    match = WORD.match((stated.metric or "").strip())
    if match is None:
        return stated
    word, count = match[1].casefold(), int(match[2])
    if any(stated.metric in (score.metric, *score.aliases) for score in benchmark.scores) and count == 1:
        return stated
    changes: dict[str, object] = {"repeats": stated.repeats or count}
    if word in KINDS and count > 1:
        changes["metric"] = f"{benchmark.scores[0].metric}_{KINDS[word]}@{count}"
    else:
        changes["metric"] = None
        if word == "pass":  # pass@1 over several answers: their mean
            changes["repeats"] = stated.repeats
    return stated.model_copy(update=changes)
