"""A row label or column heading -> benchmark and the settings it states: `DROP (3-shot F1)`, `AIME25 (no tools)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from warehouse.claims.text.names import mode_of, normalise, resolve_benchmark
from warehouse.claims.text.vocabulary import MEASURES, METRIC_WORDS, VARIANTS


@dataclass(frozen=True)
class Label:
    """What a label says."""

    text: str
    """As printed, spaces tidied."""
    benchmark: str | None
    """Catalogue name, None if it is not known for certain."""
    stated: tuple[tuple[str, str | int], ...] = ()
    """Settings stated, as (field, value)."""
    words: tuple[str, ...] = ()
    """Qualifiers that no settings field holds, word for word."""
    scale: Literal["percent"] | None = None
    """`percent` where the label says so, e.g. `Accuracy (%)`."""
    window: str | None = None
    """Unit word in the label, e.g. `tok/s`, `GB`."""


SHOTS = re.compile(r"(?i)\b(\d{1,3})[\s-]*shots?\b|\b(zero|one|few)[\s-]*shot\b")
REPEATS = re.compile(r"(?i)\b(?:avg|average|mean|acc)\s*@\s*(\d{1,4})\b")
AT = re.compile(r"(?i)\b(?:cons|maj|majority|pass|best|bon)\s?[@^]\s?\d{1,4}\b")
TOOLS_NONE = re.compile(r"(?i)^(?:no|w/o|without)[\s-]*(?:tools?|python|code)(?:[\s-]use)?$")
TOOLS = re.compile(r"(?i)^(?:w/|with)\s*(.*tools?.*|python|code.*|search.*|browsing)$")
SUBSET = re.compile(
    r"(?i)^(?:text[\s-]?only|.*\bsubset\b.*|[a-z]{3,9}\.? ?'?\d{2,4}\s*[-–—to]+\s*[a-z]{3,9}\.? ?'?\d{2,4}|"
    r"\d{2,4}[./-]\d{2}\s*[-–—~]\s*\d{2,4}[./-]\d{2}|\d{6,8}\s*[-–—~]\s*\d{6,8}|\d{1,2}/\d{1,2}/\d{2,4}\s*[-–—~]\s*\d{1,2}/\d{1,2}/\d{2,4}|val|test|dev|validation)$"
)
RATIO = re.compile(r"(?i)(.+?)\s*(?:\s/\s|\bvs\.?\s|\bover\s|\bcompared (?:to|with)\s|:)\s*(.+)")
WINDOW = re.compile(r"(?i)\b(tok(?:ens?)?\s*(?:/|per)\s*s(?:ec(?:onds?)?)?|t/s|tps|gi?b|mi?b|bytes)\b")


@lru_cache(maxsize=20_000)
def read_label(text: str) -> Label:
    """Take a label apart. The benchmark is resolved from the whole label, then with its qualifiers taken off."""
    tidy = " ".join(text.split())[:300]
    whole = resolve_benchmark(tidy)
    core, qualifiers = _split(tidy)
    name = whole.name
    if name is None:
        name, qualifiers = _resolve_core(core, qualifiers)
    stated: dict[str, str | int] = {}
    words: list[str] = []
    scale: Literal["percent"] | None = None
    window: str | None = None
    for qualifier in qualifiers:
        found, rest = _settings_of(qualifier, name)
        stated |= found
        if qualifier.strip() in ("%", "in %", "percent"):
            scale = "percent"
        elif unit := WINDOW.fullmatch(qualifier.strip()):
            window = unit[1]
        elif rest:
            words.append(qualifier)
    if scale is None and re.search(r"[\[(]\s*%|%\s*[\])]|\s%$", tidy):
        scale = "percent"
    return Label(tidy, name, tuple(stated.items()), tuple(words), scale, window)


def _split(label: str) -> tuple[str, list[str]]:
    """The label without its brackets and shots, and these."""
    qualifiers = [part.strip() for part in re.findall(r"[(\[]([^()\[\]]*)[)\]]", label)]
    core = re.sub(r"[(\[][^()\[\]]*[)\]]", " ", label)
    for pattern in (SHOTS, REPEATS, AT):
        if found := pattern.search(core):
            qualifiers.append(found[0])
            core = core[: found.start()] + " " + core[found.end() :]
    core = re.sub(r"[✱▲▼↑↓*†‡§¶^]+\s*$", "", " ".join(core.split()))
    if ": " in core and resolve_benchmark(core).name is None:
        head, tail = core.split(": ", 1)
        core, qualifiers = head, [*qualifiers, tail]
    return core.strip(" ,:;-–—|"), [part for part in qualifiers if part]


def _resolve_core(core: str, qualifiers: list[str]) -> tuple[str | None, list[str]]:
    """Resolve the core, with each qualifier first (`GPQA (Diamond)`), then alone, then less its last metric word."""
    for index, qualifier in enumerate(qualifiers):
        bare = SHOTS.sub("", qualifier).strip(" ,")
        for words in (f"{core} {qualifier}", f"{core} {bare}"):
            if bare and (name := resolve_benchmark(words).name):
                rest = [other for place, other in enumerate(qualifiers) if place != index]
                return name, [*rest, *([shots[0]] if (shots := SHOTS.search(qualifier)) else [])]
        first, _, more = bare.partition(" ")
        if more and (name := resolve_benchmark(f"{core} {first}").name):
            rest = [other for place, other in enumerate(qualifiers) if place != index]
            return name, [*rest, more, *([shots[0]] if (shots := SHOTS.search(qualifier)) else [])]
    if any(VARIANTS & set(re.findall(r"[\w+]+", qualifier.casefold())) for qualifier in qualifiers):
        return None, qualifiers
    if name := resolve_benchmark(core).name:
        return name, qualifiers
    words_ = re.split(r"[\s,/]+|(?<=\w)-(?=\w)", core)
    for size in (1, 2):
        tail = " ".join(words_[-size:])
        head = core[: core.rfind(words_[-size])].rstrip(" ,-/") if len(words_) > size else ""
        if head and (_metric(tail, None) or mode_of(tail) or normalise(tail) in MEASURES | {"cot"}):
            name = resolve_benchmark(head).name
            if name:
                return name, [*qualifiers, tail]
    return None, qualifiers


def _metric(word: str, benchmark: str | None) -> dict[str, str | int]:
    """The metric (and filter) that a word means for this benchmark; empty if it is no metric."""
    key = normalise(word)
    if not key:
        return {}
    found: dict[str, str | int] = {}
    if benchmark is not None:
        scores = catalogue()[benchmark].scores
        named = [s for s in scores if key in (normalise(alias) for alias in s.aliases)]
        if len(named) == 1:
            single = sum(s.metric == named[0].metric for s in scores) == 1
            found["metric"] = named[0].metric
            if not single:
                found["filter"] = named[0].filter
            return found
        if named or any(key == normalise(s.metric) for s in scores):
            metric = named[0].metric if named else next(s.metric for s in scores if key == normalise(s.metric))
            return {"metric": metric}
        filters = [s for s in scores if key == normalise(s.filter)]
        if len(filters) == 1:
            return {"metric": filters[0].metric, "filter": filters[0].filter}
    return {"metric": METRIC_WORDS[key]} if key in METRIC_WORDS else {}


def _settings_of(qualifier: str, benchmark: str | None) -> tuple[dict[str, str | int], bool]:
    """Settings that a qualifier states, and whether words are left that no field holds."""
    found: dict[str, str | int] = {}
    rest = qualifier
    if shots := SHOTS.search(rest):
        if shots[1]:
            found["shots"] = int(shots[1])
        elif shots[2].lower() in ("zero", "one"):
            found["shots"] = 0 if shots[2].lower() == "zero" else 1
        rest = rest[: shots.start()] + rest[shots.end() :]
        if not shots[1] and shots[2].lower() == "few":
            return found, True
    if repeats := REPEATS.search(rest):
        found["repeats"] = int(repeats[1])
        rest = rest[: repeats.start()] + rest[repeats.end() :]
    left = []
    for part in re.split(r"[,;]|\s{2,}", rest):
        word = part.strip(" ,;-")
        if not word:
            continue
        if metric := _metric(word, benchmark):
            found |= metric
        elif mode := mode_of(word):
            found |= mode
        elif AT.fullmatch(word):
            found["metric"] = word.replace(" ", "").lower()
        elif TOOLS_NONE.match(word):
            found["tools"] = "none"
        elif tools := TOOLS.match(word):
            found["tools"] = tools[1]
        elif SUBSET.match(word):
            found["subset"] = word
        elif benchmark and catalogue()[benchmark].unit == "ratio" and (sides := RATIO.fullmatch(word)):
            found["numerator"], found["denominator"] = sides[1].strip(), sides[2].strip()
        else:
            left.append(word)
    return found, bool(left)


def metric_settings(text: str, benchmark: str | None) -> tuple[dict[str, str | int], tuple[str, ...]]:
    """Settings that a metric states (`Avg@64`, `Prompt Strict`), and its words where no field holds them."""
    tidy = " ".join(text.split())
    if metric := _metric(tidy, benchmark):
        return metric, ()
    found, rest = _settings_of(tidy, benchmark)
    return found, ((f"metric: {tidy}",) if rest or not found else ())


def settings_with(base: Settings, stated: dict[str, str | int | float], notes: tuple[str, ...] = ()) -> Settings:
    """Settings with fields added; a field already stated is kept. Raises UserError for a value of the wrong kind."""
    held = base.model_dump(exclude_none=True, exclude={"notes"})
    try:
        return Settings(**{**stated, **held}, notes=tuple(dict.fromkeys((*base.notes, *notes))))
    except ValueError as error:
        raise UserError(f"settings cannot be read: {error}") from error
