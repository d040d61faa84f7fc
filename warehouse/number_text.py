"""Numbers as people read them, by unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

PAIR_UNITS = ("difference", "recovery")
"""Units of claims about a pair, the reference being the settings' `denominator`: score minus the reference's score (a
fraction, -0.01 is one point less), and score over the reference's."""


def number(value: float | None, unit: str | None, *, points: int = 1) -> str:
    """One number with its unit: a fraction as percent with `points` decimals, parameters as 1.5M, bytes as 20.9 GB."""
    if value is None:
        return "—"
    match unit:
        case "fraction":
            return f"{100 * value:.{points}f}"
        case "difference":
            return f"{100 * value:+.{points}f} points"
        case "recovery":
            return f"{100 * value:.{points}f}%"
        case "parameters":
            return _scaled(value, 1000, ("", "K", "M", "B", "T"))
        case "bytes":
            return _scaled(value, 1000, (" B", " kB", " MB", " GB", " TB"))
        case "tok/s":
            return f"{f'{value:,.1f}'.removesuffix('.0')} tok/s" if value < 1000 else f"{value:,.0f} tok/s"
        case "s":
            return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"
        case "ratio":
            return f"{value:.2f}x"
        case "tokens":
            return f"{value:,.0f}"
        case _:
            return f"{value:,.10g}"


WITH_OWN_UNIT = ("bytes", "tok/s", "s", "ratio", "difference", "recovery")
"""Units that `number` writes itself."""


def number_and_unit(value: float, unit: str) -> str:
    """A number in a sentence, where no heading says its unit: `99.7%`, `1.5M parameters`, `8,192 tokens`."""
    if unit == "fraction":
        return f"{number(value, unit)}%"
    return number(value, unit) if unit in WITH_OWN_UNIT else f"{number(value, unit)} {unit}".rstrip()


def interval(low: float | None, high: float | None, unit: str | None, *, points: int = 1) -> str:
    """An interval; empty if it is a point or unknown."""
    if low == high:
        return ""
    left = number(low, unit, points=points) if low is not None else "-∞"
    right = number(high, unit, points=points) if high is not None else "∞"
    own = {"tok/s": " tok/s", "ratio": "x", "difference": " points", "recovery": "%"}.get(unit or "", "")
    if own:  # said once is enough
        left, right = left.removesuffix(own), right.removesuffix("" if unit in ("tok/s", "ratio") else own)
    return f"[{left}, {right}]"


def item_rate(per_second: float) -> str:
    """How fast items are finished: `3.4 items/s`, `12.0 items/min`, `1.5 items/h`, each from half a one on."""
    for count, unit in ((1, "s"), (60, "min")):
        if per_second * count >= 0.5 or not per_second:
            return f"{per_second * count:.1f} items/{unit}"
    return f"{3600 * per_second:.1f} items/h"


def duration(seconds: float) -> str:
    """A length of time as people say it: `40 s`, `12 min`, `3.2 h`, `41 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 10 else f"{hours:,.0f} h"


def _scaled(value: float, base: int, names: tuple[str, ...]) -> str:
    step = 0
    while abs(value) >= base and step < len(names) - 1:
        value /= base
        step += 1
    return f"{value:.4g}{names[step]}"


def flag_of(row: Mapping[str, Any]) -> str:
    """The mark of a discrepancy: a full flag if it stands among all tested claims, an outlined one if it does not."""
    return "" if not row["flagged"] else " ⚑" if row["stands"] else " ⚐"


def pair_named(row: Mapping[str, Any]) -> str:
    """What follows the benchmark's name in a row about a pair: its reference, where the claim's words do not say it."""
    if row["unit"] not in PAIR_UNITS:
        return ""
    reference = json.loads(row["claimed_settings"] or "{}").get("denominator")
    return "" if not reference or str(reference).casefold() in row["claimed"].casefold() else f", against {reference}"
