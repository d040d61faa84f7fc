"""Stops a run when it has decided the claims that it serves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from evaluators.stopping import Look
from warehouse.records import Lock
from warehouse.verdicts.control import frozen
from warehouse.verdicts.sequence import EVERY, MINIMUM, Standing, bounded, follow
from warehouse.verdicts.zone import zone

LARGE = 5000
"""From so many items on a run has a budget of half of them unless told otherwise."""


def budget_share(items: int) -> float:
    """Share of a benchmark's items that a run may use by default."""
    return 0.5 if items >= LARGE else 1.0


class ClaimRule:
    """A StoppingRule for one run that serves several claims (evaluators.stopping).

    Stops when every claim it can decide is decided, or when the budget is used up: `budget` is a share of the
    benchmark's items (None: half of 5,000 or more, else all). Claims whose ids are in `passengers` (those that differ
    in settings, say) are judged with the run but never keep it going. `predictions`: per claim id, control variates in
    the fixed order. Answers depend on the look only; what it remembers is what it has already computed.
    """

    def __init__(
        self,
        locks: Sequence[Lock],
        *,
        budget: float | None = None,
        passengers: Collection[str] = (),
        minimum: int = MINIMUM,
        every: int = EVERY,
        predictions: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self.locks = [lock for lock in locks if lock.claim_id not in passengers]
        self.budget, self.minimum, self.every = budget, minimum, every
        self.predictions = dict(predictions or {})

    def stop(self, look: Look) -> bool:
        """True if no further item is needed: all decided, or the budget reached."""
        if look.items >= look.total:
            return True
        if look.items < min(self.minimum, look.total):
            return False
        share = budget_share(look.total) if self.budget is None else self.budget
        if share < 1 and look.items >= share * look.total:
            return True
        return all(self.decided(lock, look) for lock in self.locks)

    def decided(self, lock: Lock, look: Look) -> bool:
        """Whether this claim needs no further item."""
        standing = self.standing(lock, look)
        return standing is not None and standing.side is not None

    def standing(self, lock: Lock, look: Look) -> Standing | None:
        """Where a claim stands at this look; None if the look lacks its score, or if only a whole run can decide it
        (scores outside [0, 1])."""
        values = look.values.get((lock.metric, lock.filter))
        if values is None or lock.interval.unit != "fraction" or not bounded(values):
            return None
        return follow(
            list(values),
            zone(lock, look.total),
            lock.alpha,
            predictions=frozen(lock, self.predictions.get(lock.claim_id)),
            every=self.every,
            minimum=self.minimum,
        )
