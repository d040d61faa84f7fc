"""The scoreboard: scores by position in the fixed order, and how far the finished prefix reaches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from evaluators.harness.scoring import Key, Scored, as_number
from evaluators.records import ItemStatus
from evaluators.stopping import InterimLook, StoppingRule

STRIDE = 32
"""Items of the finished prefix between two questions to the stopping rule."""
PENDING = 0.05
"""Largest share of pending items with which the rule is asked before the prefix is whole. They stand as None, which a
rule must take as the worst case: so one very long answer does not keep a settled run going."""


class Board:
    """Holds raw metric values and statuses; no texts, so that it stays small."""

    def __init__(self, total: int, rule: StoppingRule) -> None:
        self.total = total
        self.rule = rule
        self.prefix = 0
        """Items of the finished prefix."""
        self.stop_at: int | None = None
        """Items at which the rule said stop."""
        self.done = 0
        self.failed = 0
        self.broken: list[str] = []
        """Documents whose scoring failed, with the error."""
        self.raw: dict[Key, list[list[Any] | None]] = {}
        """By key and position: one value per repeat; None if the item is not finished, failed or lacks the metric."""
        self.means: dict[Key, list[float | None]] = {}
        """By key and position: mean over the repeats that have a number."""
        self.statuses: dict[str, list[tuple[ItemStatus, ...]]] = {}
        """By filter and position."""
        self.impatient = False
        """Whether to ask with pending items too. Only while requests are under way: they will be finished."""
        self._finished = bytearray(total)
        self._furthest = 0
        self._asked = 0

    def put(self, position: int, scored: Scored) -> None:
        """Enter a finished item, move the prefix and ask the rule at every stride that it passes."""
        if self._finished[position]:
            return
        self._finished[position] = 1
        self.done += 1
        for key, values in scored.raw.items():
            if key not in self.raw:
                self.raw[key] = [None] * self.total
                self.means[key] = [None] * self.total
            self.raw[key][position] = values
            self.means[key][position] = mean([as_number(value) for value in values])
        for name, statuses in scored.statuses.items():
            self.statuses.setdefault(name, [()] * self.total)[position] = tuple(statuses)
        if all(ItemStatus.failed in statuses for statuses in scored.statuses.values()):
            self.failed += 1
        if scored.broken is not None:
            self.broken.append(scored.broken)
        while self.prefix < self.total and self._finished[self.prefix]:
            self.prefix += 1
            if self.stop_at is None and (self.prefix % STRIDE == 0 or self.prefix == self.total):
                self._ask(self.prefix)

        if self.impatient and self.stop_at is None:
            self._furthest = max(self._furthest, position + 1)
            self._ask_ahead()

    def may_ask(self, positions: Collection[int]) -> bool:
        """Whether entering these finished items too may bring a question to the rule."""
        if not positions or self.stop_at is not None:
            return False
        end = self.prefix
        while end < self.total and (self._finished[end] or end in positions):
            end += 1
        if end == self.total or end // STRIDE > self.prefix // STRIDE:
            return True
        ahead = max(self._furthest, max(positions) + 1) // STRIDE * STRIDE
        return self.impatient and ahead > max(self.prefix, self._asked)

    def _ask(self, items: int) -> None:
        if items < self.total:
            values: dict[Key, Sequence[float | None]] = {key: means[:items] for key, means in self.means.items()}
            if self.rule.stop(InterimLook(items=items, total=self.total, values=values)):
                self.stop_at = items

    def _ask_ahead(self) -> None:
        """Ask about a stride beyond the prefix if few of its items are pending.

        All of them have been sent: the item at its end or a later one is finished, and items are sent in order.
        """
        ahead = self._furthest // STRIDE * STRIDE
        if ahead <= max(self.prefix, self._asked):
            return
        if ahead - self._finished.count(1, 0, ahead) <= PENDING * ahead:
            self._asked = ahead
            self._ask(ahead)

    @property
    def counted(self) -> int:
        """Items that the measurement may use: the finished prefix, at most up to the stop."""
        return self.prefix if self.stop_at is None else min(self.stop_at, self.prefix)


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the numbers; None if any repeat is missing, because a part of the repeats is another quantity."""
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else None
