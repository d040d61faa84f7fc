"""Numbers that a sentence states: scores, sizes, contexts, licences, speeds, ratios, memory.

Patterns make candidates, never claims: on other texts than those they were written on, about a third of their hits were
wrong. Each returns the number word for word, so that a person can check it against the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from warehouse.claims.sentences.model_scores import scores_of_models
from warehouse.claims.sentences.pair_sentences import pairs_in
from warehouse.claims.sentences.serving import serving_beside, serving_over
from warehouse.claims.text.labels import read_label, stated_by
from warehouse.claims.text.speed_names import in_device, quantization_named

NUMBER = r"(?:~|≈|about |roughly |around |nearly |over |up to )?\d+(?:,\d{3})*(?:\.\d+)?"
SIZE = r"(?:~|≈|about |roughly |around )?\d+(?:\.\d+)?\s?(?:B|billion|M|million|T|trillion)\b"
TOKENS = r"(?:~|≈|about |roughly |around )?\d+(?:,\d{3})*(?:\.\d+)?\s?[KM]?\b"
SPEED = r"(?:~|≈|about |roughly |around )?\d+(?:,\d{3})*(?:\.\d+)?(?:\s?[-–]\s?\d+(?:\.\d+)?|\s?\+)?"
RATE = r"(?:output |generated )?(?:tok(?:en)?s?\s?(?:/|per)\s?s(?:ec(?:ond)?)?|t/s|tps)"


@dataclass(frozen=True)
class Hit:
    """A number that a sentence states."""

    benchmark: str
    """Catalogue name."""
    label: str
    """The words that name what it is a number of."""
    said: str
    """The number, word for word."""
    start: int
    """Where it begins in the sentence."""
    pattern: str
    """Which pattern found it."""
    settings: dict[str, str | int | float] = field(default_factory=dict)
    """Settings that the sentence states."""
    over: tuple[int, int] | None = None
    """Where the model stands that is compared with."""
    model: str | None = None
    """The model that the pattern itself says the number is of."""


SERVED = ("output_speed", "prompt_speed", "fits_memory", "file_size")
"""What depends on machine, backend or quantization."""
_LICENCES = (
    r"Apache(?: License)?[ -]?(?:v?2(?:\.0)?)?|MIT|modified MIT|BSD-?3(?:-Clause)?|GPL-?v?3|"
    r"CC[- ]BY(?:-[A-Z]+)*(?:[- ]4\.0)?|"
    r"Llama \d(?:\.\d)? Community|Gemma Terms of Use|OpenRAIL(?:-M)?|NVIDIA Open Model"
)
_ABOUT = r"(?:~|≈|about |roughly |around )?"
_NEEDS = (
    r"(?:needs|requires|takes|calls for|minimum of|at least|[Mm]inimum(?: hardware)?(?: for [^.;:]{1,40})?(?: is|:)) "
    r"(?:at least |a minimum of )?"
)
_MACHINES = r"(?P<n>\d+ ?[x×] ?(?:NVIDIA )?[A-Z]+\d+[\w -]*?(?:\d+ ?GB)?)"
_FITS = r"fits(?: comfortably| easily| well)?(?: (?:on|in|into|within))? (?:a |an |one )?(?:single )?(?:NVIDIA )?"
_DEVICE = r"(?:RTX ?\d{4}|\d+ ?GB(?: of)?(?: VRAM| memory)?|[AH]\d{2,3}|[^.,;]{0,20}GPU)(?: \(\d+ ?GB\))?"
_ROOM = (
    r"(?![ -](?:of |in )?(?:VRAM|RAM|(?:unified |system )?memory|GPUs?|cards?|Macs?|laptops?|machines?|to spare|left|"
    r"free|headroom)\b|\))"
)
"""Not behind a size that is a machine's."""
_BYTES = rf"(?P<n>{_ABOUT}\d+(?:\.\d+)? ?(?-i:GB|GiB|gb|MB|MiB)\b){_ROOM}"
_PATTERNS: list[tuple[str, str, str]] = [
    ("total_parameters", "total", rf"(?P<n>{SIZE})(?:-| )?(?:total )?(?:parameters?|params)\b(?! (?:are |is )?activ)"),
    ("total_parameters", "total", rf"(?P<n>{SIZE})[ -](?:in total|total\b)"),
    ("total_parameters", "total", rf"(?P<n>{SIZE})[ -]dense\b"),
    ("total_parameters", "total", rf"total (?:of |parameters of |parameter count of )(?P<n>{SIZE})"),
    (
        "active_parameters", "active",
        rf"(?P<n>{SIZE})(?: of which)?(?: parameters?| params)?(?: (?:are|is))? activ(?:e|ated)\b",
    ),
    ("active_parameters", "active", rf"activat(?:es|ing) (?:only |just )?(?P<n>{SIZE})"),
    (
        "active_parameters", "active",
        rf"(?P<n>{SIZE}) (?:parameters )?(?:(?:fire|run|are used|used) )?per (?:forward pass|token)",
    ),
    (
        "context_window_extended", "extended context",
        rf"(?P<n>{TOKENS})(?: tokens?)?(?: of context)? "
        r"(?:with|via|using|through) (?:YaRN|RoPE)",
    ),
    (
        "context_window_extended", "extended context",
        rf"(?:extendable|extensible|exten(?:d(?:s|ed)?)|stretch\w*|scal\w+)(?: \w+)? to (?P<n>{_ABOUT}{TOKENS})",
    ),
    ("context_window", "context", r"(?P<n>~?\d[\d,.]*\s?[KM]?)(?:[ -]tokens?)?(?: of)?(?: native)? context\b"),
    (
        "context_window", "context",
        r"context(?: window| length)?(?: size)?(?: of| is| reaches| at|:)? (?:up to )?"
        r"(?P<n>(?:about |roughly |~)?\d[\d,.]*\s?[KM]?\b)(?: tokens?)?",
    ),
    ("output_speed", "tokens per second", rf"(?P<n>{SPEED})\s?{RATE}(?![\w-])"),
    ("file_size", "file size", rf"{_BYTES}(?=[^.]*\b(?:file|download|GGUF|on disk|weigh|quant|Q\d))"),
    ("file_size", "file size", rf"(?:file|download|GGUF|weighs|Q\d\w*)(?:[^.,;]|\.\d){{0,60}}?{_BYTES}"),
    (
        "license", "license",
        rf"(?:under|with|carries|has|is|uses)(?: an?| the)?(?: permissive| open)? (?P<n>{_LICENCES})"
        r"(?:[ -]licen[sc]ed?)?\b",
    ),
    ("license", "license", rf"(?P<n>{_LICENCES})[ -]licen[sc]ed?\b"),
    ("license", "license", rf"[Ll]icen[sc]e(?: is|:) (?P<n>{_LICENCES}|Open\b|Community\b)"),
    ("license", "license", r"(?:(?<![\w-] )|(?<=\ba )|(?<=\ban ))(?P<n>Open|Community) [Ll]icen[sc]e\b"),
    ("license", "license", rf"(?<=[,;·•|] )(?P<n>(?!MIT\b)(?:{_LICENCES}))(?: licen[sc]ed?)?(?=$|\.$|[,;·•|)])"),
    (
        "minimum_hardware", "needs",
        rf"{_NEEDS}{_MACHINES}(?=[\s,.;)]|$)",
    ),
    ("minimum_hardware", "needs", rf"{_MACHINES} (?:at (?:a )?(?:the )?(?:very )?minimum|as a minimum)\b"),
    ("fits_memory", "fits", rf"(?P<n>{_FITS}{_DEVICE})"),
    (
        "code_arena_elo", "Code Arena",
        r"(?P<n>\d{3,4} Elo)\b(?=[^.]*Code Arena)|Code Arena[^.]{0,60}?(?P<m>\d{3,4}(?: Elo)?)\b",
    ),
    ("lmarena_elo", "LMArena", r"(?P<n>\d{3,4} Elo)\b(?=[^.]*(?:LM ?Arena|Chatbot Arena))"),
]  # fmt: skip
_COMPILED = [
    (name, label, re.compile(pattern, 0 if name == "license" else re.IGNORECASE)) for name, label, pattern in _PATTERNS
]
_RATIO = re.compile(
    rf"(?P<n>(?:{_ABOUT}|up to )\d+(?:\.\d+)?(?:\s?[-–]\s?\d+(?:\.\d+)?)?\s?[x×])\s"
    r"(?:(?:as )?(?:faster|quicker|(?:the |higher |better )*(?:throughput|speed|tokens?))|"
    r"(?:higher|more) (?:inference )?throughput)"
    r"(?:[^.;]{0,40}?\b(?:than|over|of|as|vs\.?|versus|compared (?:to|with))\s)?"
)
_KEPT = re.compile(
    r"(?i)\b(?:los|drop|degrad|retain|recover|preserv|within)\w*\W+(?:(?:by|only|just|up to)\W+)?$|"
    r"\bby (?:only |just )?$"
)
"""Words before a number that is a loss, or a share that is kept, and no score."""
PAIR = "pair"
"""Pattern of a claim about a pair."""
_SCORE = rf"(?P<n>{_ABOUT}\d{{1,3}}(?:\.\d+)?\s?%?)"
_BEFORE = re.compile(rf"{_SCORE}(?: (?:points?|percent|score|accuracy))?\s+(?:on|in|for|at)\s+(?:the )?$")
_AFTER = re.compile(
    r"(?:'s)?(?: score| result| accuracy| benchmark)?\s*(?:\(|:|=|at|of|is|was|with|reaches|hits|,)?\s*(?:a score of )?"
    rf"{_SCORE}(?![\w-]|\.\d|\s*(?:vs\b|versus\b)|\s(?:times|runs|shots?|samples|seeds|trials|attempts)\b)"
)


def hits_in(sentence: str, models: Sequence[tuple[int, int, str]] = ()) -> list[Hit]:
    """The numbers that the sentence states, at most one a place, in order. `models`: where it names models, with their
    names."""
    hits: list[Hit] = []
    readers: tuple[Callable[[str], Iterator[Hit]], ...] = (
        _pairs, _ratios, _others, _scores, partial(_scores_of_models, models=models),
    )  # fmt: skip
    for reader in readers:
        for hit in reader(sentence):
            end = hit.start + len(hit.said)
            if any(start <= hit.start and end <= stop for start, stop, _ in models):
                continue  # a part of a model's name
            apart = (end <= other.start or hit.start >= other.start + len(other.said) for other in hits)
            if hit.pattern == PAIR or all(apart):  # a pair may be about several benchmarks
                hits.append(hit)
    hits.sort(key=lambda hit: hit.start)
    return [_served(sentence, hit, hits) for hit in hits]


def _served(sentence: str, hit: Hit, hits: list[Hit]) -> Hit:
    """The hit of a speed, size or memory with what its clause says of machine, backend and quantization."""
    if hit.benchmark not in SERVED:
        return hit
    named = serving_beside(sentence, hit.start, [other.start for other in hits if other.benchmark == hit.benchmark])
    if hit.benchmark == "file_size":
        named = {key: said for key, said in named.items() if key == "quantization"}
    return replace(hit, settings={**named, **hit.settings})


def served_under(heading: str, sentence: str, hit: Hit) -> Hit:
    """The hit of a list item with the machine, backend and quantization that the heading over the list names, where the
    item names none of the kind itself."""
    if hit.benchmark not in SERVED:
        return hit
    named = serving_over(heading, sentence)
    if not hit.benchmark.endswith("speed"):
        named = {key: said for key, said in named.items() if key == "quantization"}
    return replace(hit, settings={**named, **hit.settings})


def _others(sentence: str) -> Iterator[Hit]:
    for name, label, pattern in _COMPILED:
        for match in pattern.finditer(sentence):
            group = "n" if match["n"] else "m"
            said = match[group].strip(" ,.;")
            if name.endswith("parameters") and re.search(
                rf"{SIZE}\s*(?:and|or|,|/)\s*$", sentence[: match.start(group)]
            ):
                continue  # a list of sizes: several models
            if name.endswith("parameters") and _BOUND.search(sentence[: match.start(group)]):
                continue  # a bound on many models' sizes
            if name.startswith("context_window") and not re.search(r"(?i)[km]$|,|\d{4}", said):
                continue
            if name == "context_window" and _FILLED.search(sentence[: match.start(group)]):
                continue
            if name == "file_size" and in_device(sentence, match.start(group)):
                continue
            if name == "context_window" and re.search(r"(?i)yarn|exten", sentence[match.end() : match.end() + 12]):
                continue
            if name == "output_speed" and _PROMPT.search(_clause_before(sentence, match.start(group))):
                yield Hit("prompt_speed", "prompt processing", said, match.start(group), name)
                continue
            yield Hit(name, label, said, match.start(group), name)


_FILLED = re.compile(r"(?i)\b(?:at|after|past|beyond|from|until|fill\w*)\s+(?:an? |about )?$")
"""Words before a context that was filled while something was measured."""
_BOUND = re.compile(r"(?i)(?:[<>≤≥]|\b(?:under|below|sub|(?:less|fewer|more) than|over|above|up to))[\s-]*$")


_PROMPT = re.compile(r"(?i)\bprompt[- ](?:processing|eval\w*|speed|tokens?)|\bpre-?fill")


def _clause_before(sentence: str, start: int) -> str:
    """The words of the clause before a place."""
    return re.split(r"[,;:]|\b(?:and|but|while)\b", sentence[:start])[-1]


def _pairs(sentence: str) -> Iterator[Hit]:
    """What an artifact keeps of a reference's score, of each benchmark that the clause names."""
    for start, said, words, (first, last, name) in pairs_in(sentence, list(_benchmarks(sentence))):
        settings: dict[str, str | int | float] = dict(read_label(sentence[first:last]).stated)
        settings["denominator"] = words.reference or ""
        before = _clause_before(sentence, start)
        if (smaller := quantization_named(before)) is not None and smaller != words.reference:
            settings["quantization"] = smaller
        yield Hit(name, sentence[first:last], said, start, PAIR, settings)


def _ratios(sentence: str) -> Iterator[Hit]:
    for match in _RATIO.finditer(sentence):
        yield Hit(
            "output_speed_ratio", "faster", match["n"], match.start("n"), "ratio", {}, (match.end(), len(sentence))
        )


def _scores(sentence: str) -> Iterator[Hit]:
    """Numbers beside the name of a benchmark: `80.2% on X`, `X: 80.2`, `X (80.2%)`, `X score of 80.2`."""
    for start, end, name in _benchmarks(sentence):
        label = read_label(sentence[start:end])
        settings = dict(label.stated)
        before, after = _BEFORE.search(sentence[:start]), _AFTER.match(sentence[end:])
        match, offset = (before, 0) if before else (after, end)
        if match is None or _KEPT.search(sentence[: offset + match.start("n")]):
            continue
        if before and (bracket := re.match(r"\s*\(([^()]{1,40})\)", sentence[end:])):
            stated, left = stated_by(bracket[1], name)
            settings |= {} if left else stated
        yield Hit(name, sentence[start:end], match["n"].strip(), offset + match.start("n"), "score", settings)


def _scores_of_models(sentence: str, models: Sequence[tuple[int, int, str]]) -> Iterator[Hit]:
    for start, said, (first, last, name), model in scores_of_models(sentence, list(_benchmarks(sentence)), models):
        label = sentence[first:last]
        yield Hit(name, label, said, start, "score", dict(read_label(label).stated), model=model)


def _benchmarks(sentence: str) -> Iterator[tuple[int, int, str]]:
    """Where the sentence names benchmarks with a score: the longest run of up to four words that is one's name."""
    words = list(re.finditer(r"[\w+²τ'’.@-]*[\w+]", sentence))
    at = 0
    while at < len(words):
        for count in (4, 3, 2, 1):
            if at + count > len(words) or not words[at][0][0].isalnum():
                continue
            start, end = words[at].start(), words[at + count - 1].end()
            text = sentence[start:end]
            if not any(c.isupper() for c in text) or re.search(r"[,;:()]", text):
                continue
            label = read_label(text)
            if label.benchmark and not label.words and _is_score(label.benchmark):
                yield start, end, label.benchmark
                at += count - 1
                break
        at += 1


def _is_score(name: str) -> bool:
    from evaluators.catalogue import catalogue

    return catalogue()[name].unit == "fraction"
