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


def board(verdicts: Iterable[Verdict], q: float = 0.05) -> list[Verdict]:
    """The flagged verdicts that stand on a board of all claims that were tested, with a false discovery rate of at most
    `q`. A whole run without run noise is arithmetic and always stands. The accusing side's e-value counts half: it is
    one of two."""
    tested = [
        verdict
        for verdict in verdicts
        if verdict.criterion_id is not None and verdict.outcome is not Outcome.invalid_run
    ]
    strengths = [_strength(verdict) for verdict in tested]
    return [tested[index] for index in e_bh(strengths, q) if tested[index].flagged]


WHOLE_BUT_NOISY = 20.0
"""e-value that a whole sampled run counts as: its allowance for run noise holds in 95 of 100 cases."""


def _strength(verdict: Verdict) -> float:
    """Log e-value of a discrepancy."""
    whole = verdict.items is not None and verdict.items == verdict.of and not verdict.stopped_early
    if verdict.flagged and whole:
        noisy = any(reason.code == "run_noise" for reason in verdict.reasons)
        return log(WHOLE_BUT_NOISY) if noisy else inf
    known = [verdict.e_values[name] for name in ("below", "above") if name in verdict.e_values]
    return max(known) - log(2) if known else -inf
