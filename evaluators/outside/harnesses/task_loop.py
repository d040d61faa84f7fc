"""The one loop of all harnesses: fixed order, batch, subprocess, read, journal, stopping rule, next.

What is promised: an item that came back is never asked again; no item is lost by a kill, whenever it comes; a failure
of the infrastructure is tried again RETRIES times, then counted, and is never a zero; the rule sees the finished prefix
of the fixed order only, after every item.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluators.harness.keys import order_key
from evaluators.harness.progress import Progress
from evaluators.outside.harnesses.harness import Control, Endpoint, Harness
from evaluators.outside.harnesses.run_step import last_words, run_step
from evaluators.outside.harnesses.task_journal import ControlOutcome, TaskJournal
from evaluators.outside.outside_records import OutsideItem
from evaluators.outside.redact import redacted_line
from evaluators.records import ItemStatus
from evaluators.stopping import InterimLook, StoppingRule

RETRIES = 2
"""Further attempts of an item that the infrastructure failed."""
ALLOWED_FAILED = 0.02
"""Largest share of items without a score in a sound run."""


@dataclass(frozen=True)
class RunBudget:
    """What all items of a run together may use. It ends a run between two batches; what is finished is judged."""

    tasks: int | None = None
    tokens: int | None = None
    """Read and generated."""
    hours: float | None = None
    """Of this start of the run."""
    dollars: float | None = None
    dollars_read: float = 0.0
    """Dollars for a million tokens read."""
    dollars_generated: float = 0.0
    """Dollars for a million tokens generated."""

    def used_up(self, items: Sequence[OutsideItem], seconds: float) -> str | None:
        """Which part is used up by these items and this time, in words; None while there is some left."""
        read = sum(item.tokens_in or 0 for item in items)
        made = sum(item.tokens_out or 0 for item in items)
        spent = (read * self.dollars_read + made * self.dollars_generated) / 1e6
        if self.tasks is not None and len(items) >= self.tasks:
            return f"{self.tasks:,} tasks"
        if self.tokens is not None and read + made >= self.tokens:
            return f"{self.tokens:,} tokens"
        if self.hours is not None and seconds >= self.hours * 3600:
            return f"{self.hours:g} hours"
        if self.dollars is not None and spent >= self.dollars:
            return f"{self.dollars:g} dollars"
        return None


@dataclass(frozen=True)
class LoopOrder:
    """What the loop is to do."""

    folder: Path
    """Folder of the run; batches lie in `batches/` below it, the journal beside them."""
    endpoint: Endpoint
    idle: Endpoint
    """A server that refuses everything, for controls."""
    key: str | None
    """Key of the model's server."""
    alive: Callable[[], bool]
    """Whether the model's server answers; asked after a failure. It may start the server again."""
    rule: StoppingRule
    score: tuple[str, str]
    """Metric and filter under which the rule knows the score."""
    order_seed: int
    budget: RunBudget = RunBudget()
    progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True)
class LoopEnd:
    """What came out."""

    prefix: tuple[OutsideItem, ...]
    """The finished prefix of the fixed order, at most up to the item at which the rule said stop."""
    total: int
    """Items of the benchmark."""
    reason: str | None = None
    """Why the run is unsound; None if it is sound."""
    server_failed: bool = False
    """It is so because the server answers no more."""
    stopped_by: str | None = None
    """What ended it before the last item: `rule`, or the part of the budget that is used up."""
    chance: float | None = None
    """Score of doing nothing, where a control measured it."""
    refused: tuple[str, ...] = ()
    """Items whose control did not give what it must; none of them was paid for."""


def run_tasks(harness: Harness, journal: TaskJournal, order: LoopOrder) -> LoopEnd:
    """Run a harness's items until the rule is content, the budget is used up or all are finished."""
    return _Loop(harness, journal, order).run()


def fixed_order(ids: Sequence[str], seed: int) -> tuple[str, ...]:
    """The ids in the random order of a seed, as items of lm-eval and of imported runs have it."""
    return tuple(sorted(ids, key=lambda name: order_key(seed, name, 0)))


class _Loop:
    def __init__(self, harness: Harness, journal: TaskJournal, order: LoopOrder) -> None:
        self.harness, self.journal, self.order = harness, journal, order
        self.ids = fixed_order(harness.items(), order.order_seed)
        self.asked = 0
        """Items of the prefix about which the rule was asked."""
        self.stop_at: int | None = None
        self.reused = len(journal.items)
        self.began = time.monotonic()

    def run(self) -> LoopEnd:
        self.journal.begin()
        stopped_by, reason, lost = None, None, None
        while reason is None:
            if self._stops():
                stopped_by = "rule"
                break
            if (reason := self._too_many()) is not None:
                break
            if (stopped_by := self._budget()) is not None:
                break
            todo = self._next()
            if not todo:
                break
            reason = lost = self._batch(todo)
            self._tell()
        prefix = self._prefix()[: self.stop_at]
        refused = [
            name
            for name, item in self.journal.items.items()
            if item.status is ItemStatus.failed and name not in self.journal.failures
        ]
        return LoopEnd(prefix, len(self.ids), reason, bool(lost), stopped_by, self._chance(), tuple(refused))

    def _next(self) -> tuple[str, ...]:
        """The open batch of an earlier start, else the next items of the order, those to be tried again included."""
        if self.journal.open is not None:
            return self.journal.open.ids
        most = max(1, self.order.endpoint.slots, self.harness.least_batch)
        if self.order.budget.tasks is not None:
            most = min(most, self.order.budget.tasks - len(self.journal.items))
        due = [name for name in self.ids if name not in self.journal.items]
        return tuple(due[:most])

    def _batch(self, ids: Sequence[str]) -> str | None:
        """Run the items of one batch. Returns why the run cannot go on."""
        if self.journal.open is None:
            kept = self._controlled(ids)
            if not kept:
                return None
            self.journal.open_batch(f"batches/{self.journal.batches + 1:05}", kept)
        begun = self.journal.open
        assert begun is not None
        folder = self.order.folder / begun.folder
        folder.mkdir(parents=True, exist_ok=True)
        for step in self.harness.batch(folder, begun.ids, self.order.endpoint):
            if run_step(step, folder, self.order.key) != 0 and not step.may_fail:
                break
        items = {item.id: _clean(item) for item in self.harness.read(folder) if item.id in begun.ids}
        good = {name: item for name, item in items.items() if item.status is not ItemStatus.failed}
        bad = {name: items.get(name) or _missing(name, folder) for name in begun.ids if name not in good}
        if bad and not self.order.alive():
            # nothing of it counts as an attempt: these items are asked again when there is a server
            self.journal.close_batch(list(good.values()), (), len(good))
            return "the model server does not answer any more; run the same command again to go on"
        final = [item for name, item in bad.items() if self.journal.failures.get(name, 0) >= RETRIES]
        self.journal.close_batch([*good.values(), *final], tuple(bad), len(good))
        return None

    def _controlled(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The ids whose controls give what they must. The others are finished as failed, before anything is paid."""
        fresh = [name for name in ids if name not in self.journal.controls]
        if fresh:
            folder = self.order.folder / f"controls/{len(self.journal.controls) + 1:05}"
            first = not self.journal.controls
            controls = self.harness.controls(folder, fresh, self.order.idle)
            outcomes = [
                ControlOutcome(control.name, control.expected, item)
                for control in controls
                if control.each_item or first
                for item in self._outcomes(control, fresh)
            ]
            self.journal.add_controls(fresh, outcomes)
        refused = {
            name: finding
            for name in ids
            for outcome in self.journal.controls[name].values()
            if (finding := outcome.finding) is not None
        }
        if refused:
            self.journal.refuse(
                [OutsideItem(id=name, score=None, status=ItemStatus.failed, error=why) for name, why in refused.items()]
            )
        return tuple(name for name in ids if name not in refused)

    def _outcomes(self, control: Control, ids: Sequence[str]) -> Iterator[OutsideItem]:
        control.folder.mkdir(parents=True, exist_ok=True)
        for step in control.steps:
            if run_step(step, control.folder, None) != 0 and not step.may_fail:
                break
        items = {item.id: _clean(item) for item in self.harness.read(control.folder)}
        for name in ids:
            yield items.get(name) or _missing(name, control.folder)

    def _prefix(self) -> tuple[OutsideItem, ...]:
        items: list[OutsideItem] = []
        for name in self.ids:
            if name not in self.journal.items:
                break
            items.append(self.journal.items[name])
        return tuple(items)

    def _stops(self) -> bool:
        """Ask the rule about every item of the prefix that it was not asked about, one after the other."""
        prefix = self._prefix()
        values = [item.score for item in prefix]
        while self.stop_at is None and self.asked < len(prefix):
            self.asked += 1
            if self.asked == len(self.ids):
                break
            seen: Mapping[tuple[str, str], Sequence[float | None]] = {self.order.score: values[: self.asked]}
            if self.order.rule.stop(InterimLook(items=self.asked, total=len(self.ids), values=seen)):
                self.stop_at = self.asked
        return self.stop_at is not None

    def _too_many(self) -> str | None:
        failed = [item for item in self.journal.items.values() if item.status is ItemStatus.failed]
        if len(failed) <= ALLOWED_FAILED * len(self.ids):
            return None
        example = f"{failed[0].id}: {failed[0].error or 'no reason told'}"
        return f"{len(failed)} of {len(self.ids)} tasks have no score, more than {ALLOWED_FAILED:.0%}, e.g. {example}"

    def _budget(self) -> str | None:
        paid = [item for item in self.journal.items.values() if item.status is not ItemStatus.failed]
        return self.order.budget.used_up(paid, time.monotonic() - self.began)

    def _chance(self) -> float | None:
        outcomes = [
            controls["nothing"].item.score for controls in self.journal.controls.values() if "nothing" in controls
        ]
        scores = [score for score in outcomes if score is not None]
        return sum(scores) / len(scores) if scores else None

    def _tell(self) -> None:
        if self.order.progress is None:
            return
        done = len(self.journal.items)
        rate = (done - self.reused) / max(time.monotonic() - self.began, 1e-9)
        left = (len(self.ids) - done) / rate if rate else None
        failed = sum(item.status is ItemStatus.failed for item in self.journal.items.values())
        self.order.progress(Progress(done, len(self.ids), rate, left, 0, self.reused, failed))


def _missing(name: str, folder: Path) -> OutsideItem:
    """An item of which the harness left nothing."""
    return OutsideItem(id=name, score=None, status=ItemStatus.failed, error=redacted_line(last_words(folder)))


def _clean(item: OutsideItem) -> OutsideItem:
    """The item with an error of one line without secrets."""
    return item.model_copy(update={"error": redacted_line(item.error)})
