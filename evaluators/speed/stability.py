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
"""Relative change from earlier runs to later ones that is too much, if they do not overlap."""
SMALLEST = 3
"""Fewest runs on either side of a change."""
SPREAD = 0.5
"""Largest run over smallest, less one, that is too much."""
EXTREMES = 7
"""One run in so many may be a stray at either end, and is left out of the spread: outliers widen the interval, that is
enough."""


def unstable(
    values: Sequence[float],
    others: Sequence[float | None] = (),
    throttling: Sequence[str] = (),
    *,
    allowed: float = OTHERS,
    spread: float = SPREAD,
) -> str | None:
    """Why these runs, in the order in which they were made, say nothing about speed; None if they do.

    `others`: share of the cores that other programs used during each run. `throttling`: what slowed the GPU down.
    """
    if throttling:
        return f"unstable: the GPU slowed itself down ({', '.join(brake.replace('_', ' ') for brake in throttling)})"
    known = [share for share in others if share is not None]
    loud = [share for share in known if share > allowed]
    if loud:
        return (
            f"unstable: other programs used {100 * max(loud):.0f} % of the processor during the runs "
            f"(at most {100 * allowed:.0f} %); end them and run again"
        )
    if (change := drift(values)) is not None and abs(change) > DRIFT:
        return (
            f"unstable: from the earlier runs to the later ones the value changed by {100 * change:+.0f} % "
            "(heat, power or another program); let the machine rest and run again"
        )
    strays = len(values) // EXTREMES
    inner = sorted(values)[strays : len(values) - strays]
    if inner and inner[0] > 0 and inner[-1] / inner[0] - 1 > spread:
        return (
            f"unstable: the runs differ by a factor of {inner[-1] / inner[0]:.1f}, the extremes left out; "
            "end other programs and run again"
        )
    return None


def drift(values: Sequence[float]) -> float | None:
    """Relative change of the median where the runs fall in two parts, an earlier and a later one, of which no run lies
    among the other's: the largest such change. A part has three runs at least, and may have one stray where it has
    EXTREMES. None where all parts overlap, which is what chance looks like (7 runs do not with a probability of 1 in
    10, 28 runs with about 1 in 100)."""
    n = len(values)
    least = min(n // 2, SMALLEST)
    if least < 2 or min(values) <= 0:
        return None
    parts = ((values[:cut], values[cut:]) for cut in range(least, n - least + 1))
    changes = [exp(log(median(later)) - log(median(earlier))) - 1 for earlier, later in parts if _apart(earlier, later)]
    return max(changes, key=abs, default=None)


def _apart(earlier: Sequence[float], later: Sequence[float]) -> bool:
    """Whether all of one lies above or below all of the other, but for one stray in a part of EXTREMES."""
    (low, high), (bottom, top) = (
        (ordered[stray], ordered[-1 - stray])
        for ordered in (sorted(earlier), sorted(later))
        for stray in [int(len(ordered) >= EXTREMES)]
    )
    return high < bottom or top < low
