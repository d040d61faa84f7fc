"""The acceptance criterion, fixed before the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from evaluators.catalogue import Benchmark
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claim, Criterion
from warehouse.number_text import PAIR_UNITS
from warehouse.verdicts.noise import RunNoise, noise_expected, with_wording
from warehouse.verdicts.statistics.control_variate import forecast_hash

SPEED_RUNS = 7
"""Independent runs of a speed measurement, at least."""
PAIR_MARGIN = 0.5
"""Share of a benchmark's margin that a claim about a pair has: what a protocol changes moves both sides alike."""


def make_criterion(
    claim: Claim,
    benchmark: Benchmark,
    *,
    order_seed: int,
    alpha: float = 0.05,
    margin: float | None = None,
    items: int | None = None,
    settings: Settings | None = None,
    predictions: Sequence[float] | None = None,
    runs_before: int = 0,
    flips: tuple[float, int] | None = None,
    plausible: int = 1,
    protocol: str | None = None,
    now: datetime | None = None,
) -> Criterion:
    """The criterion for a claim on a benchmark. `margin` (the catalogue's if None) is in the benchmark's unit, relative
    for speed and ratios. `items`: of the whole benchmark, where the catalogue does not say. `settings`: those of the
    coming run, for the run-noise allowance (the benchmark's protocol if None). `predictions`: control variate for all
    items. `runs_before`: runs that judged the claim already, with which it shares its alpha. `flips`: flip rate and
    number of items answered twice, where these weights were measured before; else run noise is assumed. `plausible`:
    number of plausible protocols of the claim, `protocol`: the one that the run follows. Raises UserError if the claim
    has no interval, the benchmark no such score, or the number of items is unknown."""
    if claim.interval is None:
        raise UserError(f"claim {claim.claim_id} ({claim.said!r}) states no number; nothing can be compared with it")
    if not 0 < alpha < 1:
        raise UserError(f"alpha is {alpha}; give a probability between 0 and 1")
    metric, filter = _score_key(claim, benchmark, settings)
    count = _item_count(benchmark, items)
    width, relative = _tolerance(claim, benchmark, margin)
    draft = Criterion(
        criterion_id="",
        claim_id=claim.claim_id,
        benchmark=benchmark.name,
        metric=metric,
        filter=filter,
        interval=claim.interval,
        margin=width,
        relative=relative,
        plausible=plausible,
        protocol=protocol,
        higher_is_better=benchmark.higher_is_better,
        predictions_sha256=forecast_hash(predictions) if predictions is not None else None,
        alpha=alpha,
        runs_before=runs_before,
        order_seed=order_seed,
        items=count,
        stored_at=now or datetime.now(UTC),
    )
    if claim.interval.unit == "fraction" and _has_items(benchmark):
        expected = noise_of_criterion(draft, claim, benchmark, settings or benchmark.protocol, count, flips)
        draft = draft.model_copy(update={"noise": round(expected.width, 6)})
    return draft.model_copy(update={"criterion_id": criterion_hash(draft)})


def noise_of_criterion(
    criterion: Criterion,
    claim: Claim,
    benchmark: Benchmark,
    settings: Settings,
    items: int,
    flips: tuple[float, int] | None,
) -> RunNoise:
    """The run noise to be expected of a run by these settings over `items` items, with what the claim leaves unsaid of
    wording; the criterion's own noise does not count. `flips`: as of `make_criterion`."""
    expected = noise_expected(
        benchmark,
        criterion.interval,
        settings,
        margin=criterion.margin,
        relative=criterion.relative,
        items=items,
        level=criterion.level,
        metric=criterion.metric,
        claimed_repeats=claim.settings.repeats or 1,
        flips=flips,
    )
    return with_wording(expected, benchmark, claim.settings, margin=criterion.margin, relative=criterion.relative)


def _has_items(benchmark: Benchmark) -> bool:
    """Whether its score is made of items: neither a speed nor a fact about the weights."""
    return benchmark.evaluator not in ("speed", "specification")


def _score_key(claim: Claim, benchmark: Benchmark, settings: Settings | None) -> tuple[str, str]:
    """Metric and filter that are compared: the run's where its settings name one, else those that the claim means."""
    if not _has_items(benchmark) or not benchmark.scores:
        return "value", "none"
    named = settings if settings is not None and settings.metric is not None else claim.settings
    return benchmark.score(named.metric, named.filter).key


def _item_count(benchmark: Benchmark, items: int | None) -> int:
    """Items of the whole benchmark; for speed the runs that it takes at least."""
    count = items or benchmark.items or {"speed": SPEED_RUNS, "specification": 1}.get(benchmark.evaluator)
    if not count:
        raise UserError(f"the catalogue lacks the number of items of {benchmark.name}; add `items` to its YAML")
    return count


def _tolerance(claim: Claim, benchmark: Benchmark, margin: float | None) -> tuple[float, bool]:
    """Margin, and whether it is a share of the claim. A fact about the weights has none."""
    unit = claim.interval.unit if claim.interval is not None else ""
    if benchmark.evaluator == "specification":
        return 0.0, False
    relative = benchmark.evaluator == "speed" or unit in ("tok/s", "ratio")
    if margin is not None:
        return margin, relative
    return benchmark.margin * (PAIR_MARGIN if unit in PAIR_UNITS else 1), relative


def criterion_hash(criterion: Criterion) -> str:
    """SHA-256 (hex) over everything in a criterion but its id and its date."""
    content = criterion.model_dump(mode="json", exclude={"criterion_id", "stored_at"})
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def with_predictions(criterion: Criterion, sha256: str | None) -> Criterion:
    """The criterion with a control variate, by its hash; itself without one."""
    if sha256 is None:
        return criterion
    named = criterion.model_copy(update={"predictions_sha256": sha256})
    return named.model_copy(update={"criterion_id": criterion_hash(named)})
