"""Where the marks of one claim's picture stand: what was said, what the margin adds, what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.number_text import interval, number
from warehouse.reports.outcome_words import outcome_words
from warehouse.reports.site.axis import LEFT, RIGHT, Axis

Span = tuple[float, float]
"""Left and right end in per cent of the width."""
THINNEST = 0.5
"""Per cent of the width: a claim that is one number is drawn at least so wide."""


@dataclass(frozen=True)
class Figure:
    """The marks of one claim, in per cent of the picture's width."""

    claim: Span | None
    """What the claim's words allow."""
    allowed: Span | None
    """The same with the margin on both sides."""
    interval: Span | None
    """Confidence interval of what was measured."""
    point: float | None
    """What was measured."""
    hollow: bool
    """Measured on other hardware or under other settings than the claim's."""
    others: tuple[float, ...]
    """What others measured or stated about the same."""
    ticks: tuple[tuple[float, str], ...]
    """(place, label)."""
    band: Span | None
    """Scores under the plausible settings, from the lowest to the highest."""
    limit: float | None
    """What the memory of the claimed hardware allows at most (speeds)."""
    colour: str
    """Colour of the outcome."""
    label: str
    """The picture in words."""


def allowed_interval(row: dict[str, Any]) -> tuple[float | None, float | None]:
    """The claim interval with the margin on both sides, in the claim's unit; None is unbounded."""
    low, high, margin = row["claimed_low"], row["claimed_high"], row["margin"] or 0.0
    relative = bool(row["margin_is_relative"])
    lower = None if low is None else low - (abs(low) * margin if relative else margin)
    upper = None if high is None else high + (abs(high) * margin if relative else margin)
    return lower, upper


def figure_values(row: dict[str, Any], others: Iterable[float] = ()) -> list[float | None]:
    """Every value that the picture of a row must have room for."""
    return [
        row["claimed_value"], row["claimed_low"], row["claimed_high"], *allowed_interval(row),
        row["measured"], row["measured_low"], row["measured_high"], *others,
    ]  # fmt: skip


def figure_of(row: dict[str, Any], axis: Axis | None, others: Sequence[float] = ()) -> Figure | None:
    """The picture of one row of claims_vs_measured; None if the claim is not a number."""
    if axis is None or (row["claimed_value"] is None and row["claimed_low"] is None and row["claimed_high"] is None):
        return None
    low, high = row["claimed_low"], row["claimed_high"]
    if low is None and high is None:
        low = high = row["claimed_value"]
    point = None if row["measured"] is None else axis.place(row["measured"])
    spread = None
    if row["measured_low"] is not None or row["measured_high"] is not None:
        spread = _span(row["measured_low"], row["measured_high"], axis)
    return Figure(
        claim=_wide(_span(low, high, axis)),
        allowed=_span(*allowed_interval(row), axis) if row["margin"] else None,
        interval=spread,
        point=point,
        hollow=row["comparability"] == "differs",
        others=tuple(axis.place(value) for value in others),
        ticks=axis.ticks,
        band=None,
        limit=None,
        colour=outcome_words(row["outcome"]).colour,
        label=figure_words(row, axis, others),
    )


def figure_words(row: dict[str, Any], axis: Axis, others: Sequence[float] = ()) -> str:
    """The picture in words, for those who do not see it."""
    unit = row["unit"]
    parts = [f"claimed {row['claimed']}"]
    if row["margin"]:
        parts.append(f"with the margin {interval(*allowed_interval(row), unit)}")
    if row["measured"] is not None:
        span = interval(row["measured_low"], row["measured_high"], unit)
        parts.append(f"measured {number(row['measured'], unit)} {span}".strip())
    else:
        parts.append("nothing measured")
    if others:
        parts.append("others say " + ", ".join(number(value, unit) for value in others))
    scale = "logarithmic axis" if axis.logarithmic else "axis"
    return "; ".join(parts) + f"; {scale} from {number(axis.low, unit)} to {number(axis.high, unit)}"


def _span(low: float | None, high: float | None, axis: Axis) -> Span:
    return (LEFT if low is None else axis.place(low), RIGHT if high is None else axis.place(high))


def _wide(span: Span) -> Span:
    short = THINNEST - (span[1] - span[0])
    return (span[0] - short / 2, span[1] + short / 2) if short > 0 else span
