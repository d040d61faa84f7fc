"""Whether the runs of a speed measurement can be trusted: drift, competing load, throttling."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from statistics import median

OTHERS = 0.10
"""Share of the machine's cores that other programs may use during a run."""
OTHERS_IN_PAIRS = 0.50
"""The same where two servers take turns: a steady load slows both sides of a pair."""
DRIFT = 0.10
"""Relative change from the first half of the runs to the second that is too much, if the halves do not overlap."""
SPREAD = 0.5
"""Largest run over smallest, less one, that is too much."""
EXTREMES = 7
"""Runs from which on the largest and the smallest are left out of the spread: one outlier widens the interval, that is
enough."""


def unstable(
    values: Sequence[float],
    others: Sequence[float | None] = (),
    brakes: Sequence[str] = (),
    *,
    allowed: float = OTHERS,
    spread: float = SPREAD,
) -> str | None:
    """Why these runs, in the order in which they were made, say nothing about speed; None if they do.

    `others`: share of the cores that other programs used during each run. `brakes`: what slowed the GPU down.
    """
    if brakes:
        return f"unstable: the GPU slowed itself down ({', '.join(brake.replace('_', ' ') for brake in brakes)})"
    known = [share for share in others if share is not None]
    loud = [share for share in known if share > allowed]
    if loud:
        return (
            f"unstable: other programs used {100 * max(loud):.0f} % of the processor during the runs "
            f"(at most {100 * allowed:.0f} %); end them and run again"
        )
    if (change := drift(values)) is not None and abs(change) > DRIFT:
        return (
            f"unstable: from the first half of the runs to the second the value changed by {100 * change:+.0f} % "
            "(heat, power or another program); let the machine rest and run again"
        )
    inner = sorted(values)[1:-1] if len(values) >= EXTREMES else sorted(values)
    if inner and inner[0] > 0 and inner[-1] / inner[0] - 1 > spread:
        return (
            f"unstable: the runs differ by a factor of {inner[-1] / inner[0]:.1f}, the two extremes left out; "
            "end other programs and run again"
        )
    return None


def drift(values: Sequence[float]) -> float | None:
    """Relative change of the median from the first half of the runs to the second (the middle one left out), where no
    run of one half lies among those of the other; None where they overlap, which is what chance looks like (for 7 runs
    halves that do not overlap have a probability of 1 in 10)."""
    half = len(values) // 2
    first, second = values[:half], values[len(values) - half :]
    if half < 2 or not (max(first) < min(second) or max(second) < min(first)) or min(values) <= 0:
        return None
    return exp(log(median(second)) - log(median(first))) - 1
