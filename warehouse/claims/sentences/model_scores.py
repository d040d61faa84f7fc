"""Scores that stand beside a model's name while the benchmark is named once, before all of them: `on MMLU-Pro A is at
78.3% and B at 77%`, `against 18.1% for B`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_NUMBER = r"(?P<n>(?:~|≈|about |roughly |around )?\d{1,3}(?:\.\d+)?\s?%|(?:~|≈|about |roughly |around )?\d{1,2}\.\d+)"
_ENDS = r"(?=\s*(?:[,.;:)]?$|[,.;:)]\s|(?:and|while|but|against|versus|vs|to|on|in)\b))"
_VERB = (
    r"(?:(?:is|was|sits|lands|stands|comes in|came in|scores?|scored|gets?|got|reach(?:es|ed)|hits?|has|posts?|"
    r"manages?) )"
)
_IN_BRACKETS = _NUMBER.replace("<n>", "<m>")
_BEHIND = re.compile(rf"\s(?:{_VERB}(?:at )?|at |with )?{_NUMBER}{_ENDS}|\s?[(:]\s?{_IN_BRACKETS}{_ENDS}")
_BEFORE = re.compile(rf"(?<![\w.-]){_NUMBER} (?:for|by|from) (?:the )?$")
_IT = re.compile(rf",? (?:it|the model) {_VERB}(?:at )?{_NUMBER}{_ENDS}")


def scores_of_models(
    sentence: str, benchmarks: Sequence[tuple[int, int, str]], models: Sequence[tuple[int, int, str]]
) -> Iterator[tuple[int, str, tuple[int, int, str], str | None]]:
    """Where the number stands, the number, its benchmark, and its model (None: the one spoken of) in a sentence that
    names one benchmark. `models`: where models are named, with their names."""
    if len({name for _, _, name in benchmarks}) != 1:
        return
    named = benchmarks[0]
    for start, end, model in models:
        behind, before = _BEHIND.match(sentence, end), _BEFORE.search(sentence[:start])
        if before and before.start("n") >= named[1]:
            yield before.start("n"), before["n"], named, model
        elif behind and behind.start() >= named[1]:
            group = "n" if behind["n"] else "m"
            yield behind.start(group), behind[group], named, model
    if it := _IT.match(sentence, named[1]):
        yield it.start("n"), it["n"], named, None
