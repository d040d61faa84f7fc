"""The scale that the pictures of one unit share: bounds, ticks, and where a value stands on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.number_text import number

LEFT, RIGHT = 4.0, 96.0
"""Per cent of the picture's width between which the axis lies, so that a label at its end is not cut."""
LOGARITHMIC = {"tok/s": 5.0, "fraction": 1e9}
"""Greatest value over smallest from which an axis is logarithmic, by unit; 20 for the others."""


@dataclass(frozen=True)
class Axis:
    """One scale."""

    low: float
    high: float
    logarithmic: bool
    ticks: tuple[tuple[float, str], ...]
    """(per cent of the width, label)."""

    def place(self, value: float) -> float:
        """Where a value stands, in per cent of the width; values outside stand at the end."""
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log10(low), math.log10(high), math.log10(max(value, self.low))
        share = (at - low) / (high - low)
        return LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0)


SMALLEST = 1e-9
"""Differences and values below this are none to whoever looks."""


def axis_of(values: Iterable[float | None], unit: str) -> Axis | None:
    """The axis over some values, in their unit (scores as fractions); None if no value is finite."""
    most = 1.0 if unit == "fraction" else math.inf  # a bar of 99.4 ± 3 points ends at 100
    known = sorted({min(value, most) for value in values if value is not None and math.isfinite(value)})
    if not known:
        return None
    smallest, greatest = known[0], known[-1]
    if smallest > SMALLEST and greatest / smallest > LOGARITHMIC.get(unit, 20.0):
        return _logarithmic(smallest, greatest, unit)
    return _linear(smallest, greatest, unit)


def _linear(smallest: float, greatest: float, unit: str) -> Axis:
    known_share = smallest >= 0 and greatest <= 1
    span = greatest - smallest
    if span <= SMALLEST * max(abs(smallest), abs(greatest), 1.0):
        span = 0.1 if unit == "fraction" else abs(greatest) * 0.2 if abs(greatest) > SMALLEST else 1.0
    smallest, greatest = smallest - 0.06 * span, greatest + 0.06 * span
    step = _step((greatest - smallest) / 4.5)
    low, high = math.floor(smallest / step) * step, math.ceil(greatest / step) * step
    if unit == "fraction" and known_share:
        low, high = max(low, 0.0), min(high, 1.0)
    count = round((high - low) / step)
    values = [low + step * index for index in range(count + 1)]
    ticks = tuple((LEFT + (RIGHT - LEFT) * (value - low) / (high - low), _label(value, unit)) for value in values)
    return Axis(low, high, False, ticks)


def _logarithmic(smallest: float, greatest: float, unit: str) -> Axis:
    low, high = math.log10(smallest), math.log10(greatest)
    pad = max(0.05 * (high - low), 0.12)
    low, high = low - pad, high + pad
    steps = (1,) if high - low > 1.6 else (1, 2, 5)
    every = max(1, math.ceil((high - low) / 5))
    decades = range(math.floor(low), math.ceil(high) + 1)
    values = [step * 10.0**decade for decade in decades if decade % every == 0 for step in steps]
    ticks = tuple(
        (LEFT + (RIGHT - LEFT) * (math.log10(value) - low) / (high - low), _label(value, unit))
        for value in values
        if low <= math.log10(value) <= high
    )
    return Axis(10.0**low, 10.0**high, True, ticks)


def _step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    decade = 10.0 ** math.floor(math.log10(rough))
    return next((times * decade for times in (1, 2, 5) if times * decade >= rough), 10 * decade)


def _label(value: float, unit: str) -> str:
    match unit:
        case "fraction":
            return f"{100 * value:.4g}"
        case "difference":
            return f"{100 * value:+.3g}"
        case "recovery":
            return f"{100 * value:.4g}"
        case "ratio":
            return f"{value:.3g}x"
        case "bytes":
            return number(value, unit)
        case "parameters" | "tokens":
            return number(value, "parameters")
        case _:
            return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3g}"
