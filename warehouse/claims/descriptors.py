"""The columns beside the numbers: shots, metric, mode, hardware and other settings of a row."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.claims.cells import read_value
from warehouse.claims.grid import Cell
from warehouse.claims.labels import SHOTS, Label, metric_settings
from warehouse.claims.layout import Layout
from warehouse.claims.names import mode_of

Stated = dict[str, str | int | float]


def row_settings(layout: Layout, row: Sequence[Cell], label: Label) -> tuple[Stated, list[str]]:
    """Settings that a row's other columns state (shots, metric, hardware, ...), and words that no field holds."""
    stated: Stated = {}
    words: list[str] = []
    for column, role in layout.roles.items():
        text = row[column].text
        if not text or read_value(row[column]).kind == "nothing":
            continue
        head = " ".join(layout.heads[column])
        if role == "shots":
            shots = SHOTS.search(text)
            if text.isdigit() or (shots and shots[1]):
                stated["shots"] = int(text if text.isdigit() else shots[1])  # type: ignore[index]
            else:
                words.append(f"{head}: {text}")
        elif role == "metric":
            found, left = metric_settings(text, label.benchmark)
            stated |= found
            words += left
        elif role.startswith("set:"):
            name = role.removeprefix("set:")
            if name in ("mode", "thinking", "effort"):
                if mode := mode_of(text):
                    stated |= mode
                elif name == "thinking" and text.casefold() in ("yes", "no", "on", "off"):
                    stated["thinking"] = "on" if text.casefold() in ("yes", "on") else "off"
                else:
                    words.append(f"{head}: {text}")
            elif name in ("concurrency", "prompt_tokens", "generation_tokens", "depth"):
                if (digits := text.replace(",", "")).isdigit():
                    stated[name] = int(digits)
                else:
                    words.append(f"{head}: {text}")
            else:
                stated[name] = text
        elif role == "words" and any(c.isalpha() for c in head) and len(text) <= 200:
            words.append(f"{head}: {text}")
    return stated, words
