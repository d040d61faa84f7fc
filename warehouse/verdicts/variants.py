"""Scores on variants of a benchmark and on both sides of a release date, beside a verdict that they never change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from evaluators.catalogue import catalogue
from evaluators.records import Run
from warehouse.claim_records import Criterion, VariantScore, Verdict
from warehouse.verdicts.statistics.confidence_sequence import confidence_sequence
from warehouse.verdicts.statistics.region import AcceptanceRegion
from warehouse.verdicts.statistics.sequential_test import bounded

ALPHA = 0.05
FEWEST = 30
"""Pairs, and dated problems of a side, from which on they are shown."""
ItemKey = tuple[str, int]
"""Task and document number."""
ItemValue = tuple[ItemKey, float]
"""An item and its score; in a run's order."""


def with_variants(verdict: Verdict, criterion: Criterion, runs: Sequence[Run]) -> Verdict:
    """The verdict with the scores of runs on variants of the claim's benchmark, by the metric and filter that were
    compared (by the metric, where the variant has no such filter)."""
    scores = [score for run in runs if (score := variant_score(run, *criterion.score_key)) is not None]
    return verdict.model_copy(update={"variants": tuple(scores)}) if scores else verdict


def variant_key(run: Run, metric: str, filter: str) -> tuple[str, str] | None:
    """Metric and filter by which a variant is compared; None where it has no score of this metric."""
    same = [measured for measured in run.measurements if measured.metric == metric and measured.score is not None]
    chosen = next((measured for measured in same if measured.filter == filter), same[0] if same else None)
    return None if chosen is None else chosen.score_key


def variant_score(run: Run, metric: str, filter: str) -> VariantScore | None:
    """The score of one run; None where it has none of this metric."""
    key = variant_key(run, metric, filter)
    chosen = None if key is None else run.measurement(key)
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


def beside_originals(
    score: VariantScore,
    variants: Iterable[ItemValue],
    asked: Iterable[ItemValue],
    originals: Mapping[ItemKey, ItemKey],
) -> VariantScore:
    """The score with that of the originals of the same items, and their difference.

    `variants`: the run on the variant; `asked`: the run on the benchmark; `originals`: by item of the variant. The
    interval is for all variants of the originals that were asked: those were settled before, and the variants come in a
    random order of their own.
    """
    known = dict(asked)
    pairs = [(value, known[originals[key]]) for key, value in variants if originals.get(key) in known]
    if len(pairs) < FEWEST or not bounded([value for pair in pairs for value in pair]):
        return score
    whole = AcceptanceRegion(sum(original in known for original in originals.values()), 0.0, 1.0, 0.02)
    low, high = confidence_sequence([(1 + other - own) / 2 for other, own in pairs], whole, ALPHA)
    return score.model_copy(
        update={
            "pairs": len(pairs),
            "paired_score": sum(other for other, _ in pairs) / len(pairs),
            "original_score": sum(own for _, own in pairs) / len(pairs),
            "difference_low": 2 * low - 1,
            "difference_high": 2 * high - 1,
        }
    )


def around_release(
    run: Run, asked: Sequence[ItemValue], dates: Mapping[ItemKey, date], released: date
) -> tuple[VariantScore, ...]:
    """The scores on problems published before a release and since; none where a side has too few.

    `asked`: the run's items in its order; `dates`: of all problems in the window that was run.
    """
    sides: tuple[tuple[str, Callable[[date], bool]], ...] = (
        (f"problems published before {released}, the day of the release", lambda day: day < released),
        (f"problems published since {released}", lambda day: day >= released),
    )
    known, scores = catalogue().get(run.benchmark), []
    for words, within in sides:
        values = [value for key, value in asked if key in dates and within(dates[key])]
        of = sum(within(day) for day in dates.values())
        if len(values) < FEWEST or not bounded(values):
            return ()
        low, high = confidence_sequence(values, AcceptanceRegion(of, 0.0, 1.0, 0.02), ALPHA)
        scores.append(
            VariantScore(
                benchmark=run.benchmark,
                title=f"{known.title if known else run.benchmark}, {words}",
                score=sum(values) / len(values),
                low=low,
                high=high,
                items=len(values),
                of=of,
                run_id=run.run_id,
            )
        )
    return tuple(scores)
