"""The acceptance criterion, fixed before the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from evaluators.catalogue import Benchmark
from evaluators.records import Settings, UserError
from warehouse.claim_records import PAIR_UNITS, Claim, Criterion
from warehouse.verdicts.noise import noise_expected, with_wording
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
    measured = benchmark.evaluator not in ("speed", "specification")
    metric, filter = "value", "none"
    if measured and benchmark.scores:
        named = settings if settings is not None and settings.metric is not None else claim.settings
        score = benchmark.score(named.metric, named.filter)
        metric, filter = score.key
    count = items or benchmark.items or {"speed": SPEED_RUNS, "specification": 1}.get(benchmark.evaluator)
    if not count:
        raise UserError(f"the catalogue lacks the number of items of {benchmark.name}; add `items` to its YAML")
    relative = benchmark.evaluator == "speed" or claim.interval.unit in ("tok/s", "ratio")
    width = benchmark.margin if margin is None else margin
    if claim.interval.unit in PAIR_UNITS and margin is None:
        width = PAIR_MARGIN * benchmark.margin
    if benchmark.evaluator == "specification":
        width, relative = 0.0, False
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
    if claim.interval.unit == "fraction" and measured:
        expected = noise_expected(
            benchmark,
            claim.interval,
            settings or benchmark.protocol,
            margin=width,
            relative=relative,
            items=count,
            level=draft.level,
            metric=metric,
            claimed_repeats=claim.settings.repeats or 1,
            flips=flips,
        )
        expected = with_wording(expected, benchmark, claim.settings, margin=width, relative=relative)
        draft = draft.model_copy(update={"noise": round(expected.width, 6)})
    return draft.model_copy(update={"criterion_id": criterion_hash(draft)})


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
