"""The benchmark that the words over a table name, where the table itself names none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.catalogue import catalogue
from warehouse.claims.text.labels import read_label

_AROUND_NAME = re.compile(
    r"(?i)^[\W\d.]+|\b(?:results?|performance|scores?|evaluation|benchmark|categor(?:y|ies)|subjects?|breakdown)\b"
    r"(?: on\b)?|"
    r"(?:各|分)?(?:类别?|学科|科目|领域|任务|语言)?的?(?:评测|测试|评估)?(?:指标|结果|成绩|得分|效果|表现|榜单|集)"
)
"""What a heading says around a benchmark's name."""
_ANNOUNCES = re.compile(
    r"(?i)\b(?:below|following|as follows|table)\b|如下|下表|以下",
)
"""Words of a sentence that speaks of the table after it."""
_RUN = re.compile(r"[A-Za-z][\w.+-]*(?: [A-Z\d][\w.+-]*){0,2}")


def benchmark_over(context: Sequence[str]) -> str | None:
    """The score that the nearest of the headings and captions (`context`, the nearest last) names, if it names one."""
    for text in reversed(context[-2:]):
        plain = _AROUND_NAME.sub(" ", text)
        for words in (
            text,
            plain,
            *re.findall(r"[(\[]([^()\[\]]{3,40})[)\]]\s*$", text),
            re.sub(r"(?i)^.*\b(?:evaluation|results?|performance|scores?)\b.*?\b(?:of|on)\s+", "", text),
        ):
            if _scored(words):
                return " ".join(words.split())
    return None


def benchmark_announced(paragraphs: Sequence[str], heads: Sequence[str] = ()) -> str | None:
    """The one benchmark that the last sentence before a table names, where the sentence speaks of the table (`Its
    results on LongBench are shown below`) or lists its columns (`heads`); where it names none, the one that the
    `paragraphs` before it name. None for several, or none that is known."""
    if not paragraphs:
        return None
    sentence = re.split(r"[.!?](?=\s)|[。！？]", paragraphs[-1].strip().rstrip(":：.。"))[-1]
    listed = [head for head in heads if len(head) > 3 and head.casefold() in sentence.casefold()]
    if not _ANNOUNCES.search(sentence) and len(listed) < max(3, len(heads) / 2):
        return None
    named = _benchmarks_in(sentence) or _benchmarks_in(" ".join(paragraphs))
    return next(iter(named.values())) if len(named) == 1 else None


def _benchmarks_in(text: str) -> dict[str, str]:
    """The benchmarks with scores that a text names: catalogue's name -> as printed."""
    names: dict[str, str] = {}
    for run in _RUN.findall(text):
        words = run.split()
        first = 1 if len(words) > 1 and words[0].islower() else 0  # `on LongBench`
        for begin in dict.fromkeys((0, first)):
            parts = [" ".join(words[begin:end]) for end in range(len(words), begin, -1)]
            named = next((part for part in parts if _scored(part)), "")
            if named and (name := _scored(named)):
                names.setdefault(name, named)
                break
    return names


def _scored(words: str) -> str | None:
    """The catalogue's name of a benchmark with scores, if the words name one."""
    name = read_label(words).benchmark
    return name if name and catalogue()[name].evaluator not in ("speed", "specification") else None
