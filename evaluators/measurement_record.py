"""What a run says about one benchmark, metric and filter."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from evaluators.record_base import Record


class Measurement(Record):
    """What a run says about one benchmark, metric and filter."""

    benchmark: str
    """Catalogue name."""
    metric: str
    """Metric in lm-eval's words; `value` for specification and speed."""
    filter: str = "none"
    """Filter in lm-eval's words."""
    score: float | None
    """lm-eval's aggregate over the finished items (fraction for scores; SI base units else). None: nothing finished."""
    stderr: float | None = None
    """lm-eval's standard error of the score."""
    unit: str
    """Unit of the score: `fraction`, `tok/s`, `tokens`, `parameters`, `bytes`, `licence`, `ratio`, ..."""
    items: int
    """Items in the finished prefix of the fixed order (runs, for speed)."""
    of: int
    """Items of the whole benchmark."""
    values: tuple[float | None, ...] = ()
    """Score of each item of the finished prefix, in order (mean over repeats); None for a failed item."""
    reference_values: tuple[float | None, ...] = ()
    """Pairs: score of the reference on each of these items; empty for a score of one artifact."""
    order_seed: int = 0
    """Seed of the fixed random order."""
    stopped_early: bool = False
    """A stopping rule ended it: the score is a score at stop, never a benchmark score."""
    truncated: int = 0
    """Items with a truncated answer."""
    empty: int = 0
    """Items with an empty answer."""
    refused: int = 0
    """Items with a refused answer."""
    unextracted: int = 0
    """Items in whose answer the filter found nothing."""
    timed_out: int = 0
    """Items with a program that ran out of time."""
    failed: int = 0
    """Items without a score."""
    low: float | None = None
    """Score if every truncated, empty, refused, unextracted, timed-out or failed item had been wrong."""
    high: float | None = None
    """Score if every one of them had been right."""
    evidence: dict[str, str] = Field(default_factory=dict)
    """Specification and speed: how the value came about, in words for people, e.g. the formula with its numbers."""
    first_look: int | None = None
    """Speed: runs after which the first of two looks was taken; None: one look at all runs."""
    starts: tuple[int, ...] = ()
    """Speed: runs of each start of the server, in the order of `values`; empty where there was one."""
    sides: tuple[str, str] | None = None
    """Ratios and pairs: what the two sides are called, numerator first."""
    medians: tuple[float, float] | None = None
    """Ratios: medians of the two sides in the quantity's unit, numerator first."""

    @property
    def score_key(self) -> tuple[str, str]:
        """Metric and filter."""
        return self.metric, self.filter

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: Any) -> Any:
        """Manifests of version 0.1.0 had these numbers in `evidence`, as text."""
        known = data.get("evidence") if isinstance(data, dict) else None
        if not isinstance(known, dict):
            return data
        typed: dict[str, Any] = {}
        if "first_look" not in data and str(known.get("first_look", "")).isdigit():
            typed["first_look"] = int(known["first_look"])
        if "sides" not in data and str(known.get("sides", "")).count(" over ") == 1:
            typed["sides"] = tuple(str(known["sides"]).split(" over "))
        return {**data, **typed}
