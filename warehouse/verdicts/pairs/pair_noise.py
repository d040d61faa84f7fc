"""Run noise of a pair: two honest pairs of runs over the same items do not have the same difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from evaluators.catalogue import Benchmark
from evaluators.records import Measurement, Run
from warehouse.claim_records import ClaimInterval, Qualifier
from warehouse.verdicts.noise import RunNoise, answers_averaged, noise_expected
from warehouse.verdicts.statistics.run_noise import highest_rate
from warehouse.verdicts.strength import RISK


@dataclass(frozen=True)
class PairNoise:
    """What is known about the noise of a difference x - r y."""

    width: float
    """How far two honest pairs may differ, as a fraction."""
    error: float
    """Standard error of the difference between two honest pairs, from bounds that fail with probability RISK."""
    sides: tuple[RunNoise, RunNoise]

    @property
    def text(self) -> str:
        """One sentence for people."""
        more = f"run noise of both: ±{100 * self.width:.1f} points more before a claim is contradicted"
        told = [
            f"{100 * side.flips:.1f}% of {side.items:,}" if side.flips is not None else "not measured"
            for side in self.sides
        ]
        return f"{more} (items that flipped when answered again: {told[0]} of the artifact, {told[1]} of the reference)"


def pair_noise(
    run: Run, measurement: Measurement, benchmark: Benchmark, *, share: float, level: float, claimed_repeats: int = 1
) -> PairNoise:
    """The noise of a run of a pair, by its signals: `flip_rate` and `flip_items` of the artifact, `reference_...` of
    the reference. Each side has half of `level`. `share`: r."""
    sides = []
    for prefix, values in (("", measurement.values), ("reference_", measurement.reference_values)):
        known = [value for value in values if value is not None]
        score = sum(known) / len(known) if known else 0.5
        at = ClaimInterval(value=score, low=score, high=score, unit="fraction", qualifier=Qualifier.exact)
        sides.append(
            noise_expected(
                benchmark, at, run.settings, margin=0.02, relative=False, items=measurement.of, level=level / 2,
                metric=measurement.metric, claimed_repeats=claimed_repeats, flips=_flips(run.signals, prefix),
            )
        )  # fmt: skip
    first, second = sides
    repeats = answers_averaged(measurement.metric, run.settings.repeats)
    theirs = answers_averaged(measurement.metric, claimed_repeats)
    within = _bound(first) + share**2 * _bound(second)
    error = sqrt(within / measurement.of * (1 / repeats + 1 / theirs)) if measurement.of else 0.0
    return PairNoise(sqrt(first.width**2 + (share * second.width) ** 2), error, (first, second))


def _flips(signals: Mapping[str, float], prefix: str) -> tuple[float, int] | None:
    rate, items = signals.get(f"{prefix}flip_rate"), signals.get(f"{prefix}flip_items")
    return None if rate is None or not items else (rate, round(items))


def _bound(side: RunNoise) -> float:
    """Mean variance within an item, at most."""
    if side.flips is None or not side.items:
        return side.within
    return max(side.within, highest_rate(side.flips * side.items, side.items, RISK) / 2)
