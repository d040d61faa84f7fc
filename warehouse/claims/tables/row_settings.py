"""Settings that a row's other columns state, and words there that no field holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.catalogue import catalogue
from warehouse.claims.tables.cells import read_value
from warehouse.claims.tables.grid import Cell
from warehouse.claims.tables.layout import Layout
from warehouse.claims.text.labels import SHOTS, Label, metric_settings, stated_by
from warehouse.claims.text.names import mode_of, normalise
from warehouse.claims.text.speed_names import is_backend, names_only_serving, serving_stated
from warehouse.claims.text.vocabulary import GENERIC, SAYS_NOTHING

Stated = dict[str, str | int | float]
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
        if role == "shots":
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
            if field == "quantization" and row[column].links and not mode_of(text):  # `Weights` that are linked to
                continue
            if field == "backend" and label.benchmark and catalogue()[label.benchmark].unit == "fraction":
                bare = re.sub(r"\s*\[\d{1,2}\]$", "", text)
                field, text = ("backend", text) if is_backend(text) else ("scaffold", bare)
            words += _field(stated, field, text, head)
        elif role == "words" and any(c.isalpha() for c in head) and len(text) <= 200:
            if normalise(text) in GENERIC or normalise(head) in SAYS_NOTHING:  # `Score` says nothing of it
                continue
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
