"""Many claims at once: which discrepancies stand with the false discovery rate under control."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, log

from warehouse.claim_records import Outcome, Verdict


def e_bh(log_e_values: Iterable[float], q: float = 0.05) -> list[int]:
    """Indices that e-BH rejects: false discovery rate at most `q` under any dependence (Wang and Ramdas, 2009.02824).
    Takes natural logarithms of e-values at each claim's stop, never their running maxima."""
    values = list(log_e_values)
    ranked = sorted(range(len(values)), key=lambda index: -values[index])
    kept = 0
    for rank, index in enumerate(ranked, start=1):
        if values[index] >= log(len(values) / (q * rank)):
            kept = rank
    return sorted(ranked[:kept])


def discoveries(verdicts: Iterable[Verdict], q: float = 0.05) -> list[Verdict]:
    """The flagged verdicts that stand on a board of all claims that were tested, with a false discovery rate of at most
    `q`, by each verdict's `strength`."""
    tested = [
        verdict
        for verdict in verdicts
        if verdict.criterion_id is not None and verdict.outcome is not Outcome.invalid_run
    ]
    strengths = [-inf if verdict.strength is None else verdict.strength for verdict in tested]
    return [tested[index] for index in e_bh(strengths, q) if tested[index].flagged]
