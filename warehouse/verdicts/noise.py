"""How far a run's score must lie outside the acceptance region before it contradicts a claim.

The probability of a wrong verdict that a run may use (`Criterion.level`) is divided: half of it to the sequential test,
RISK_WIDTH to the difference between two honest runs, RISK_REPEATS to the same once more where repeats of all items
follow, RISK_BOUND to the bound on the flip rate. What the data of the run
do not show is assumed, on the safe side.

Of several answers an item the judge takes the mean (avg@k), as claims do, and both sides' noise is that of their means.
Whole rounds are not followed one by one: that would test the expected score, which no single claim states, and the
engine answers an item's repeats together, so that a run may end early over its items.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evaluators.catalogue import Benchmark
from evaluators.records import Measurement, Run, Settings
from warehouse.claim_records import Claim, ClaimInterval
from warehouse.verdicts.statistics.region import edges
from warehouse.verdicts.statistics.run_noise import (
    ASSUMED_FLIPS,
    allowance,
    highest_rate,
    highest_within_of_means,
    most_within,
)

CONTRADICT, RISK_WIDTH, RISK_REPEATS, RISK_BOUND = 0.5, 0.25, 0.1, 0.15
"""Shares of a run's probability of a wrong verdict where there is run noise. They sum to one."""
AGENT_WITHIN = 0.08
"""Mean variance within a task of an agent, assumed: runs of 500 tasks that differ by 2 to 3 points (two standard
deviations of 1.25 points; 0.0125^2 * 500)."""
TWICE = 100
"""Items that are taken to have been answered twice where a flip rate comes without their number."""

ONE_OF_SEVERAL = re.compile(r"_(pass|maj)@(\d+)$")
"""Metrics of an item that are made of several answers and are no mean."""

Basis = Literal["none", "assumed", "twice", "repeats", "wording"]


@dataclass(frozen=True)
class RunNoise:
    """What is known about the noise of a run."""

    width: float
    """How far two honest runs' scores may differ, as a fraction."""
    within: float
    """Upper bound of the mean variance within an item."""
    basis: Basis
    """Where the width comes from: items answered `twice`, the `repeats` of each item, or `assumed`; `wording`: what the
    claim leaves unsaid moves scores by more; `none`: the score is no sum of generated answers."""
    flips: float | None = None
    """Flip rate as measured."""
    items: int = 0
    """Items that were answered more than once."""

    @property
    def text(self) -> str:
        """One sentence for people."""
        more = f"run noise: ±{100 * self.width:.1f} points more before a claim is contradicted"
        if self.basis == "wording":
            return (
                f"not said: ±{100 * self.width:.1f} points more before a claim is contradicted; wording, examples and "
                "the reading of answers move honest scores by as much"
            )
        if self.basis == "assumed":
            return f"{more} (not measured; {200 * self.within:.0f}% flips assumed)"
        return f"{more} ({100 * (self.flips or 0.0):.1f}% of {self.items:,} items flipped when answered again)"


def answers_averaged(metric: str, repeats: int | None) -> int:
    """Answers whose scores an item's score is the mean of. The best of k answers and the vote of k (`..._pass@k`,
    `..._maj@k`) are one draw, which flips as a single answer does."""
    return 1 if ONE_OF_SEVERAL.search(metric) else repeats or 1


def repeats_words(metric: str, repeats: int | None) -> str:
    """How an item's score comes from several answers, for people; empty for one answer."""
    if (match := ONE_OF_SEVERAL.search(metric)) is not None:
        return f"{'best' if match[1] == 'pass' else 'vote'} of {match[2]} answers each"
    return f"mean of {repeats:,} answers each" if (repeats or 1) > 1 else ""


def contradict_level(level: float, noise: float) -> float:
    """Probability of a wrong contradiction that the sequential test may use."""
    return level * CONTRADICT if noise > 0 else level


def unsaid_width(benchmark: Benchmark, stated: Settings, *, margin: float, relative: bool) -> float:
    """How far beyond the margin what a claim leaves unsaid moves honest scores (`Benchmark.wording`); 0 for a claim
    that names the harness which runs the benchmark here, for a relative margin, and for what is no score."""
    unsaid = benchmark.evaluator == "lm-eval" and benchmark.unit == "fraction" and not stated.by_lm_eval
    return max(0.0, benchmark.wording - margin) if unsaid and not relative else 0.0


def with_wording(noise: RunNoise, benchmark: Benchmark, stated: Settings, *, margin: float, relative: bool) -> RunNoise:
    """The noise, at least as wide as what the claim leaves unsaid."""
    least = unsaid_width(benchmark, stated, margin=margin, relative=relative)
    return noise if least <= noise.width else replace(noise, width=least, basis="wording")


def noise_expected(
    benchmark: Benchmark,
    interval: ClaimInterval,
    settings: Settings,
    *,
    margin: float,
    relative: bool,
    items: int,
    level: float,
    metric: str = "",
    claimed_repeats: int = 1,
    flips: tuple[float, int] | None = None,
) -> RunNoise:
    """The noise of a run with these settings. `metric`: of the score that is compared.

    `flips`: flip rate and number of items answered twice, where it was
    measured; else the largest that the claim allows for sampled answers, ASSUMED_FLIPS for greedy ones, AGENT_WITHIN
    for tasks of agents, which nobody pays for twice."""
    generated = benchmark.output == "generate_until" and benchmark.unit == "fraction"
    if flips is None and benchmark.harness is not None:
        within = min(AGENT_WITHIN, max(most_within(edge) for edge in edges(interval, margin, relative)))
        width = allowance(within, items, settings.repeats or 1, claimed_repeats, (RISK_WIDTH + RISK_BOUND) * level)
        return RunNoise(width, within, "assumed")
    if flips is None and not generated:
        return RunNoise(0.0, 0.0, "none")
    repeats = answers_averaged(metric, settings.repeats or benchmark.protocol.repeats)
    claimed_repeats = answers_averaged(metric, claimed_repeats)
    if flips is not None:
        rate, twice = flips
        within = highest_rate(rate * twice, twice, RISK_BOUND * level) / 2
        width = allowance(within, items, repeats, claimed_repeats, RISK_WIDTH * level)
        return RunNoise(width, within, "twice", rate, twice)
    temperature = settings.temperature if settings.temperature is not None else benchmark.protocol.temperature
    within = max(most_within(edge) for edge in edges(interval, margin, relative))
    if not temperature and not ONE_OF_SEVERAL.search(metric):
        within = min(within, ASSUMED_FLIPS / 2)
    width = allowance(within, items, repeats, claimed_repeats, (RISK_WIDTH + RISK_BOUND) * level)
    return RunNoise(width, within, "assumed")


def noise_of_run(
    run: Run,
    measurement: Measurement,
    claim: Claim,
    benchmark: Benchmark,
    *,
    margin: float,
    relative: bool,
    level: float,
) -> RunNoise:
    """The noise of a run, by what it shows: items run twice (signals `flip_rate` and `flip_items`), or the repeats of
    each item; else what must be expected. At least as wide as what the claim leaves unsaid may make of a score."""
    noise = _shown(run, measurement, claim, benchmark, margin, relative, level)
    if claim.interval is None or not measurement.of or measurement.unit != "fraction":
        return noise
    return with_wording(noise, benchmark, claim.settings, margin=margin, relative=relative)


def _shown(
    run: Run,
    measurement: Measurement,
    claim: Claim,
    benchmark: Benchmark,
    margin: float,
    relative: bool,
    level: float,
) -> RunNoise:
    if claim.interval is None or not measurement.of or measurement.unit != "fraction":
        return RunNoise(0.0, 0.0, "none")
    repeats = answers_averaged(measurement.metric, run.settings.repeats)
    claimed = answers_averaged(measurement.metric, claim.settings.repeats)
    rate = run.signals.get("flip_rate")
    if rate is None and (measured := _of_repeats(measurement.values, repeats, level)) is not None:
        within, flips = measured
        width = allowance(within, measurement.of, repeats, claimed, RISK_REPEATS * level)
        return RunNoise(width, within, "repeats", flips, len(measurement.values))
    twice = round(run.signals.get("flip_items", min(TWICE, measurement.of)))
    return noise_expected(
        benchmark,
        claim.interval,
        run.settings,
        margin=margin,
        relative=relative,
        items=measurement.of,
        level=level,
        metric=measurement.metric,
        claimed_repeats=claimed,
        flips=None if rate is None or not twice else (rate, twice),
    )


def _of_repeats(values: Sequence[float | None], repeats: int, level: float) -> tuple[float, float] | None:
    within = highest_within_of_means(values, repeats, RISK_BOUND * level)
    if within is None:
        return None
    known = [value for value in values if value is not None]
    flips = 2 * sum(value * (1 - value) for value in known) / len(known) * repeats / (repeats - 1)
    return within, flips
