"""Scores on variants of a benchmark, beside a verdict that they never change."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.catalogue import catalogue
from evaluators.records import Run
from warehouse.claim_records import Criterion, VariantScore, Verdict
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import bounded

ALPHA = 0.05


def with_variants(verdict: Verdict, criterion: Criterion, runs: Sequence[Run]) -> Verdict:
    """The verdict with the scores of runs on variants of the claim's benchmark, by the metric and filter that were
    compared (by the metric, where the variant has no such filter)."""
    scores = [score for run in runs if (score := variant_score(run, *criterion.score_key)) is not None]
    return verdict.model_copy(update={"variants": tuple(scores)}) if scores else verdict


def variant_score(run: Run, metric: str, filter: str) -> VariantScore | None:
    """The score of one run; None where it has none of this metric."""
    same = [measured for measured in run.measurements if measured.metric == metric and measured.score is not None]
    chosen = next((measured for measured in same if measured.filter == filter), same[0] if same else None)
    if chosen is None or chosen.score is None or not chosen.items:
        return None
    low = high = None
    if len(chosen.values) == chosen.items and bounded(chosen.values):
        whole = AcceptanceRegion(chosen.of, 0.0, 1.0, 0.02)
        low, high = confidence_sequence(chosen.values, whole, ALPHA)
    known = catalogue().get(run.benchmark)
    return VariantScore(
        benchmark=run.benchmark,
        title=known.title if known else run.benchmark,
        score=chosen.score,
        low=low,
        high=high,
        items=chosen.items,
        of=chosen.of,
        run_id=run.run_id,
    )
