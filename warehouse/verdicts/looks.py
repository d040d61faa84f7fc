"""How often a run is looked at, and after how many items at the earliest: by what an item costs.

Verdicts are valid at every look (the tests are e-values); both numbers only keep a cheap run from being stopped by a
defect that its first items show. Where an item costs minutes, the controls of its harness guard against defects.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.catalogue import Benchmark, catalogue
from warehouse.verdicts.statistics.sequential_test import EVERY, MINIMUM

DEAR_EVERY, DEAR_MINIMUM = 5, 30
"""For benchmarks whose items are tasks of an agent."""


@dataclass(frozen=True)
class LookSchedule:
    """When the claims of a run are looked at."""

    every: int
    """Items between two looks."""
    minimum: int
    """Items before a verdict is given (or all, if fewer)."""


def look_schedule(benchmark: Benchmark | str) -> LookSchedule:
    """The schedule of a benchmark: what its entry states, else by its cost. An unknown name has the usual one."""
    known = catalogue().get(benchmark) if isinstance(benchmark, str) else benchmark
    if known is None:
        return LookSchedule(EVERY, MINIMUM)
    dear = known.harness is not None
    return LookSchedule(
        known.every or (DEAR_EVERY if dear else EVERY), known.minimum or (DEAR_MINIMUM if dear else MINIMUM)
    )
