"""One claim before the judge: what every verdict on it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluators.catalogue import Benchmark
from evaluators.records import Measurement, Run
from warehouse.records import Claim, Comparability, Lock, Outcome, Reason, SettingCompared, Verdict


@dataclass(frozen=True)
class Case:
    """Claim, bar, run and measurement, and how comparable they are."""

    claim: Claim
    lock: Lock
    run: Run
    measurement: Measurement
    benchmark: Benchmark
    comparability: Comparability
    compared: tuple[SettingCompared, ...]
    now: datetime

    def verdict(
        self,
        outcome: Outcome,
        reasons: Sequence[Reason],
        headline: str,
        *,
        score: float | None,
        span: tuple[float | None, float | None, float | None] = (None, None, None),
        e_values: dict[str, float] | None = None,
    ) -> Verdict:
        """The verdict with this outcome. `span`: interval and its level; `e_values`: natural logarithms."""
        return Verdict(
            claim_id=self.claim.claim_id,
            lock_id=self.lock.lock_id,
            run_id=self.run.run_id,
            outcome=outcome,
            comparability=self.comparability,
            flagged=outcome is Outcome.below_claim and self.comparability is not Comparability.differs,
            reasons=tuple(reasons),
            compared=self.compared,
            score=score,
            low=span[0],
            high=span[1],
            confidence=span[2],
            items=self.measurement.items,
            of=self.measurement.of,
            stopped_early=self.measurement.stopped_early,
            e_values=e_values or {},
            headline=headline,
            judged_at=self.now,
        )
