"""What the heading over a table says of all its scores: a leaderboard that measured them, a suite that they are tasks
of, a language that they were translated into."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from evaluators.catalogue import catalogue
from warehouse.claims.text.labels import Label, read_label
from warehouse.claims.text.parts import LANGUAGES


def leaderboard_of(headings: Sequence[str]) -> str | None:
    """The leaderboard that the nearest heading names as who measured; None where no heading names one. One that is the
    name of a benchmark (`Berkeley Function Calling Leaderboard`) is what was measured."""
    for heading in reversed(headings):
        if re.search(r"(?i)\bleader-?board\b", heading):
            name = re.search(r"\b((?:[A-Z\d][\w.'’-]*\s+){1,4}[Ll]eader-?[Bb]oard)\b", heading) or re.search(
                r"(?i)\b((?:[\w.-]+\s+){0,4}leader-?board)\b", heading
            )
            said = " ".join(name[1].split()) if name else "leaderboard"
            if read_label(said).benchmark is None:
                return said
    return None


_SUITES = frozenset({"longbench", "longbench2", "infinitebench"})
"""Benchmarks made of other benchmarks' items: `TriviaQA` there is another test than TriviaQA."""
_TASK_LIKE = re.compile(r"(?=[A-Za-z])[\w-]*(?:[A-Z][a-z]*[A-Z]|[A-Z]{2})[\w-]*")
"""One word with capitals inside, as tasks are called: `DuReader`, `LSHT`."""
_OF_ONE_LANGUAGE = re.compile(
    r"(?:mmlu(?:_pro|_redux)?|hellaswag|arc_\w+|gsm8k\w*|mgsm|truthfulqa\w*|boolq|winogrande|piqa|openbookqa|humaneval\w*|"
    r"mbpp\w*|ifeval|mt_bench|hendrycks_math|math500|copa|commonsense_qa|drop|squad|triviaqa|xnli|belebele|mmmlu|gpqa\w*|"
    r"global_mmlu\w*|alpacaeval\w*|arena_hard\w*|include\w*|multi_if)"
)
"""Benchmarks that are English, or of many languages, unless something says otherwise."""
_TRANSLATED = LANGUAGES - {"english", "chinese", "multilingual", "nonenglish"}


def task_of_suite(headings: Sequence[str], label: Label) -> Label:
    """The label, as a task of the suite that the nearest heading names: `evaluation of LongBench` over a column
    TriviaQA means another test than TriviaQA, and a column `AbcQA` one of its tasks too."""
    unknown = label.benchmark is None and _TASK_LIKE.fullmatch(label.text) is not None
    if not headings or (label.benchmark is None and not unknown):
        return label
    named = {read_label(word).benchmark for word in re.findall(r"[\w-]{5,}", headings[-1])} & _SUITES
    other = label.benchmark is not None and catalogue()[label.benchmark].unit != "fraction"
    if len(named) != 1 or label.benchmark in named or other:
        return label
    return replace(label, benchmark=named.pop(), stated=(*label.stated, ("subset", label.text)))


_BOARD_V2 = re.compile(r"(?i)\bopen\s?llm(?:[\s_-]*leader-?board)?[\s_(,-]*(?:v|version )2\b")
"""The second Open LLM Leaderboard, whose tasks are not the benchmarks of their names."""


_TASKS_V2 = frozenset({"ifeval", "bbh", "musr", "mmlu_pro"})


def is_second_board(benchmarks: Collection[str | None], said: Sequence[str]) -> bool:
    """Whether a table of these benchmarks is of the second Open LLM Leaderboard: they are its tasks and no others, and
    the words around the table (`said`) speak of a leaderboard."""
    names = {name.removeprefix("leaderboard_") for name in benchmarks if name}
    rest = {name for name in names - _TASKS_V2 if not name.startswith("gpqa") and name not in _MATHS}
    named = any(re.search(r"(?i)\bleader-?board\b|\bopen\s?llm\b", text) for text in said)
    return named and names >= _TASKS_V2 and not rest and any(name.startswith("gpqa") for name in names)


_MATHS = ("math_hard", "hendrycks_math")


def task_of_second_board(over: Sequence[str], label: Label, certain: bool = False) -> Label:
    """The label, as the second Open LLM Leaderboard's task where the words over or beside it name that, or it is
    `certain`."""
    if label.benchmark is None or not (certain or any(_BOARD_V2.search(text) for text in over)):
        return label
    own = of_leaderboard(label.benchmark)
    return label if own is None and catalogue()[label.benchmark].evaluator == "none" else replace(label, benchmark=own)


def language_of_heading(headings: Sequence[str], benchmark: str | None) -> list[str]:
    """The one language that the nearest heading names over a benchmark that is not of that language by itself:
    `Korean test sets` over HellaSwag."""
    if not headings or benchmark is None:
        return []
    spoken = [word for word in re.findall(r"[A-Za-z]{4,}", headings[-1]) if word.casefold() in _TRANSLATED]
    return spoken if len(spoken) == 1 and _OF_ONE_LANGUAGE.fullmatch(benchmark) else []


def of_leaderboard(benchmark: str | None) -> str | None:
    """The leaderboard's own task of a benchmark; None where the catalogue has none, because its score of the plain
    benchmark is made in another way."""
    if benchmark is None or benchmark.startswith("leaderboard_"):
        return benchmark
    own = f"leaderboard_{benchmark}"
    return own if own in catalogue() else None
