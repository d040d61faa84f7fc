"""Sentences that say what a short name in a table stands for: `GPQA: GPQA Diamond, 0-shot`, `LCB = LiveCodeBench`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from evaluators.catalogue import catalogue
from warehouse.claims.text.brackets import without_brackets
from warehouse.claims.text.labels import Label, read_label, stated_by
from warehouse.claims.text.names import normalise
from warehouse.claims.text.parts import is_split

_ENTRY = re.compile(
    r"(?i)^\W*(?:where |here,? |notes?:\s*|and )?[\"'`*_]*(?P<short>[\w][\w .'+/-]{1,29}?)[\"'`*_]*\s*"
    r"(?:[:：=]|\s(?:denotes?|refers to|stands for|means|is short for|represents)\s|\s[–—-]\s|表示|指的?是|代表)\s*"
    r"[\"'`*_]*(?P<long>\S.{1,160}?)[\"'`*_.。]*$"
)


_LIST = re.compile(r"(?i)^\W*(?:abbreviations?|note|notes|缩写|注)\W*[:：]\s*(?=[\w][\w .+/-]{0,29} ?\()")
_LISTED = re.compile(r"([\w][\w.+/-]*(?: [\w.+/-]+){0,2}) ?\(([^()]{2,60})\)\s*(?:[,;.]|$)")
"""Entries of a list of short names: `Abbreviations: College (CollegeMath), Theorem (TheoremQA)`."""


def legends_in(texts: Iterable[str]) -> dict[str, str]:
    """Key of a short name -> what the words say it stands for; a name that two sentences explain is left out."""
    meanings: dict[str, set[str]] = {}
    for text in texts:
        if _LIST.match(text) and len(text) < 1500:
            for short, long in _LISTED.findall(_LIST.sub("", text)):
                meanings.setdefault(normalise(short), set()).add(long.strip())
            continue
        for short, long in _run_of_entries(text):
            meanings.setdefault(normalise(short), set()).add(long)
        for part in re.split(r"\s*[;；\n]\s*", text) if len(text) < 1500 else ():
            if entry := _ENTRY.match(part.strip()):
                meanings.setdefault(normalise(entry["short"]), set()).add(entry["long"].strip())
    return {short: longs.pop() for short, longs in meanings.items() if short and len(longs) == 1}


_SHORT = re.compile(r"([A-Z][A-Za-z\d-]{0,7})(?:: |：\s*)([^.:;。：；]{2,40})")


def _run_of_entries(text: str) -> list[tuple[str, str]]:
    """The short names that at least two sentences in a row explain: `HS: HellaSwag. WG: WinoGrande.`"""
    entries: list[tuple[str, str]] = []
    for sentence in re.split(r"\.(?:\s+|$)|。", text) if len(text) < 1500 else ():
        if entry := _SHORT.fullmatch(sentence.strip()):
            entries.append((entry[1], entry[2].strip()))
        elif len(entries) == 1:
            entries = []
    return entries if len(entries) > 1 else []


_SPLIT_LISTED = re.compile(r"(?P<name>[A-Z][\w-]*?)_(?P<split>[A-Za-z]+(?:_[A-Za-z]+)?)(?:\s*[(（][^()（）]*[)）])?")


def splits_listed(items: Iterable[str]) -> dict[str, str]:
    """Key of a benchmark's name -> an item of the list before a table that says which split of it was scored, where the
    item says nothing else: `DocVQA_VAL (Accuracy)`. A benchmark that two items name is left out."""
    listed: dict[str, set[str]] = {}
    for text in items:
        item = _SPLIT_LISTED.fullmatch(text.strip(" •*-"))
        if item and (is_split(item["split"]) or item["split"].casefold() == "mini") and read_label(item[0]).benchmark:
            listed.setdefault(normalise(item["name"]), set()).add(item[0])
    return {name: texts.pop() for name, texts in listed.items() if len(texts) == 1}


def explained(label: Label, legends: Mapping[str, str]) -> Label:
    """The label as the legend explains it: the benchmark that it names in full, and the settings that it states. What
    the label itself states is kept."""
    core = without_brackets(label.text).strip(" *†‡§^")
    said = legends.get(normalise(label.text)) or legends.get(normalise(core))
    if said is None or (label.benchmark and catalogue()[label.benchmark].unit != "fraction"):
        return label
    head, _, rest = said.partition(",")
    whole = read_label(said)
    named = whole if whole.benchmark else read_label(head)
    if named.benchmark is None:
        named, rest = _part_of(core, said, label), ""
    if named.benchmark is None:
        settings, left = stated_by(said, label.benchmark)
        stated = {**settings, **dict(label.stated)} if settings and not left else dict(label.stated)
        return replace(label, stated=tuple(stated.items()))
    if catalogue()[named.benchmark].unit not in ("fraction", "points"):
        return label
    settings = dict(named.stated)
    words = named.words
    if rest and named is not whole:
        more, left = stated_by(rest.strip(), named.benchmark)
        settings |= more
        words = (*named.words, *left)
    return replace(
        label,
        benchmark=named.benchmark,
        stated=tuple({**settings, **dict(label.stated)}.items()),
        words=tuple(dict.fromkeys((*label.words, *words))),
        category=False,
    )


def unexplained(notes: Iterable[str], label: Label, legends: Mapping[str, str]) -> list[str]:
    """Those of the notes that are more than a legend whose every word `explained` has placed in the label."""
    left = explained(replace(label, words=(), stated=()), legends)
    core = without_brackets(label.text).strip(" *†‡§^")
    said = [(short, legends[key]) for short in (label.text, core) if (key := normalise(short)) in legends]
    placed = {normalise(short + long) for short, long in said} if (left.stated or left.words == ()) and said else set()
    return [text for text in notes if normalise(text) not in placed or left.words]


def _part_of(core: str, said: str, label: Label) -> Label:
    """The label with the legend's words in brackets behind it (`GPQA: Diamond subset`), where they name a benchmark."""
    joined = read_label(f"{core} ({said})") if len(said) <= 60 else label
    return joined if joined.benchmark not in (None, label.benchmark) else replace(label, benchmark=None)
