"""A row label or column heading -> benchmark and the settings it states: `DROP (3-shot F1)`, `AIME25 (no tools)`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from warehouse.claims.text.brackets import BRACKET
from warehouse.claims.text.names import mode_of, normalise, resolve_benchmark
from warehouse.claims.text.parts import (
    BROAD,
    LANGUAGES,
    SUBJECTS,
    describes,
    is_dated_part,
    is_grade,
    is_split,
    is_wordy_part,
    judge_named,
    kind_of,
    less_measure,
    looks_like_part,
    without_split,
)
from warehouse.claims.text.respelling import usual_spelling
from warehouse.claims.text.speed_names import serving_stated, speed_named
from warehouse.claims.text.stated_sampling import sampling_stated
from warehouse.claims.text.vocabulary import AVERAGES, CATEGORIES, MEASURES, METRIC_WORDS, VARIANTS


@dataclass(frozen=True)
class Label:
    """What a label says."""

    text: str
    """As printed, spaces tidied."""
    benchmark: str | None
    """Catalogue name, None if it is not known for certain."""
    stated: tuple[tuple[str, str | int | float], ...] = ()
    """Settings stated, as (field, value)."""
    words: tuple[str, ...] = ()
    """Qualifiers that no settings field holds, word for word."""
    scale: Literal["percent"] | None = None
    """`percent` where the label says so, e.g. `Accuracy (%)`."""
    window: str | None = None
    """Unit word in the label, e.g. `tok/s`, `GB`."""
    category: bool = False
    """Whether it names a group of benchmarks, whose number is an average and no benchmark's score."""


SHOTS = re.compile(r"(?i)(?<!\d[-–~])\b(\d{1,3})[\s-]*shots?(?:@1)?\b|\b(zero|one|few)[\s-]*shot\b")
_SHOTS_IN_CODE = re.compile(r"([a-z\d]+(?:_[a-z\d]+)*?)(?:_cot)?_(\d{1,2})_?shots?((?:_(?:cot|instruct|chat))*)")
"""A benchmark's name as programs write it, with its shots in it: `mmlu_pro_5shot_cot_instruct`."""
REPEATS = re.compile(r"(?i)\b(?:avg|average|mean|acc)\s*@\s*(\d{1,4})\b")
AT = re.compile(r"(?i)\b(?:cons|maj|majority|pass|best|bon)\s?[@^]\s?\d{1,4}\b")
TOOLS_NONE = re.compile(r"(?i)^(?:no|w/o|without)[\s-]*(?:any )?(?:tools?|python|code|search)(?:[\s-]use)?$")
TOOLS = re.compile(r"(?i)^(?:w/(?!o\b)|with(?!out))\s*(.*tools?.*|python|code.*|search.*|browsing)$")
SUBSET = re.compile(
    r"(?i)^(?:text[\s-]?only|.*\bsubset\b.*|[a-z]{3,9}\.? ?'?\d{2,4}\s*[-–—to]+\s*[a-z]{3,9}\.? ?'?\d{2,4}|"
    r"\d{2,4}[./-]\d{1,2}\s*[-–—~]\s*\d{2,4}[./-]\d{1,2}|\d{4}\s*[-–—~]\s*\d{4}|\d{6,8}\s*[-–—~]\s*\d{6,8}|\d{1,2}/\d{1,2}/\d{2,4}\s*[-–—~]\s*\d{1,2}/\d{1,2}/\d{2,4}|val|test|dev|validation)$"
)
RATIO = re.compile(r"(?i)(.+?)\s*(?:\s/\s|\bvs\.?\s|\bover\s|\bcompared (?:to|with)\s|:)\s*(.+)")
WINDOW = re.compile(r"(?i)\b(tok(?:ens?)?\s*(?:/|per)\s*s(?:ec(?:onds?)?)?|t/s|tps|gi?b|mi?b|bytes|ms|sec|s)\b")
_UNIT_KINDS = {"tok/s": re.compile(r"(?i)tok|t/s|tps"), "bytes": re.compile(r"(?i)[gm]i?b|bytes"),
               "s": re.compile(r"(?i)ms|sec|s")}  # fmt: skip
_TAIL = re.compile(r"(?i)\s(?:w/o?|with|without|no|using|@)(?=[\s\w]).*$|\s*@\s*\d+(?:\.\d+)?\s?[km]\b.*$")


_MEASURE_OF = re.compile(r"(?i)(accuracy|acc\.?|score|exact match|em|f1|pass@1)\s*[(\[（]([^()\[\]（）]+)[)\]）]")
"""A measure with the benchmark in brackets behind it: `Accuracy (MMLU)`."""
_FIELDS = ("stem", "humanities", "socialscience", "socialsciences")
"""Fields of study that name a part of a broad benchmark, also without brackets: `MMLU-STEM`."""
_BY_SUBJECT = ("mmlu", "mmlu_pro", "cmmlu", "ceval")  # exams whose parts are subjects: `MMLU-anatomy`
_MEASURED = ("shots", "metric", "filter", "repeats")
"""Settings that a bracket may state even where it belongs to the benchmark's own name."""


@lru_cache(maxsize=20_000)
def read_label(text: str) -> Label:
    """Take a label apart. The benchmark is resolved from the whole label, then with its qualifiers taken off."""
    tidy = re.sub(r"(?<=\w)(?:\s?\[\d{1,2}\]|\s*[↗🔗]+)$", "", " ".join(text.split()))[:300]
    tidy = re.sub(r"(?i)^(licen[cs]e)\(s\)", r"\1s", tidy)
    spelled = usual_spelling(tidy)
    whole = resolve_benchmark(spelled)
    if whole.name is None and (measure := _MEASURE_OF.fullmatch(tidy)) and (of := read_label(measure[2])).benchmark:
        return replace(read_label(f"{of.text} ({measure[1]})"), text=tidy)
    core, qualifiers = _split(spelled)
    name = whole.name
    stated: dict[str, str | int | float] = {}
    if name is None:
        name, qualifiers = _resolve_core(core, qualifiers)
    if name is None:
        name, stated = speed_named(tidy)
        qualifiers = [] if name else qualifiers
    elif catalogue()[name].evaluator == "speed" and catalogue()[name].unit != "ratio":  # a ratio's bracket has sides
        stated, qualifiers = serving_stated(qualifiers)
    core = less_measure(core)
    groups = [normalise(part) for part in re.split(r"\s*(?:&|\+|\band\b)\s*", core)]
    category = (normalise(core) in CATEGORIES or all(part in CATEGORIES for part in groups)) and not _is_exact(
        core, qualifiers
    )
    name, qualifiers, window = _with_unit(None if category else name, qualifiers, tidy)
    words: list[str] = []
    scale: Literal["percent"] | None = None
    for qualifier in qualifiers:
        if qualifier.strip() in ("%", "in %", "percent"):
            scale = "percent"
        elif WINDOW.fullmatch(re.sub(r"(?i)^in ", "", qualifier.strip())):
            continue
        else:
            settings, rest = _settings_of(qualifier, name, bracketed=True, core=core)
            if whole.name is not None and whole.name == name:  # the bracket is a part of the name
                settings, rest = {key: value for key, value in settings.items() if key in _MEASURED}, []
            if "subset" in settings and "subset" in stated:
                settings["subset"] = f"{stated.pop('subset')}, {settings['subset']}"
            stated |= {key: value for key, value in settings.items() if key not in stated}
            words += rest
    if name is None and not category and (split := without_split(tidy)):
        tidy, stated["subset"] = split
    if scale is None and re.search(r"[\[(]\s*%|%\s*[\])]|\s%$", tidy):
        scale = "percent"
    return Label(tidy, name, tuple(stated.items()), tuple(words), scale, window, category)


def _is_exact(core: str, qualifiers: list[str]) -> bool:
    """Whether a category's word is printed as the benchmark's own name, in capitals or with shots: `MATH`, `Math
    (4-shot)`."""
    return (core.isupper() and len(core) > 2 and core.isascii() and core not in ("CODE", "AVG", "ALL")) or (
        normalise(core) == "math"
        and any(SHOTS.search(qualifier) or qualifier.strip().casefold().startswith("maj@") for qualifier in qualifiers)
    )


def _with_unit(name: str | None, qualifiers: list[str], text: str) -> tuple[str | None, list[str], str | None]:
    """Benchmark, qualifiers and unit word. A unit that is not the benchmark's own means something else: what the
    bracket names (`Model size (file size in MB)`), or nothing that is known."""
    power = {"parameters": r"(?:in )?(B|M|billions?|millions?)", "tokens": r"(?:in )?(K|M)"}
    for index, qualifier in enumerate(qualifiers):
        pattern = power.get(catalogue()[name].unit) if name else None
        if pattern and (match := re.fullmatch(pattern, qualifier.strip(), re.IGNORECASE)):
            rest = [other for position, other in enumerate(qualifiers) if position != index]
            return name, rest, match[1].removesuffix("s")
        unit = WINDOW.search(qualifier)
        before = qualifier[: unit.start()].strip() if unit else ""
        if unit is None or unit.end() != len(qualifier.strip()) or (before and len(before.split()) > 4):
            continue
        kind = next((kind for kind, pattern in _UNIT_KINDS.items() if pattern.fullmatch(unit[1]) or
                     (kind == "tok/s" and pattern.match(unit[1]))), None)  # fmt: skip
        fits = name is not None and catalogue()[name].unit == kind
        named = resolve_benchmark(re.sub(r"(?i)\s*\bin$", "", before)).name if before else None
        rest = [other for position, other in enumerate(qualifiers) if position != index]
        if named and catalogue()[named].unit == kind:
            return named, rest, unit[1]
        if fits:
            return name, qualifiers if before and before.casefold() != "in" else rest, unit[1]
        if name is not None and kind is not None and catalogue()[name].unit != "fraction":
            return (
                ("file_size" if kind == "bytes" and re.search(r"(?i)\bfile|disk|download", text) else None),
                rest,
                unit[1],
            )
    return name, qualifiers, None


def _split(label: str) -> tuple[str, list[str]]:
    """The label without its brackets and shots, and these."""
    qualifiers = [part.strip() for part in BRACKET.findall(label)]
    core = BRACKET.sub(" ", label)
    if shots := _SHOTS_IN_CODE.fullmatch(core):
        qualifiers += [f"{shots[2]}-shot", *([shots[3][1:]] if shots[3] else [])]
        core = shots[1]
    for pattern in (SHOTS, REPEATS, AT):
        if match := pattern.search(core):
            qualifiers.append(match[0])
            core = core[: match.start()] + " " + core[match.end() :]
    core = re.sub(r"[✱▲▼↑↓*†‡§¶^]+\s*$", "", " ".join(core.split()))
    if (glued := re.fullmatch(r"(.*\w)@(\d{1,3})", core)) and _by_tests(glued[1]):
        core, qualifiers = glued[1], [*qualifiers, f"pass@{glued[2]}"]
    if (cut := re.search(r": |, (?=[A-Z])", core)) and resolve_benchmark(core).name is None:
        head, tail = core[: cut.start()], core[cut.end() :]
        if ":" in cut[0] or (resolve_benchmark(head).name and not resolve_benchmark(tail).name):
            core, qualifiers = head, [*qualifiers, tail]
    return core.strip(" ,:;-–—|"), [part for part in qualifiers if part]


def _by_tests(name: str) -> bool:
    """Whether a name is that of a benchmark whose programs are run: there `@10` behind it is ten attempts."""
    benchmark = resolve_benchmark(name).name
    return benchmark is not None and benchmark.startswith(("humaneval", "mbpp"))


def _resolve_core(core: str, qualifiers: list[str]) -> tuple[str | None, list[str]]:
    """Resolve the core, with each qualifier first (`GPQA (Diamond)`), then alone, then less the words behind it that
    are settings (`HLE w/o tools`, `RULER @ 128K`, `BBH EM`)."""
    for index, qualifier in enumerate(qualifiers):
        bare = SHOTS.sub("", qualifier).strip(" ,")
        for words in (f"{core} {qualifier}", f"{core} {bare}"):
            if bare and (name := resolve_benchmark(words).name):
                rest = [other for position, other in enumerate(qualifiers) if position != index]
                return name, [*rest, *([shots[0]] if (shots := SHOTS.search(qualifier)) else [])]
        first, _, more = bare.partition(" ")
        if more and (name := resolve_benchmark(f"{core} {first}").name):
            rest = [other for position, other in enumerate(qualifiers) if position != index]
            return name, [*rest, more, *([shots[0]] if (shots := SHOTS.search(qualifier)) else [])]
    if any(
        VARIANTS & set(re.split(r"[\s,;/]+", qualifier.casefold()))
        for qualifier in qualifiers
        if kind_of(qualifier) not in ("scaffold", "harness") and not is_wordy_part(qualifier)
    ):
        return None, qualifiers
    if name := resolve_benchmark(core).name:
        return name, qualifiers
    if tail := _TAIL.search(core):
        name = resolve_benchmark(core[: tail.start()]).name
        said = re.sub(r"^\s*@?\s*", "", tail[0])
        if name:
            return name, [*qualifiers, said]
    core_words = re.split(r"[\s,/_]+|(?<=\w)-(?=\w)", core)
    for size in (1, 2, 3):
        head = core[: core.rfind(core_words[-size])].rstrip(" ,-/_") if len(core_words) > size else ""
        tail_words = core[len(head) :].strip(" ,-/_")
        if head and (name := resolve_benchmark(head).name) and _is_setting_word(tail_words, name):
            return name, [*qualifiers, tail_words]
    return None, qualifiers


def _is_setting_word(tail: str, benchmark: str) -> bool:
    """Whether words behind a benchmark's name are settings for certain, and no part of the name."""
    return bool(
        _metric(tail, benchmark)
        or mode_of(tail)
        or is_split(tail)
        or judge_named(tail, benchmark)
        or normalise(tail) in MEASURES | {"cot", "full", "overall", "all"}
        or is_grade(tail, benchmark)
        or (len(tail) > 3 and normalise(tail) in LANGUAGES - {"multilingual", "nonenglish", "english"})
        or re.fullmatch(r"(?i)en|zh|cn|de|fr|es|ja|jp|ko|ru|vi|ar", tail)
        or (benchmark.startswith("live") and re.fullmatch(r"(?:(?:20)?2\d-?)?[01]\d-?[0-3]\d", tail))
        or (normalise(tail) in _FIELDS and BROAD.search(benchmark))
        or (normalise(tail) in SUBJECTS and benchmark in _BY_SUBJECT)
        or (normalise(tail) == "python" and _by_tests(benchmark))
        or (tail in ("I", "II") and benchmark.startswith("aime"))
        or re.fullmatch(r"(?i)text[\s-]?only" if benchmark != "hle" else r"(?i)text(?:[\s-]?only)?", tail)
        or re.fullmatch(
            r"(?i)\d+(?:\.\d+)?[km]|\d\dQ[1-4]|\d{2}\.?\d{2}\s*[-–]\s*\d{2}\.?\d{2}|(?:20)?[23]\d[01]\d[0-3]\d", tail
        )
    )


def _metric(word: str, benchmark: str | None) -> dict[str, str | int | float]:
    """The metric (and filter) that a word means for this benchmark; empty if it is no metric."""
    key = normalise(word)
    if not key:
        return {}
    settings: dict[str, str | int | float] = {}
    if benchmark is not None:
        scores = catalogue()[benchmark].scores
        keys = {key, normalise(re.sub(r"(?i)(?<=\w)[\s-]+acc(?:uracy|\.)?$", "", word.strip()))}
        named = [s for s in scores if keys & {normalise(alias) for alias in s.aliases}]
        if len(named) == 1:
            single = sum(s.metric == named[0].metric for s in scores) == 1
            settings["metric"] = named[0].metric
            if not single:
                settings["filter"] = named[0].filter
            return settings
        if named or any(key == normalise(s.metric) for s in scores):
            metric = named[0].metric if named else next(s.metric for s in scores if key == normalise(s.metric))
            return {"metric": metric}
        filters = [s for s in scores if key == normalise(s.filter)]
        if len(filters) == 1:
            return {"metric": filters[0].metric, "filter": filters[0].filter}
    return {"metric": METRIC_WORDS[key]} if key in METRIC_WORDS else {}


def _settings_of(
    qualifier: str, benchmark: str | None, *, bracketed: bool = False, core: str = ""
) -> tuple[dict[str, str | int | float], list[str]]:
    """Settings that a qualifier states, and the words that no field holds."""
    settings: dict[str, str | int | float] = {}
    rest = qualifier
    if shots := SHOTS.search(rest):
        if shots[1]:
            settings["shots"] = int(shots[1])
        elif shots[2].lower() in ("zero", "one"):
            settings["shots"] = 0 if shots[2].lower() == "zero" else 1
        rest = rest[: shots.start()] + rest[shots.end() :]
        if not shots[1] and shots[2].lower() == "few":
            return settings, [qualifier]
    if repeats := REPEATS.search(rest):
        settings["repeats"] = int(repeats[1])
        rest = rest[: repeats.start()] + rest[repeats.end() :]
    if "," in rest and benchmark and (metric := _metric(rest, benchmark)):  # `Prompt, Strict`
        return {**settings, **metric}, []
    left: list[str] = []
    for part in re.split(r"[,;，；]|\s{2,}", rest):
        word = part.strip(" ,;-")
        if not word:
            continue
        if is_dated_part(word, benchmark, core):
            settings["subset"] = word
        elif metric := _metric(word.removeprefix("@").strip(), benchmark):
            settings |= metric
            if re.fullmatch(r"(?i)@?\s*\d+(?:\.\d+)?\s?[km]", word):
                settings["subset"] = word.removeprefix("@").strip()
        elif mode := mode_of(word):
            settings |= mode
        elif asked := sampling_stated(word, qualifier):
            settings |= asked
        elif AT.fullmatch(word):
            settings["metric"] = word.replace(" ", "").lower()
        elif TOOLS_NONE.match(word):
            settings["tools"] = "none"
        elif tools := TOOLS.match(word):
            settings["tools"] = tools[1]
        elif judge := judge_named(word, benchmark):
            settings["judge"] = judge
        elif SUBSET.match(word) or is_split(word):
            settings["subset"] = word
        elif benchmark and catalogue()[benchmark].unit == "ratio" and (sides := RATIO.fullmatch(word)):
            settings["numerator"], settings["denominator"] = sides[1].strip(), sides[2].strip()
        else:
            left += _place(word, settings, benchmark, bracketed=bracketed, core=core)
    return settings, left


def _place(
    word: str, settings: dict[str, str | int | float], benchmark: str | None, *, bracketed: bool, core: str
) -> list[str]:
    """Put a word that is no metric, mode or tool into the field of its kind; what has none comes back."""
    if describes(word, benchmark) or (benchmark is not None and resolve_benchmark(word).name == benchmark):
        return []
    kind = kind_of(word)
    if benchmark is not None and catalogue()[benchmark].evaluator in ("speed", "specification"):
        return [] if kind == "harmless" else [word]
    initials = "".join(part[0] for part in re.findall(r"[A-Z][a-z]*|\d+", core)).casefold()
    if kind == "harmless" or (word.isupper() and normalise(word) == initials):
        return []
    if kind in ("scaffold", "harness"):
        settings[kind] = re.sub(r"(?i)^(?:w/|with|using|via)\s*|\s+scaffold(?:ing)?$", "", word)
        return []
    if kind in ("part", "whole"):
        part = "" if kind == "whole" else word.removeprefix("@").strip()
        settings["subset"] = f"{settings['subset']}, {part}" if settings.get("subset") else part
        return []
    if kind == "unknown" and bracketed and looks_like_part(word) and normalise(word) not in MEASURES:
        settings["subset"] = word
        return []
    return [] if normalise(word) in MEASURES - AVERAGES else [word]


def metric_settings(text: str, benchmark: str | None) -> tuple[dict[str, str | int | float], tuple[str, ...]]:
    """Settings that a metric states (`Avg@64`, `Prompt Strict`), and its words where no field holds them."""
    tidy = " ".join(text.split())
    if metric := _metric(tidy, benchmark):
        return metric, ()
    if (measure := re.fullmatch(r"(\w+)\s*\(([^()]+)\)", tidy)) and normalise(measure[1]) in MEASURES - AVERAGES:
        tidy = measure[2]  # `Resolved (SWE-agent)`
    settings, rest = _settings_of(tidy, benchmark)
    if rest and BRACKET.search(tidy):  # `Avg@2 (08/24~01/25)`
        inner, unplaced = _settings_of(BRACKET.sub(r", \1", tidy), benchmark)
        settings, rest = (inner, unplaced) if not unplaced else (settings, rest)
    return settings, ((f"metric: {tidy}",) if rest or not settings else ())


def stated_by(text: str, benchmark: str | None) -> tuple[dict[str, str | int | float], tuple[str, ...]]:
    """Settings that words of a table's own settings column state, and the words that no field holds."""
    tidy = " ".join(text.split())
    if metric := _metric(tidy, benchmark):
        return metric, ()
    settings, rest = _settings_of(tidy, benchmark)
    return settings, tuple(rest)


def states_only_settings(text: str) -> bool:
    """Whether words state shots, a metric or tools and nothing else: `5-shot`, `pass@1`."""
    settings, left = stated_by(text, None)
    return (
        bool(settings) and settings.keys() <= {*_MEASURED, "tools"} and not left and read_label(text).benchmark is None
    )


def settings_with(base: Settings, stated: dict[str, str | int | float], notes: tuple[str, ...] = ()) -> Settings:
    """Settings with fields added; a field already stated is kept. Raises UserError for a value of the wrong kind."""
    held = base.model_dump(exclude_none=True, exclude={"notes"})
    try:
        return Settings(**{**stated, **held}, notes=tuple(dict.fromkeys((*base.notes, *notes))))
    except ValueError as error:
        raise UserError(f"settings cannot be read: {error}") from error
