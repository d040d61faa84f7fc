"""The benchmark that the words over a table name, where the table itself names none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.catalogue import catalogue
from warehouse.claims.text.labels import SHOTS, read_label
from warehouse.claims.text.names import normalise
from warehouse.claims.text.parts import BROAD

_AROUND_NAME = re.compile(
    r"(?i)^[\W\d.]+|\b(?:results?|performance|scores?|evaluation|benchmark|categor(?:y|ies)|subjects?|breakdown)\b"
    r"(?: on\b)?|"
    r"(?:各项?|分)?(?:类别?|学科|科目|领域|任务|语言)?的?(?:评测|测试|评估)?(?:指标|结果|成绩|得分|分数|效果|表现|榜单|集)"
)
"""What a heading says around a benchmark's name."""
_ANNOUNCES = re.compile(
    r"(?i)\b(?:below|following|as follows|table)\b|如下|下表|以下",
)
"""Words of a sentence that speaks of the table after it."""
_MEASURED = re.compile(r"(?i)\bevaluate[sd]?\b.*\bon\b|(?:使用|采用|基于|利用|在).*(?:测评|评测|评估|测试)")
"""Words of a sentence that says on what was measured."""
_OTHERS = re.compile(r"(?i)等|\b(?:such as|includ\w+|others?|etc|e\.g|among|various|several|multiple)\b|多个|多项")
"""Words of a sentence that names a benchmark as an example."""
_PRESENTED = re.compile(
    r"(?ai)^[-*•\s]*([A-Za-z][\w.+-]*(?: [A-Z\d][\w.+-]*){0,2}?)\s*(?:[(（][^()（）]*[)）]\s*)?(?:是|由|为|is an?\b)"
)
"""How a paragraph begins that presents a benchmark: `Odd-Eval is a benchmark of ...`."""
_RUN = re.compile(r"(?a)[A-Za-z][\w.+-]*(?: [A-Z\d][\w.+-]*){0,3}")

_PARTS = {
    "longbench": "average avg code codecompletion synthetic synthetictask synthetictasks summarization summary fewshot "
    "fewshotlearning singledocqa multidocqa singledocumentqa multidocumentqa",
    "bfcl": "overall overallacc overallaccuracy ast astsummary exec execsummary relevance relevancedetection "
    "irrelevance irrelevancedetection",
}
"""The parts that those who made a benchmark divide it into."""


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
    `paragraphs` before it name. A benchmark with parts by subject may also be presented by the paragraph before the
    table, or named as what was measured on. None for several, or none that is known."""
    if not paragraphs:
        return None
    presented = _PRESENTED.match(paragraphs[-1])
    if presented and _has_subjects(presented[1]) and len(_benchmarks_in(paragraphs[-1])) == 1:
        last = _SENTENCE_END.split(paragraphs[-1])[-1]
        return as_measured(presented[1], last, shots=True) if _ANNOUNCES.search(last) else presented[1]
    sentence = re.split(r"[.!?](?=\s)|[。！？]", paragraphs[-1].strip().rstrip(":：.。"))[-1]
    measured = _MEASURED.search(sentence) and not _OTHERS.search(sentence)
    if measured and len(named := _benchmarks_in(sentence)) == 1 and _has_subjects(name := next(iter(named.values()))):
        return as_measured(name, sentence, shots=True)
    if not _ANNOUNCES.search(sentence) and len(columns_listed(sentence, heads)) < max(3, len(heads) / 2):
        return None
    inside = _benchmarks_in(sentence)
    named = inside or _benchmarks_in(" ".join(paragraphs))
    if len(named) != 1:
        return None
    name = next(iter(named.values()))
    if inside and (_beside_another(sentence, name) or _EXCEPTED.search(sentence)):
        return None
    return as_measured(name, sentence, shots=not any(map(SHOTS.search, heads))) if inside else name


def benchmark_measured(paragraphs: Sequence[str], *, shots: bool = True) -> str | None:
    """The one benchmark that the words right before a table of measures alone (`Model | Pass@1`) say was measured: the
    last sentence that names any benchmark names this one alone, speaks of the table or of results on it, and what
    follows it only leads in the table. With the split and (unless the columns state `shots`) the shots that it states.
    None for one of several, or for a sentence that says something else of it."""
    sentences = [part for text in paragraphs[-2:] for part in _SENTENCE_END.split(text.strip()) if part.strip()]
    behind: list[str] = []
    for sentence in reversed(sentences):
        announces = _ANNOUNCES.search(sentence) is not None
        if not (named := _benchmarks_in(sentence)):
            behind += [] if only_leads_in(sentence) else [sentence]
            continue
        name = next(iter(named.values()))
        told = announces or _result_on(sentence, name) or _MEASURED.search(sentence)
        if len(named) > 1 or not told or _OTHERS.search(sentence) or _NO_RESULT.search(sentence):
            return None
        if _beside_another(sentence, name):
            return None
        said_before = announces and not any(map(_ANNOUNCES.search, behind))
        return as_measured(name, sentence, shots) if not behind or said_before else None
    return None


_LEADS_IN = re.compile(
    r"(?i)(?:\W|\d|(?:the|our|its|their|an?|all|full|detailed|main|final|results?|scores?|performance|evaluation|comparison|"
    r"table|is|are|as|follows|shown|below|in|following|given|listed|provided|presented|reported|summarized|see|here|and|of|"
    r"this|models?|compared|with|other)\b)*|\W*(?:评测|测试|实验)?(?:结果|指标|表现)?(?:如下|见下表)(?:表)?(?:所示)?\W*"
)
"""A sentence of such words alone."""


def only_leads_in(sentence: str) -> bool:
    """Whether a sentence only says that a table follows: `The results are as follows`."""
    return _ANNOUNCES.search(sentence) is not None and _LEADS_IN.fullmatch(sentence) is not None


_NAMED = re.compile(
    r"(?:\b(?:on|of|using|with) (?:the )?(?:\w+ )?(?:(?:benchmarks?|datasets?|test set) (?:of |called |named )?)?|"
    r"在|采用|使用)\s*"
    r"(?a:([A-Z][\w-]*[A-Z\d][\w.-]*\w))"
)
"""A name that looks like a benchmark's, behind words that say that it was measured on it."""


def benchmark_said(text: str, *, known: bool = False) -> list[str]:
    """The names of benchmarks that the words say something was measured on: those that are `known`, or what looks like
    a benchmark's name too. More than one where one is named for something else, or another stands beside it."""
    sentences = [part for part in _SENTENCE_END.split(text) if not _NO_RESULT.search(part)]
    measured = [part for part in sentences if _MEASURED.search(part) or re.search(rf"(?i)\b(?:{_RESULT})\b", part)]
    names = [name for part in sentences for name in _benchmarks_in(part).values()]
    if not known and not names:
        names = [name for part in measured for name in _NAMED.findall(part)]
    where = [(name, part) for name in names for part in sentences if name in part]
    unsure = [
        f"{name} and others"
        for name, part in where
        if _beside_another(part, name) or _OTHERS.search(part) or part not in measured
    ]
    return list(dict.fromkeys((*names, *unsure)))


def last_said(text: str) -> str:
    """The last sentence of a paragraph, but for those behind it that only lead in a table."""
    sentences = [part for part in _SENTENCE_END.split(text.strip()) if part.strip()]
    return next((part for part in reversed(sentences) if not only_leads_in(part)), "")


def as_measured(name: str, sentence: str, shots: bool) -> str:
    """The name of a benchmark with the shots, and the split behind it, that the sentence states: `C-Eval (validation
    set, zero-shot)`."""
    split = re.search(
        rf"{re.escape(name)}(?:'s)?\s+((?:validation|val|dev|development|testing|test)[ -](?:set|split))\b", sentence
    )
    ways = {match[0] for match in SHOTS.finditer(sentence)} if shots and not SHOTS.search(name) else set()
    remarks = [*([split[1]] if split else []), *(ways if len(ways) == 1 else ())]
    return f"{name} ({', '.join(remarks)})" if remarks else name


_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z\d])|[。！？]")
_RESULT = r"accurac\w+|pass@\d+|performance|results?|scores?|capabilit\w+|准确率|正确率|结果|成绩|得分|表现|效果|性能"
"""Words for what was measured."""
_EXCEPTED = re.compile(r"(?i)\bexcept|\bexclud|除外|不包括")
_NO_RESULT = re.compile(
    r"(?i)\bnot\b|n't\b|\bwithout\b|\bunlike\b|\bexcept|\bexclud|contaminat|\bremov|\bfilter|(?<![\w-])train(?:ed|ing)?\b.*\bon\b|"
    r"\b(?:earlier|previous|above)\b|去除|过滤|污染|除外|不包括"
)
"""Words of a sentence that names a benchmark for something else than the scores that follow."""


def _result_on(sentence: str, name: str) -> bool:
    """Whether the sentence speaks of results on what it names: `the zero-shot accuracy of Ash on C-Eval`."""
    at = re.escape(name)
    return bool(
        re.search(rf"(?i)\b(?:{_RESULT})\b[^.;]*\b(?:on|in|for) (?:the )?{at}(?![\w-])", sentence)
        or re.search(rf"(?i)(?:在|采用|使用)\s*{at}[^。；]*(?:{_RESULT})", sentence)
        or re.search(rf"(?i)(?<![\w-]){at}(?: [\w-]+){{0,3}} (?:{_RESULT})\b", sentence)
    )


def _beside_another(sentence: str, name: str) -> bool:
    """Whether another name stands in one list with this one: `HumanEval and OddBench`."""
    at, joins = rf"(?<![\w-]){re.escape(name)}(?![\w-])", r"\s*(?:,|、|&|/|\band\b|\bor\b|和|与|及)\s*"
    behind = rf"{at}(?:\s*[(（][^()（）]*[)）])?{joins}(?:the |on )?[A-Z][\w-]*[A-Z\d]"
    return bool(re.search(rf"\w{joins}(?:the |on )?{at}", sentence) or re.search(behind, sentence))


def benchmark_of_parts(paragraphs: Sequence[str], heads: Sequence[str]) -> str | None:
    """The one benchmark that the words before a table name, where the table's headings are parts that it has; as the
    catalogue writes it."""
    keys = {normalise(head) for head in heads}
    named = _benchmarks_in(" ".join(paragraphs))
    told = [catalogue()[name].title for name in named if len(keys) > 3 and keys <= set(_PARTS.get(name, "").split())]
    return told[0] if len(told) == 1 else None


def columns_listed(sentence: str, heads: Sequence[str]) -> list[str]:
    """Those of a table's headings that the sentence names."""
    bare = [re.sub(r"\s*[(（][^()（）]*[)）]$", "", head) for head in heads]
    return [head for head in bare if len(head) > 2 and head.casefold() in sentence.casefold()]


def _benchmarks_in(text: str) -> dict[str, str]:
    """The benchmarks with scores that a text names: catalogue's name -> as printed."""
    names: dict[str, str] = {}
    for run in _RUN.findall(text):
        words = run.split()
        first = 1 if len(words) > 1 and (words[0].islower() or words[0] in ("The", "On", "In", "For", "Our")) else 0
        for begin in dict.fromkeys((0, first)):
            parts = [" ".join(words[begin:end]) for end in range(len(words), begin, -1)]
            named = next((part for part in parts if _scored(part)), "")
            if named and (name := _scored(named)):
                names.setdefault(name, named)
                break
    return names


def _has_subjects(words: str) -> bool:
    """Whether the words name a benchmark whose parts go by subjects, so that columns of subjects can be its parts."""
    name = _scored(words)
    return name is not None and BROAD.search(name) is not None


def _scored(words: str) -> str | None:
    """The catalogue's name of a benchmark with scores, if the words name one."""
    name = read_label(words).benchmark
    return name if name and catalogue()[name].evaluator not in ("speed", "specification") else None
