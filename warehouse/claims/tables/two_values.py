"""Cells with several values, where label, heading or the cell itself says what each is."""

from __future__ import annotations

import re
from dataclasses import replace

from evaluators.catalogue import catalogue
from warehouse.claims.text.labels import Label, parts_of
from warehouse.claims.text.quantities import parameters_in, tokens_in

_NUMBER = re.compile(r"[*_]*[~≈]?\d[\d,]*(?:\.\d+)?\s*%?[*_]*")


def values_of(text: str, label: Label, head: str = "") -> tuple[tuple[Label, str], ...]:
    """The values of a cell, each with its label; empty where nothing says what each is.

    "65.0 / 80.0" under `AIME (pass@1 / cons@64)`, "17B (Activated) 109B (Total)" under `Params`, "355B-A32B" under
    `Model Size`. `head` is the heading of the column, where the label stands in the row.
    """
    unit = catalogue()[label.benchmark].unit if label.benchmark else None
    if unit == "parameters":
        found = parameters_in(text)
        return _named(label, found)
    if unit == "tokens" and label.benchmark == "context_window":
        found = tokens_in(text)
        return _named(label, found)
    said = [part.strip().strip("*_").strip() for part in re.split(r"\s*/\s*|\s*\|\s*", text)]
    if len(said) < 2 or not all(_NUMBER.fullmatch(part) for part in said):
        return ()
    labels = parts_of(label.text)
    if not labels and head and (names := re.search(r"[(\[]([^()\[\]]*/[^()\[\]]*)[)\]]", head)):
        labels = parts_of(f"{label.text} ({names[1]})")
    return tuple(zip(labels, said, strict=True)) if len(labels) == len(said) else ()


def _named(label: Label, found: tuple[tuple[str, str], ...]) -> tuple[tuple[Label, str], ...]:
    """The label as printed with each specification that its cell states; empty for fewer than two."""
    return tuple((replace(label, benchmark=name), said) for name, said in found) if len(found) > 1 else ()
