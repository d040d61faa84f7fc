"""Settings that a row's other columns state, and words there that no field holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.catalogue import catalogue
from warehouse.claims.tables.cells import read_value
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.headings import heads_of, mostly_numbers
from warehouse.claims.tables.layout import Layout
from warehouse.claims.text.labels import SHOTS, Label, metric_settings, read_label, stated_by
from warehouse.claims.text.names import mode_of, normalise
from warehouse.claims.text.speed_names import is_backend, names_only_serving, serving_stated
from warehouse.claims.text.stated_for_all import StatedForAll
from warehouse.claims.text.vocabulary import GENERIC, SAYS_NOTHING

Stated = dict[str, str | int | float]
_VALUES = re.compile(r"\d+\.\d+(?:[\s()/|,]+\d+\.\d+)+[\s)]*")
"""Several values of something else in one cell, which say nothing of the others."""
_PICTURES = re.compile(r"[(\[][^\w()\[\]]*[)\]]")
"""A bracket with no words, as pictures that are links: `BF16 (🤗)`."""
_LENGTHS = re.compile(
    r"(?i)(?:input|prompt|prefill|isl)(?: (?:tokens?|len\w*))?\s*[/+]\s*"
    r"(?:output|generat\w+|decode|osl)(?: (?:tokens?|len\w*))?"
)
"""The heading over two lengths a cell, `1024 / 512` under `Input / Output`."""
_NUMBERS = ("concurrency", "prompt_tokens", "generation_tokens", "depth")


def row_settings(layout: Layout, row: Sequence[Cell], label: Label) -> tuple[Stated, list[str]]:
    """Settings that a row's other columns state (shots, metric, part, hardware, ...), and words that no field holds.

    Columns of groups, and of numbers beside the scores (a standard error, a year), say nothing of the settings.
    """
    stated: Stated = dict(layout.stated)
    words: list[str] = []
    gpus: str | None = None
    for column, role in layout.roles.items():
        text = row[column].text
        if not text or read_value(row[column]).kind == "nothing":
            continue
        head = " ".join(layout.heads[column])
        if _LENGTHS.fullmatch(head) and (lengths := re.fullmatch(r"(\d+)\s*[/+]\s*(\d+)", text.replace(",", ""))):
            stated["prompt_tokens"], stated["generation_tokens"] = map(int, lengths.groups())
        elif role == "shots":
            shots = SHOTS.search(text)
            if text.isdigit() or (shots and shots[1]):
                stated["shots"] = int(text if text.isdigit() else shots[1])  # type: ignore[index]
                rest = "" if text.isdigit() else SHOTS.sub("", text).strip(" ,;-()")
                words += [f"{head}: {rest}"] if rest else []
            else:
                words.append(f"{head}: {text}")
        elif role == "metric":
            settings, left = metric_settings(text, label.benchmark)
            stated |= settings
            words += left
        elif role in ("stated", "words") and names_only_serving(text) and not is_backend(text):
            stated |= serving_stated([text])[0]
        elif role == "stated":
            settings, left = stated_by(text, label.benchmark)
            stated |= settings
            words += [f"{head}: {word}" for word in left]
        elif role == "gpus":
            gpus = text
        elif role.startswith("set:"):
            field = role.removeprefix("set:")
            text = _PICTURES.sub("", text).strip() or text
            if field == "quantization" and row[column].links and not mode_of(text):  # `Weights` that are linked to
                continue
            if field == "backend" and label.benchmark and catalogue()[label.benchmark].unit == "fraction":
                bare = re.sub(r"\s*\[\d{1,2}\]$", "", text)
                field, text = ("backend", text) if is_backend(text) else ("scaffold", bare)
            words += _field(stated, field, text, head)
        elif role == "words" and any(c.isalpha() for c in head) and len(text) <= 200:
            if normalise(text) in GENERIC or normalise(head) in SAYS_NOTHING or _VALUES.fullmatch(text):
                continue  # `Score` says nothing of it
            if is_backend(text):
                stated.setdefault("backend", text)
                continue
            settings, left = stated_by(text, label.benchmark)
            stated |= {key: value for key, value in settings.items() if key not in stated} if not left else {}
            words += [f"{head}: {text}"] if left or not settings else []
    if gpus and gpus.isdigit():
        hardware = stated.get("hardware")
        if isinstance(hardware, str):
            stated["hardware"] = hardware if hardware.startswith(f"{gpus}x ") else f"{gpus}x {hardware}"
        else:
            stated["gpus"] = gpus
    return stated, words


def _field(stated: Stated, name: str, text: str, head: str) -> list[str]:
    """Put a cell into the field its column is for; words that do not fit come back."""
    if name in ("mode", "thinking", "effort"):
        if mode := mode_of(text):
            stated.update(mode)
        elif name == "thinking" and text.casefold() in ("yes", "no", "on", "off"):
            stated["thinking"] = "on" if text.casefold() in ("yes", "on") else "off"
        else:
            return [f"{head}: {text}"]
    elif name in _NUMBERS:
        digits = re.fullmatch(r"(\d[\d,]*)\s?([kK])?(?:\s*(?:tokens?|requests?))?", text)
        if digits is None:
            return [f"{head}: {text}"]
        stated[name] = int(digits[1].replace(",", "")) * (1024 if digits[2] else 1)
    elif name == "subset" and stated.get("subset"):
        stated[name] = f"{stated['subset']}, {text}"
    else:
        stated[name] = text
    return []


_ASKED_HEADS = {
    "maxtokens": "max_tokens", "maxnewtokens": "max_tokens", "maxoutputtokens": "max_tokens",
    "temperature": "temperature", "temp": "temperature", "topp": "top_p", "topk": "top_k", "minp": "min_p",
    "runs": "repeats", "numruns": "repeats", "repeats": "repeats", "repetitions": "repeats", "numrepeats": "repeats",
    "shots": "shots", "numshots": "shots", "nshot": "shots", "fewshot": "shots",
}  # fmt: skip
"""Headings of columns of a table that says how each benchmark was asked."""
_WHOLE = frozenset({"max_tokens", "top_k", "repeats", "shots"})


def settings_of_table(grid: Grid) -> tuple[StatedForAll, ...]:
    """What a table states that has a row a benchmark and columns of sampling settings alone; empty for another one."""
    count, heads = heads_of(grid)
    leaves = [normalise(parts[-1]) if parts else "" for parts in heads]
    fields = {column: _ASKED_HEADS[leaf] for column, leaf in enumerate(leaves) if column and leaf in _ASKED_HEADS}
    body = grid.rows[count:]
    named = [read_label(row[0].text).benchmark if row else None for row in body]
    others = [column for column in range(1, grid.width) if column not in fields]
    if not {"temperature", "top_p", "max_tokens"} & set(fields.values()) or sum(map(bool, named)) < 2:
        return ()
    if any(mostly_numbers([row[column] for row in body]) and leaves[column] != "samples" for column in others):
        return ()
    statements = []
    for row, benchmark in zip(body, named, strict=True):
        stated: Stated = {}
        for column, field in fields.items():
            plain = re.fullmatch(r"\d+(?:\.\d+)?", row[column].text.replace(",", ""))
            if plain and (field not in _WHOLE or plain[0].isdigit()):
                stated[field] = int(plain[0]) if field in _WHOLE else float(plain[0])
        if benchmark and stated:
            statements.append(StatedForAll(tuple(stated.items()), only=frozenset({benchmark})))
    return tuple(statements)
