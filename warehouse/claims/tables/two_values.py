"""Cells with several values, where label, heading or the cell itself says what each is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evaluators.catalogue import catalogue
from warehouse.claims.text.brackets import BRACKET
from warehouse.claims.text.labels import Label, read_label, states_only_settings
from warehouse.claims.text.quantities import parameters_in, tokens_in
from warehouse.claims.text.speed_names import backend_named

_NUMBER = re.compile(r"[*_]*[~≈]?\d[\d,]*(?:\.\d+)?\s*%?[*_]*")


_ORDER = re.compile(r"(?i)(total|总)[^/]{0,20}/\s*#?(activ|激活)|(activ|激活)[^/]{0,20}/\s*#?(total|总)")
"""The order in which a label names two sizes."""
_AT = r"(?:avg|average|mean|pass|cons|maj|majority|best)\s?@\s?[\dk]{1,4}"
_PAIR = re.compile(r"\s+/\s+|\s*\|\s*|(?<=[\w)])/(?=[\w(])")
_ERROR = re.compile(r"(?i)\s*\((?:SE|S\.E\.|std\.?|sd|std\.? ?err(?:or)?|standard error|95 ?% CI)\)")
"""What a heading says of the number in brackets behind each value: how sure the value is."""
_IN_BRACKETS = re.compile(rf"(?i)`?({_AT})`?\s*\(\s*`?({_AT})`?\s*\)")
"""A sentence's or heading's word for the form of cells: `pass@1 (maj@64)`."""


def values_of(
    text: str, label: Label, head: str = "", said_around: Sequence[str] = ()
) -> tuple[tuple[Label, str], ...]:
    """The values of a cell, each with its label; empty where nothing says what each is.

    "65.0 / 80.0" under `AIME (pass@1 / cons@64)`, "17B (Activated) 109B (Total)" under `Params`, "355B-A32B" under
    `Model Size`, "76.3 (83.3)" near a sentence that speaks of `pass@1 (maj@64)`. `head` is the heading of the column,
    where the label stands in the row, `said_around` the words before the table.
    """
    if bracket := re.fullmatch(r"(\d+(?:\.\d+)?)\s*\((\d+(?:\.\d+)?)\)", text.replace("*", "")):
        if (plus := re.fullmatch(r"(.+?)\s*\(\+\)", label.text)) and (extended := read_label(f"{plus[1]}+")).benchmark:
            return tuple(zip((read_label(plus[1]), extended), bracket.groups(), strict=True))
        if error := _ERROR.search(label.text):
            bare = f"{label.text[: error.start()]}{label.text[error.end() :]}".strip()
            return ((replace(read_label(bare), text=label.text), bracket[1]),)
        around = (label.text, head, *said_around)
        forms = {(match[1], match[2]) for words in around for match in _IN_BRACKETS.finditer(words)}
        bare = _IN_BRACKETS.sub("", label.text).strip()
        return tuple(
            (replace(read_label(f"{bare} ({metric})"), text=label.text), said)
            for form in forms
            for metric, said in zip(form, bracket.groups(), strict=True)
            if len(forms) == 1
        )
    unit = catalogue()[label.benchmark].unit if label.benchmark else None
    if unit == "parameters" or (label.benchmark is None and _ORDER.search(label.text)):
        specifications = (parameters_in(text) if label.benchmark else ()) or _by_order(text, label.text)
        return _named(label, specifications)
    if unit == "tokens" and label.benchmark == "context_window":
        specifications = tokens_in(text)
        return _named(label, specifications)
    if unit == "tok/s":
        return _speeds(text, label)
    said = [part.strip().strip("*_").strip() for part in re.split(r"\s*/\s*|\s*\|\s*", text)]
    if len(said) < 2 or not all(_NUMBER.fullmatch(part) for part in said):
        return ()
    labels = _labels_in(label.text)
    if not labels and head and (names := re.search(r"[(\[]([^()\[\]]*/[^()\[\]]*)[)\]]", head)):
        labels = tuple(replace(part, text=label.text) for part in _labels_in(f"{label.text} ({names[1]})"))
    return tuple(zip(labels, said, strict=True)) if len(labels) == len(said) else ()


def plain_and_marked(text: str) -> tuple[str, str, str] | None:
    """The numbers of `99.6 / 100.0‡`, the second with its mark, and the mark; None for another form of cell."""
    number = r"\d+(?:\.\d+)?\s*%?"
    both = re.fullmatch(rf"({number})\s*/\s*({number}\s*([†‡§¶✱]))", re.sub(r"[*_]", "", text).strip())
    return (both[1], both[2], both[3]) if both else None


def _by_order(text: str, label: str) -> tuple[tuple[str, str], ...]:
    """Two sizes in the order in which the label names them: `21B / 3B` under `Params (total / activated)`."""
    sizes = [part.strip() for part in text.split("/")]
    order = _ORDER.search(label)
    if (
        order is None
        or len(sizes) != 2
        or not all(re.fullmatch(r"(?i)[~≈]?\d+(?:\.\d+)?\s?[bmt]", size) for size in sizes)
    ):
        return ()
    names = ("total_parameters", "active_parameters") if order[1] else ("active_parameters", "total_parameters")
    return tuple(zip(names, sizes, strict=True))


def _speeds(text: str, label: Label) -> tuple[tuple[Label, str], ...]:
    """Speeds of one cell with the backend of each: `~9 tok/s (vLLM), 60+ tok/s (llama.cpp)`."""
    pieces = [piece.strip() for piece in re.split(r"\s*[,;/](?!\s*s\b)\s*|\s+vs\.?\s+|\s+\|\s+", text) if piece.strip()]
    speeds = []
    for piece in pieces:
        number = re.search(r"[~≈]?\s?\d[\d,.]*(?:\s?[-–]\s?\d[\d,.]*)?\+?\s*(?:tok(?:ens?)?/s(?:ec)?|t/s|tps)?", piece)
        backend = backend_named(piece)
        if number is None or backend is None:
            return ()
        stated = {**dict(label.stated), "backend": backend}
        speeds.append((replace(label, stated=tuple(stated.items())), number[0].strip()))
    return tuple(speeds) if len(speeds) > 1 else ()


def _named(label: Label, specifications: tuple[tuple[str, str], ...]) -> tuple[tuple[Label, str], ...]:
    """The label as printed with each specification that its cell states; empty for fewer than two."""
    return (
        tuple((replace(label, benchmark=name, words=()), said) for name, said in specifications)
        if len(specifications) > 1
        else ()
    )


def _labels_in(text: str) -> tuple[Label, ...]:
    """The labels of a heading over several values a cell, one a value, in order: `AIME (pass@1 / cons@64)`, `MMLU /
    MMLU-Pro`, `MTOB eng->kgv/kgv->eng`; empty where the heading does not say what each is."""
    tidy = " ".join(text.split())[:300]
    if sides := re.search(r"(?i)[(\s]*\bw/?o\.?\s*/\s*w/?\.?\s*(subs?(?:titles?)?|tools?)\b\)?", tidy):
        rest = f"{tidy[: sides.start()]} {tidy[sides.end() :]}".strip()
        return read_label(f"{rest} (w/o {sides[1]})"), read_label(f"{rest} (w/ {sides[1]})")
    for bracket in BRACKET.finditer(tidy):
        names = [part.strip() for part in _PAIR.split(bracket[1]) if part.strip()]
        labels = [read_label(f"{tidy[: bracket.start()]}({name}){tidy[bracket.end() :]}") for name in names]
        told = labels[0].benchmark or all(states_only_settings(name) for name in names)
        different = {(label.benchmark, label.stated, label.words) for label in labels}
        if len(names) > 1 and len(different) == len(labels) and told:
            return tuple(labels)
    if way := re.search(r"(\w+\s?(?:->|→)\s?\w+)\s?/\s?(\w+\s?(?:->|→)\s?\w+)$", tidy):
        return tuple(read_label(f"{tidy[: way.start()]}({each})") for each in way.groups())
    names = [part.strip() for part in re.split(r"\s*/\s+|\s+/\s*", tidy) if part.strip()]
    labels = [read_label(name) for name in names]
    if len(names) > 1 and len({label.benchmark for label in labels} - {None}) == len(names):
        return tuple(labels)
    return ()
