"""Two artifacts on the same items of one benchmark: two quantizations, two releases, or one on two backends.

Both answer the same first items of one random order, in steps that double, until the question is decided. Answers are
paid for once: each step is a run of its own that takes the earlier ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.catalogue import Benchmark, benchmark
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Record, Run, RunStatus, Settings, UserError
from evaluators.weights import pull, resolve
from flows.options import VerifyOptions
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.verification.measure import earlier_runs
from flows.verification.pairs.pair_run import scored_per_item
from flows.verification.weights_choice import choose_artifact
from warehouse.home import Home
from warehouse.queries.claim_runs import order_seed_of
from warehouse.verdicts.statistics.paired_difference import sign_test
from warehouse.verdicts.statistics.paired_test import follow_pairs

FIRST_STEP = 200
"""Items of the first step."""


class CompareSide(Record):
    """What is compared."""

    release: str
    """`org/name` on the hub, or a folder."""
    quantization: str | None = None
    """Quantization; None: the most exact one that fits."""
    backend: str = "llama.cpp"
    """Serving engine."""


class CompareResult(Record):
    """What came of a comparison."""

    benchmark: str
    """Catalogue name."""
    metric: str
    """Metric and filter that were compared."""
    margin: float
    """Fraction that the first may lose."""
    alpha: float
    """Probability of a wrong answer, at most."""
    holds: str | None
    """`holds` or `fails`; None: not decided within the budget."""
    items: int
    """Items that both answered."""
    of: int
    """Items of the benchmark."""
    first: float
    """Score of the first on these items."""
    second: float
    """Score of the second."""
    low: float
    """Lower end of the interval of the difference (first minus second), as a fraction."""
    high: float
    """Upper end."""
    lost: int
    """Items that only the second gets right."""
    won: int
    """Items that only the first gets right."""
    p_value: float
    """McNemar's exact test of no difference, at this number of items."""
    runs: tuple[str, str]
    """Ids of the two runs."""


def compare_artifacts(
    first: CompareSide, second: CompareSide, name: str, margin: float, home: Home, options: VerifyOptions
) -> CompareResult:
    """Whether `first` loses at most `margin` (fraction) against `second` on a benchmark. Raises UserError for input
    that the user has to fix, and for a run that is not sound."""
    known = benchmark(name)
    if known.evaluator != "lm-eval" or known.cannot_run or known.unit != "fraction":
        raise UserError(f"{name} is no benchmark of scores that can be run here; `claimcheck benchmarks list` has them")
    sides = [_artifact(side, options, home) for side in (first, second)]
    if sides[0].key == sides[1].key and first.backend == second.backend:
        raise UserError(f"both sides are {sides[0].release.model} {sides[0].quantization}; there is nothing to compare")
    seed = order_seed_of(home, sides[1], name) if options.order_seed is None else options.order_seed
    step = FIRST_STEP
    while True:
        runs = [
            _step(known, artifact, side.backend, step, seed, home, options)
            for artifact, side in zip(sides, (first, second), strict=True)
        ]
        result = _result(known, runs, margin, options)
        most = round(result.of * (options.budget or 1.0))
        if result.holds or result.items >= most:
            return result
        say(f"  after {result.items:,} items: not decided; {2 * step:,} next")
        step = min(2 * step, max(most, 1))


def _artifact(side: CompareSide, options: VerifyOptions, home: Home) -> Artifact:
    asked = options.model_copy(update={"quantization": side.quantization, "backend": side.backend, "weights": None})
    choice = choose_artifact(resolve(side.release), asked, home)
    return pull(choice.source, choice.option.format, choice.name)


def _step(
    known: Benchmark, artifact: Artifact, backend: str, items: int, seed: int, home: Home, options: VerifyOptions
) -> Run:
    """The first items on one side."""
    limit = None if known.items and items >= known.items else items
    title = f"{known.title} on {artifact.release.model} {artifact.quantization} with {backend}"
    settings = Settings(**options.asked.model_dump(exclude_none=True)) if options.asked else Settings()
    with ServerPool(backend, options.server, home.root / "logs") as pool, shown(title) as tell:
        run = run_benchmark(
            known,
            artifact,
            pool.server(artifact),
            settings,
            folder=home.runs,
            order_seed=seed,
            limit=limit,
            reuse=earlier_runs(home, artifact, known.name),
            progress=tell,
            sandbox=options.sandbox,
        )
    if run.status is not RunStatus.finished:
        raise UserError(f"the run on {artifact.quantization} is not sound: {run.reason}")
    return run


def _result(known: Benchmark, runs: Sequence[Run], margin: float, options: VerifyOptions) -> CompareResult:
    score = known.scores[0]
    measured = [
        measurement for run in runs if (measurement := run.measurement(score.key)) and scored_per_item(measurement)
    ]
    if len(measured) < len(runs):
        raise UserError(f"{known.name} gives no score per item; two runs of it cannot be paired")
    pairs = list(zip(measured[0].values, measured[1].values, strict=False))
    worst = [(0.0 if x is None else x, 1.0 if y is None else y) for x, y in pairs]
    best = [(1.0 if x is None else x, 0.0 if y is None else y) for x, y in pairs]
    at_worst, at_best = (
        follow_pairs([x for x, _ in rows], [y for _, y in rows], measured[0].of, margin, options.alpha)
        for rows in (worst, best)
    )
    state = at_best if at_best.holds == "fails" and at_worst.holds != "holds" else at_worst
    holds = None if {at_worst.holds, at_best.holds} == {"holds", "fails"} else state.holds
    lost, won = sum(x < y for x, y in worst), sum(x > y for x, y in worst)
    ours, theirs = (sum(row[side] for row in worst) / len(worst) for side in (0, 1))
    return CompareResult(
        benchmark=known.name,
        metric=f"{score.metric},{score.filter}",
        margin=margin,
        alpha=options.alpha,
        holds=holds,
        items=state.items,
        of=state.of,
        first=ours,
        second=theirs,
        low=at_worst.low,
        high=at_best.high,
        lost=lost,
        won=won,
        p_value=sign_test(lost, won),
        runs=(runs[0].run_id, runs[1].run_id),
    )
