"""Words behind a benchmark's name: a part of it, a scaffold, a method, or words that change nothing."""

from __future__ import annotations

import re
from typing import Literal

from warehouse.claims.text.names import normalise
from warehouse.claims.text.vocabulary import CATEGORIES, MEASURES

Kind = Literal["part", "whole", "scaffold", "harness", "harmless", "method", "unknown"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES = _words(
    "english chinese japanese korean german french spanish italian portuguese russian arabic hindi vietnamese thai "
    "indonesian malay turkish polish dutch swedish danish norwegian finnish czech slovak hungarian romanian bulgarian "
    "greek hebrew ukrainian persian farsi urdu bengali tamil telugu kannada malayalam marathi gujarati punjabi nepali "
    "sinhala swahili yoruba hausa igbo zulu xhosa amharic somali welsh irish basque catalan galician icelandic latvian "
    "lithuanian estonian slovenian croatian serbian albanian armenian georgian kazakh uzbek mongolian burmese khmer "
    "lao tagalog filipino javanese cantonese latin esperanto nonenglish multilingual simplifiedchinese "
    "traditionalchinese en zh cn ko ja jp de fr es ru ar pt hi vi th it nl pl tr id uk cs ro sv el he fa"
)
PROGRAMMING = _words(
    "python java javascript typescript js ts c cpp cplusplus cplus csharp rust go golang php ruby swift kotlin scala r "
    "julia lua perl haskell bash shell sql racket d ocaml elixir matlab verilog dart jl rkt rs rb sh hs kt"
)
SUBJECTS = _words(
    "humanities socialscience socialsciences stem other physics chemistry biology mathematics math maths algebra "
    "geometry calculus precalculus prealgebra statistics probability numbertheory combinatorics history geography "
    "economics law medicine medical health business psychology philosophy computerscience engineering astronomy "
    "anatomy genetics medicalgenetics virology nutrition clinicalknowledge collegemedicine professionalmedicine "
    "accounting marketing management sociology politics religion coding code writing creativewriting roleplay "
    "reasoning extraction instructionfollowing hardprompts hardprompt longerquery multiturn singleturn airline retail "
    "others telecom legal finance financial education travel search browsing filesystem notion github postgres "
    "playwright 社会科学 人文科学 人文学科 社科 人文 理工 其他 "
    "单文档qa 多文档qa 单文档问答 多文档问答 摘要 fs学习 少样本学习 代码补全 合成 合成任务"
)
LEVELS = _words("easy medium hard hardest simple difficult introductory interview competition elementary middleschool "
                "highschool college university professional graduate undergraduate beginner expert")  # fmt: skip
SPLITS = _words(
    "val valid validation dev test minitest testmini train private public public_eval hidden textonly imageonly "
    "text image images video audio vision offline online open closed static live"
)
HARMLESS = _words(
    "score scores result results reported ours this thiswork ourmodel new higherisbetter lowerisbetter higher lower "
    "overall percent points llm benchmark eval evaluation measured accuracyscore comingsoon soon tobereleased "
    "releasingsoon 即将发布 即将开源 待开源"
)
"""The white list: words on a score that leave it what it is."""
DESCRIPTIONS = _words(
    "science scientific reasoning knowledge coding code programming agentic tool tools use general competitive "
    "competition software engineering real world level graduate math maths mathematics mathematical contest task tasks "
    "terminal web multi step advanced hard questions problems understanding"
)
"""Words that tell readers what a benchmark is about."""
BROAD = re.compile(
    r"mmlu|cmmlu|ceval|agieval|livebench|mt_bench|arena|wildbench|lmarena|supergpqa|hle|longbench|infinitebench|bbh|"
    r"global_|include|polymath|mrcr|creative|healthbench|helm|bfcl|mcp|tau|frames|gaia|video|mmmu|multichallenge"
)
"""Benchmarks with parts that are named by subjects: there such words name a part."""
METHODS = re.compile(
    r"(?i)mcf?\b|cf\b|cot|"
    r"chain|thought|attempt|single|multiple|vot|ensembl|self[- ]|consisten|greedy|sampl|parallel|heavy|"
    r"test[- ]time|budget|prompt|average|avg|mean|best|majority|internal|official|estimat|strict|loose|flex\b|flexible|"
    r"generat|cloze|logit|likelihood|perplex|rank|norm|macro|micro|weighted|rubric|judge|turns?\b|refin|retr|augment|"
    r"temperature|tokens?\b|context|thinking|reasoning|tool|no\b|with|without|\bw/|\d+\s*runs?\b"
)
_SCAFFOLD = re.compile(
    r"(?i)agent(?!ic)|agentless|open-?hands|scaffold|swe-?agent|\baider\b|\bcline\b|terminus|claude[ -]?code|codex|"
    r"\bcli\b|moatless|qwen[ -]?code|kilo|droid|openclaw|react framework"
)
_HARNESS = re.compile(
    r"(?i)lm[- _]?eval\w*([- ](?:harness))?|harness|lighteval|opencompass|simple[- _]evals?|evalplus|"
    r"helm\b|olmes|evalscope|vlmevalkit"
)
_PART = re.compile(
    r"(?i)(?:part|section|level|lvl|tier|phase|round|turn|stage|split|set|subset|task|track|year|grade|group|domain|topic|"
    r"category|volume)s?\.?[\s-]*(?:[ivx]{1,4}|\d{1,4}|[a-z])|(?:[ivx]{2,4})|[<>≤≥~]?\s*\d+(?:\.\d+)?\s?[km](?:\s?tokens?)?"
    r"(?:\s*[-–—~]\s*\d+(?:\.\d+)?\s?[km])?|@?\s?\d+\s?[km]|(?:19|20)\d\d(?:[-/.]\d{1,2}){0,2}|(?:20\d\d)?[01]\d[0-3]\d|(?:20)?\d\dQ[1-4]|.*\b(?:subset|split|only)\b.*|"
    r"(?:en|zh|de|fr|es|ja|ko|ru|cs|uk|ro|fi|it|pt|ar|is|he)\s?[-–]\s?(?:en|zh|de|fr|es|ja|ko|ru|cs|uk|ro|fi|it|pt|ar|is|he)|"
    r"(?:train|val|validation|dev|development|test|testing)[ -]set|"
    r"(?:single|multi)[\s-]?doc(?:ument)?[\s-]?qa|(?:first|last|random|top)\s+\d+.*|\d+\s*(?:samples|items|questions|problems|tasks|examples|languages|langs)"
    r"|[a-z]{2,4}\s?(?:->|→)\s?[a-z]{2,4}|(?:中文|英文)(?:推理|语言|知识|写作|数学)|(?:en|zh)\.\w+|(?:half|full) book"
    r"|(?:first|second|1st|2nd)[- ]turn"
)

_SPLIT = r"(?:val(?:id(?:ation)?)?|dev|test)(?:[-_ ]?(?:un)?seen)?|testmini|mini-?test|test-?(?:dev|std)"
_SPLIT_ASKED = re.compile(rf"(?i)(?:(?:en|cn|zh)[\s_-]+)?(?:{_SPLIT})(?:[\s_-]+(?:en|cn|zh))?(?:[\s_-]+(?:split|set))?")
"""A split of a benchmark's items, perhaps with the language of them: `test`, `DEV_EN`, `valid-unseen`."""
_WITH_SPLIT = re.compile(rf"(?P<name>.*[A-Z\d].*?)(?:_(?P<c>(?i:{_SPLIT}))|[ -](?P<d>{_SPLIT}))")
_COINED = re.compile(r".*(?:[a-z][A-Z]|[A-Z]{2}[a-z]|\d|-)[^ ]*")
"""A name that is no plain word, so that `test` behind it is a split: `EgoSchema test`, but not `Turing test`."""


def is_split(words: str) -> bool:
    """Whether the words name a split of a benchmark's items, and nothing else."""
    return _SPLIT_ASKED.fullmatch(words.strip()) is not None


def without_split(name: str) -> tuple[str, str] | None:
    """The name of a benchmark that is not known and the split behind it (`EgoSchema test`); None
    where there is none, or the word may be a part of the name."""
    said = _WITH_SPLIT.fullmatch(name)
    if said is None or (said["d"] == "test" and not _COINED.fullmatch(said["name"].rsplit(" ", 1)[-1])):
        return None
    return said["name"].strip(), said["c"] or said["d"]


_JUDGED = re.compile(r"mmvet|mt_bench|komt_bench|alpaca_?eval|arena_hard|alignbench|wildbench|llava|logickor")
_JUDGE = re.compile(
    r"(?i)(?:(?:judge[:=]?|judged by|by)\s+)?(gpt-?[34](?:\.\d)?o?(?:-(?:turbo|mini|preview|\d{4}))*)(?:\s+judge)?"
)


def judge_named(words: str, benchmark: str | None) -> str:
    """The model that judged, where the words behind the name of a benchmark with a judge are a judge's name; else
    nothing."""
    named = _JUDGE.fullmatch(words.strip()) if benchmark and _JUDGED.match(benchmark) else None
    return named[1] if named else ""


_SUBTITLES = re.compile(r"(?i)(?:w/o?|with|without|no|wo)\.?\s*subs?(?:titles?)?")


def kind_of(word: str) -> Kind:
    """What a word (or a few) in brackets says about the score of a benchmark.

    `part`: only a part of the benchmark was scored. `unknown`: nobody knows, so the caller must not pass over it.
    """
    bare = re.sub(r"(?i)^(?:w/|with|using|via|by|on|in)\s+(?:the\s+)?", "", word.strip())
    key = normalise(bare)
    if not key or key in HARMLESS:
        return "harmless"
    if key in ("full", "fullset", "all", "whole", "complete", "alltasks", "fulldataset"):
        return "whole"
    if _HARNESS.fullmatch(bare) or re.search(r"(?i)\bharness\b", bare):
        return "harness"
    if _SCAFFOLD.search(bare):
        return "scaffold"
    if _SUBTITLES.fullmatch(word.strip()) or is_split(word):
        return "part"
    known = LANGUAGES | PROGRAMMING | SUBJECTS | LEVELS | SPLITS
    if key in known or _PART.fullmatch(bare):
        return "part"
    if METHODS.search(bare):
        return "method"
    several = [normalise(part) for part in re.split(r"\s*(?:&|\band\b|/|\+|,|\s)\s*", bare) if part]
    if len(several) > 1 and known.issuperset(several):
        return "part"
    return "unknown"


def describes(word: str, benchmark: str | None) -> bool:
    """Whether lower-case words in brackets only describe a benchmark of one topic, as `GPQA (science reasoning)`."""
    words = re.findall(r"[a-z]+", word)
    plain = word == word.casefold() and bool(words) and DESCRIPTIONS.issuperset(words)
    return plain and benchmark is not None and BROAD.search(benchmark) is None


def names_abilities(text: str) -> bool:
    """Whether words only say what a group of benchmarks asks for: `Mathematical Reasoning`, `Agentic Tool Using`."""
    words = [normalise(word) for word in re.split(r"[^\w]+", text) if word]
    return bool(words) and all(
        word in CATEGORIES | DESCRIPTIONS or word in ("using", "and", "formal") for word in words
    )


def looks_like_part(word: str) -> bool:
    """Whether an unknown word in brackets reads like the name of a part: one to four capitalised words."""
    return 0 < len(word.split()) <= 4 and re.fullmatch(r"[A-Z][A-Za-z]+(?:[\s&-]+[A-Za-z]+)*", word.strip()) is not None


def is_grade(word: str, benchmark: str | None) -> bool:
    """Whether a word is a grade of difficulty that names a part of the benchmark, also without brackets:
    `LiveCodeBench-Easy`. The hard part of others is often published as a benchmark of its own."""
    if benchmark is not None and benchmark.startswith("bfcl"):
        return normalise(word) == "live"
    graded = benchmark is not None and benchmark.startswith("livecodebench")
    return normalise(word) in (("easy", "medium", "hard") if graded else ("easy", "medium"))


def is_dated_part(word: str, benchmark: str | None, core: str) -> bool:
    """Whether a word behind a benchmark's name is its grade, one of AIME's two papers, or the months of LiveCodeBench's
    problems."""
    if benchmark is not None and benchmark.startswith("aime") and word in ("I", "II"):
        return True
    dated = benchmark is not None and benchmark.startswith("livecodebench")
    graded = is_grade(word, benchmark) and re.search(rf"(?i)\w{'[ -]' if dated else '-'}{re.escape(word)}$", core)
    return bool(graded or (dated and re.fullmatch(r"[01]\d\s?[-–~]\s?[01]\d", word)))


def is_wordy_part(qualifier: str) -> bool:
    """Whether several words together name a part that is known, as `Hard Prompt`."""
    return len(qualifier.split()) > 1 and normalise(qualifier) in SUBJECTS


def less_measure(core: str) -> str:
    """The words without a measure behind the name of a group of benchmarks: `Math Score` is no score on MATH."""
    head, _, last = core.rpartition(" ")
    measure = normalise(last) in MEASURES | {"accuracy", "acc"}
    return head if measure and not head.isupper() and normalise(head) in CATEGORIES else core


_ASKED = re.compile(
    r"(?i)(?:(?:w/|with|using|\+)\s*)?(?:cot|tir|pot|tool[- ]integrated reasoning|chain[- ]of[- ]thought|"
    r"(?:maj|majority|rm|cons|bon|best|pass|avg|mean)\s?@\s?\d+k?|"
    r"(?:python|code|web)?\s?(?:tools?|interpreter|search|browsing)|python|"
    r"(?:adaptive|extended|deep|heavy|parallel)[- ](?:thinking|reasoning|mode|compute)|adaptive|自适应(?:思考|推理)?|"
    r"\d+k(?:[- ]tokens?)?(?:[- ](?:inference|thinking|reasoning|token|output))* budget|"
    r"test[- ]time (?:scaling|compute)|(?:majority )?voting|self[- ]consistency|greedy(?: decoding)?|yarn)"
)


def says_how_asked(words: str) -> bool:
    """Whether the words behind a model's name only say how it was asked, so that the weights are the same: `CoT, RM@8`,
    `64K inference budget`."""
    return all(_ASKED.fullmatch(part.strip()) for part in re.split(r"[,;，]", words))


def with_asked_apart(name: str) -> str:
    """A model's name with what it was asked with in brackets: `Odd + CoT` as `Odd (CoT)`."""
    added = re.fullmatch(r"(.*\w)\s*(?:\+|\bw/|\bwith\b)\s*([^+()]+)", name)
    if added is None or re.search(r"(?i)tool|search|brows|interpret|python", added[2]):  # perhaps a system of its own
        return name
    return f"{added[1]} ({added[2]})" if says_how_asked(added[2]) else name
