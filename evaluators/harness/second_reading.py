"""A second look at what a finished run got wrong: answers that are right in another spelling, prompts that were cut.

`Run.signals` holds these names
    respelled_share:<metric>,<filter>  items that the metric counts as wrong, whose answer says what the target says
    prompt_ceiling_share               answers whose prompt the server counts at its own largest number although the
                                       prompt is longer: it was cut without a word
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median

from evaluators.answer_spelling import same_answer
from evaluators.records import ItemScore, ItemStatus, RequestKind, Response

Place = tuple[str, int, int]
"""Task, document, repeat."""
SHORTEST = 64
"""Tokens below which prompts of one length are no sign of anything."""
TIED = 3
"""Prompts counted at the ceiling, at least."""
CUT = 0.9
"""A prompt is taken to be cut if the server counts less than this part of the tokens that its length means."""


def respelled(items: Iterable[ItemScore], responses: Iterable[Response]) -> dict[str, float]:
    """Shares of items that are right in another spelling, by metric and filter. Items without a target that is a short
    answer count as not respelled."""
    wrong: dict[Place, list[ItemScore]] = {}
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


def prompt_ceiling(responses: Iterable[Response], lengths: Mapping[tuple[str, int], int]) -> dict[str, float]:
    """Share of prompts that the server cut in silence. `lengths`: characters of the prompt by task and document."""
    counted = [
        (response.prompt_tokens, lengths[response.task, response.doc_id])
        for response in responses
        if response.prompt_tokens and (response.task, response.doc_id) in lengths
    ]
    if not counted:
        return {}
    most = max(tokens for tokens, _ in counted)
    below = [tokens / length for tokens, length in counted if tokens < most and length]
    tied = [length for tokens, length in counted if tokens == most]
    if most < SHORTEST or len(tied) < TIED or len(set(tied)) < TIED or not below:
        return {"prompt_ceiling_share": 0.0}
    usual = median(below)
    cut = sum(most < CUT * usual * length for length in tied)
    return {"prompt_ceiling_share": cut / len(counted) if cut >= TIED else 0.0}
