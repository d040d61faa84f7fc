"""What the readers of structured sources share: one number with its names -> a claim in the reading, or unread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.cells import Neighbours, Value, neighbours, scale_of
from warehouse.claims.text.labels import Label, metric_settings, read_label, settings_with

Scale = Literal["percent", "fraction"]


@dataclass(frozen=True)
class ClaimEntry:
    """One number of a structured source."""

    model: str
    """Hub id or name."""
    benchmark_text: str
    """Benchmark as the source names it."""
    names: tuple[str, ...]
    """Names to resolve it by, the surest first; the first that resolves is taken."""
    said: str
    """The number as written."""
    place: str
    """Key inside the source."""
    claimant: Claimant
    """Who said it."""
    by: str | None = None
    """Name of the claimant."""
    metrics: tuple[str, ...] = ()
    """Words for its metric, the surest first; the first that is one is taken, the others are kept as words."""
    stated: tuple[tuple[str, Any], ...] = ()
    """Settings that the source states in fields of its own."""
    words: tuple[str, ...] = ()
    """Settings word for word."""
    note: str | None = None
    """Anything else that came with it."""
    scale: Scale | None = None
    """What the source says about its unit."""
    variant: str | None = None
    """Quantization or effort."""
    commit: str | None = None
    """Commit of the release."""


def label_of(entry: ClaimEntry) -> Label:
    """The label of the entry's first name that resolves, else of its first name."""
    labels = [read_label(name) for name in entry.names if name]
    labels = labels or [read_label(entry.benchmark_text)]
    return next((label for label in labels if label.benchmark), labels[0])


def add_entries(reading: Reading, entries: Sequence[ClaimEntry]) -> None:
    """Add the entries. Where neither entry nor text says points or fraction, the source's other scores decide."""
    labels = [label_of(entry) for entry in entries]
    values = [_value(entry) for entry in entries]
    scores = neighbours(v for label, v in zip(labels, values, strict=True) if _is_score(label))
    for entry, label, value in zip(entries, labels, values, strict=True):
        try:
            reading.claims.append(_claim(reading, entry, label, value, scores))
        except (UserError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else "cannot be read"
            reading.leave(None, f"{entry.place}: {entry.benchmark_text} {entry.said}", reason)


def _is_score(label: Label) -> bool:
    return label.benchmark is not None and catalogue()[label.benchmark].unit == "fraction"


def _value(entry: ClaimEntry) -> Value:
    try:
        number = Decimal(entry.said.strip())
    except InvalidOperation:
        return Value("words", entry.said)
    if not number.is_finite():
        return Value("unsure", entry.said)
    exponent = number.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return Value("number", entry.said, plain=float(number), decimals=decimals)


def _claim(reading: Reading, entry: ClaimEntry, label: Label, value: Value, scores: Neighbours) -> Any:
    if value.kind == "unsure" or (value.plain is not None and not math.isfinite(value.plain)):
        raise UserError("not a number")
    if value.plain is not None and value.plain < 0 and _is_score(label):
        raise UserError("negative score")
    scale: Scale | None = entry.scale
    if scale is None and _is_score(label) and value.plain is not None and "%" not in entry.said:
        scale = scale_of(value, Neighbours(), scores)
        if scale is None:
            raise UserError("points or fraction cannot be told apart here")
    interval = read_number(entry.said, label.benchmark, scale=scale)
    stated: dict[str, Any] = dict(label.stated)
    words = [*label.words]
    words += _add_metric(stated, entry.metrics, label.benchmark)
    stated |= dict(entry.stated)
    return new_claim(
        model=entry.model,
        benchmark=label.benchmark,
        benchmark_text=entry.benchmark_text,
        said=entry.said,
        claimant=entry.claimant,
        source=reading.source,
        place=entry.place,
        settings=settings_with(Settings(), stated, (*words, *entry.words)),
        interval=interval,
        variant=entry.variant,
        by=entry.by,
        note=entry.note,
        commit=entry.commit,
    )


def _add_metric(stated: dict[str, Any], metrics: Sequence[str], benchmark: str | None) -> list[str]:
    """Take the metric from the words for it, one of the benchmark's own scores first; the other words come back."""
    scores = {score.metric for score in catalogue()[benchmark].scores} if benchmark else set()
    read = [(metric, *metric_settings(metric, benchmark)) for metric in metrics]
    named = [settings["metric"] for _, settings, _ in read if "metric" in settings]
    best = next((metric for metric in named if metric in scores), named[0] if named else None)
    words: list[str] = []
    for metric, settings, left in read:
        if "metric" in settings and settings["metric"] == best and "metric" not in stated:
            stated |= settings
        else:
            stated |= {key: value for key, value in settings.items() if key not in ("metric", "filter")}
            words += left or ([f"metric: {metric}"] if "metric" in settings or not settings else [])
    return words
