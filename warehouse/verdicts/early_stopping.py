"""Stops a run when it has decided the claims that it serves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from evaluators.stopping import InterimLook
from warehouse.claim_records import Criterion
from warehouse.verdicts.looks import look_schedule
from warehouse.verdicts.noise import contradict_level
from warehouse.verdicts.statistics.control_variate import frozen, of_length
from warehouse.verdicts.statistics.region import acceptance_region
from warehouse.verdicts.statistics.sequential_test import EVERY, MINIMUM, LookMemory, OutOfRange, TestState, follow

LARGE = 5000
"""From so many items on a run has a budget of half of them unless told otherwise."""


def budget_share(items: int) -> float:
    """Share of a benchmark's items that a run may use by default."""
    return 0.5 if items >= LARGE else 1.0


class ClaimRule:
    """A StoppingRule for one run that serves several claims (evaluators.stopping).

    Stops when every claim it can decide is decided, or when the budget is used up: `budget` is a share of the
    benchmark's items (None: half of 5,000 or more, else all; a claim that seems to be contradicted gets the rest).
    Claims whose ids are in `non_deciding` (those that differ in settings, say) are judged with the run but never keep
    it going. `predictions`: by hash, the control variates that the criteria name, in the fixed order. `minimum`,
    `every`: those of the benchmark if None. Answers depend on the look only; what it remembers is what it has already
    computed.
    """

    def __init__(
        self,
        criteria: Sequence[Criterion],
        *,
        budget: float | None = None,
        non_deciding: Collection[str] = (),
        minimum: int | None = None,
        every: int | None = None,
        predictions: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self.criteria = [criterion for criterion in criteria if criterion.claim_id not in non_deciding]
        self.budget = budget
        schedules = [look_schedule(criterion.benchmark) for criterion in self.criteria]
        self.minimum = minimum or max((schedule.minimum for schedule in schedules), default=MINIMUM)
        self.every = every or max((schedule.every for schedule in schedules), default=EVERY)
        self.predictions = dict(predictions or {})
        self.checked: dict[str, Sequence[float] | None] = {}
        """Predictions by hash, that were found to be the criterion's."""
        self.memories: dict[tuple[str, str, tuple[str, str]], LookMemory] = {}
        """What was computed at earlier looks, by criterion, claim and score."""

    def stop(self, look: InterimLook) -> bool:
        """True if no further item is needed: all decided, or the budget reached."""
        if look.items >= look.total:
            return True
        if look.items < min(self.minimum, look.total):
            for criterion in self.criteria:
                self.state(criterion, look)  # computed now, so that the first look that may decide costs no more
            return False
        share = budget_share(look.total) if self.budget is None else self.budget
        if share < 1 and look.items >= share * look.total and not (self.budget is None and self._doubtful(look)):
            return True
        return all(self.decided(criterion, look) for criterion in self.criteria)

    def _doubtful(self, look: InterimLook) -> bool:
        """Whether a claim that is open seems to be contradicted: its score is known to lie on one side of what was
        claimed, though not how far. Nobody is accused by half a run then, and nobody gets away with one."""
        states = [self.state(criterion, look) for criterion in self.criteria]
        return any(
            state is not None and state.side is None and len(state.established & {"at_least_low", "at_most_high"}) == 1
            for state in states
        )

    def decided(self, criterion: Criterion, look: InterimLook) -> bool:
        """Whether this claim needs no further item. A claim that is contradicted needs some until every other metric
        and filter of the run is either contradicted too or confirmed: then the judge can say which was meant."""
        state = self.state(criterion, look)
        if state is None or state.side is None:
            return False
        return state.side == "confirmed" or not any(
            other is not None and other.side is None
            for key in look.values
            if key != criterion.score_key
            for other in [self.state(criterion, look, key)]
        )

    def state(self, criterion: Criterion, look: InterimLook, key: tuple[str, str] | None = None) -> TestState | None:
        """Where a claim stands at this look; None if the look lacks its score, or if only a whole run can decide it
        (scores outside [0, 1]). `key`: another metric and filter, as if the claim were about that."""
        score = key or criterion.score_key
        values = look.values.get(score)
        if values is None or criterion.interval.unit != "fraction":
            return None
        try:
            return follow(
                values,
                acceptance_region(criterion, look.total),
                criterion.level,
                contradict=contradict_level(criterion.level, criterion.noise),
                predictions=None if key else of_length(self._frozen(criterion), look.total),
                every=self.every,
                minimum=self.minimum,
                plausible=criterion.plausible,
                memory=self.memories.setdefault((criterion.criterion_id, criterion.claim_id, score), LookMemory()),
            )
        except OutOfRange:
            return None

    def _frozen(self, criterion: Criterion) -> Sequence[float] | None:
        name = criterion.predictions_sha256
        if name is None:
            return None
        if name not in self.checked:
            self.checked[name] = frozen(criterion, self.predictions.get(name))
        return self.checked[name]
