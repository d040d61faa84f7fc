"""Claims, runs and measurements for the verdict tests: real records around item results made from counts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from evaluators.catalogue import Benchmark, Score
from evaluators.records import Measurement, Release, Run, RunStatus, ServerDescription, Settings
from evaluators.stopping import InterimLook
from warehouse.claim_records import Claim, Claimant, ClaimSource, Criterion, Verdict
from warehouse.claims.text.interval import read_interval
from warehouse.verdicts import ClaimRule, judge, make_criterion

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
SUMS = Benchmark(
    name="sums",
    title="Sums",
    evaluator="lm-eval",
    task="sums",
    output="generate_until",
    scores=(
        Score(metric="exact_match", filter="strict-match", aliases=("strict",)),
        Score(metric="exact_match", filter="flexible-extract", aliases=("flexible",)),
    ),
    items=1600,
    margin=0.02,
    wording=0.0,
    chance=0.25,
    protocol=Settings(shots=0, prompt="completion", temperature=0.0, repeats=1),
    decides=("shots", "prompt", "metric", "filter", "temperature", "repeats", "subset"),
)
AS_RUN = Settings(
    shots=0,
    prompt="completion",
    temperature=0.0,
    repeats=1,
    metric="exact_match",
    filter="strict-match",
    subset="",
    max_tokens=40,
    quantization="F16",
    tools="none",
)
STATED = Settings(
    shots=0,
    prompt="completion",
    temperature=0.0,
    repeats=1,
    metric="exact_match",
    filter="strict-match",
    subset="",
)


def make_claim(said: str, settings: Settings = STATED, unit: str = "fraction", benchmark: str = "sums") -> Claim:
    return Claim(
        claim_id="0123456789abcdef",
        model="demo/model",
        benchmark=benchmark,
        benchmark_text=benchmark,
        said=said,
        interval=read_interval(said, unit),
        claimant=Claimant.vendor,
        settings=settings,
        source=ClaimSource(url="card", sha256="0" * 64, read_at=NOW, kind="model_card"),
        place="line 1",
    )


def make_lock(claim: Claim, benchmark: Benchmark = SUMS, **more: Any) -> Criterion:
    return make_criterion(claim, benchmark, order_seed=more.pop("order_seed", 1), now=NOW, **more)


def make_run(settings: Settings = AS_RUN, **more: Any) -> Run:
    server = ServerDescription(backend="llama.cpp", version="1", model="demo")
    defaults: dict[str, Any] = {
        "run_id": "run-1",
        "release": Release(model="demo/model", commit="c0ffee", location="hub"),
        "artifact": None,
        "server": server,
        "benchmark": "sums",
        "evaluator": "lm-eval",
        "evaluator_version": "0.4.13",
        "settings": settings,
        "order_seed": 1,
        "status": RunStatus.finished,
        "started": NOW,
    }
    return Run(**(defaults | more))


def make_measurement(values: Sequence[float | None], of: int = 1600, **more: Any) -> Measurement:
    known = [value for value in values if value is not None]
    failed = len(values) - len(known)
    defaults: dict[str, Any] = {
        "benchmark": "sums",
        "metric": "exact_match",
        "filter": "strict-match",
        "score": sum(known) / len(known) if known else None,
        "unit": "fraction",
        "items": len(values),
        "of": of,
        "values": tuple(values),
        "order_seed": 1,
        "stopped_early": len(values) < of,
        "failed": failed,
    }
    return Measurement(**(defaults | more))


def shuffled(correct: int, total: int, seed: int) -> list[float | None]:
    """0/1 items in a random order."""
    items: list[float | None] = [1.0] * correct + [0.0] * (total - correct)
    random.Random(seed).shuffle(items)
    return items


def stop_at(
    rule: ClaimRule, values: Sequence[float | None], key: tuple[str, str] = ("exact_match", "strict-match")
) -> int:
    """Items at which a run over `values` ends: the rule is asked every 32 items."""
    for items in range(32, len(values), 32):
        if rule.stop(InterimLook(items, len(values), {key: values[:items]})):
            return items
    return len(values)


def verify(claim: Claim, values: Sequence[float | None], benchmark: Benchmark = SUMS, **more: Any) -> Verdict:
    """Lock, run until the rule stops it, judge."""
    criterion = make_lock(claim, benchmark)
    items = stop_at(ClaimRule([criterion]), values)
    return judge(
        claim,
        criterion,
        make_run(),
        make_measurement(values[:items], len(values)),
        now=NOW,
        benchmark=benchmark,
        **more,
    )
