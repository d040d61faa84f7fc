"""The loop of a run: feed the sender, write the journal, score finished items, ask the stopping rule."""

from __future__ import annotations

import gc
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from evaluators.backends.client import ServerLost
from evaluators.backends.protocol import AnswerProtocol, Request
from evaluators.backends.retry import RetryLimits
from evaluators.harness.dealing.lane import Lane
from evaluators.harness.journal import Journal, RequestId
from evaluators.harness.progress import Progress
from evaluators.harness.requests import Item
from evaluators.harness.scoreboard import Board
from evaluators.harness.scorers.item_scoring import ItemScoring
from evaluators.harness.scoring import Scored, item_scores
from evaluators.harness.sender import Answer, Sender
from evaluators.records import ItemScore, Response

AHEAD = 32
"""Items whose requests are made at once."""
REPORT = 0.2
"""Seconds between two reports of progress, and that a complete item may wait to be scored with others: in a row they
cost a fraction of what each costs alone, after the model has driven the code out of the processor's cache."""
BACKLOG = 64
"""Items that may wait to be scored elsewhere before nothing more is sent: the rule is asked about scored items, and
what is sent beyond a stop is needless."""
RARELY = 50_000
"""Objects made, less those freed, between two searches for cyclic garbage among the young. With Python's own 700 there
is one in ten requests, but they and those of the old ones, which go through all that lm-eval holds, took a fifth of the
client's time (`tests.benchmarks.client_ceiling` prints what is left)."""
USUAL = gc.get_threshold()
"""What it is otherwise."""


@dataclass(frozen=True)
class Work:
    """What the engine needs besides the items."""

    requests: Callable[[Item], list[Request]]
    """All requests of an item, repeats included."""
    scoring: ItemScoring
    """Scores the items whose requests are all finished."""
    protocol: AnswerProtocol
    lanes: Callable[[], Sequence[Lane]]
    """Makes the lane of every server that is asked, inside the sender's loop."""
    backwards: bool = False
    """Send the last items first: another arrangement of the same requests."""


def execute(
    items: Sequence[Item],
    work: Work,
    journal: Journal,
    board: Board,
    limits: RetryLimits,
    progress: Callable[[Progress], None] | None = None,
) -> str | None:
    """Finish every item, or as many as the board's rule wants. Returns why the run is unsound, None if it is sound.

    Only what the journal lacks is sent. Raises ServerLost if the server answers nothing, or nothing more. That and
    KeyboardInterrupt leave the journal with everything that was answered.
    """
    kept: dict[RequestId, str] = dict(journal.finished())
    missing: dict[int, frozenset[tuple[int, int]]] = {}
    begun: set[int] = set()
    reused = 0
    answered: list[Item] = []
    for item in items:
        wanted = work.requests(item)
        lacking = frozenset(
            (r.index, r.repeat) for r in wanted if kept.get((r.task, r.doc_id, r.index, r.repeat)) != r.key
        )
        reused += len(wanted) - len(lacking)
        if lacking:
            missing[item.position] = lacking
            if len(lacking) < len(wanted):
                begun.add(item.position)
        else:
            answered.append(item)
    del kept
    _score_answered(answered, work.scoring, journal, board)
    if board.stop_at is not None or not missing:
        return None
    with _rare_collection():
        return _Reader(items, work, journal, board, limits, progress, missing, begun, reused).run()


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Search for cyclic garbage seldom, and not in what is loaded. Runs in other threads may do so at the same time:
    the one that ends first takes the gain from the other, and nothing else."""
    gc.freeze()
    gc.set_threshold(RARELY, *USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*USUAL)
        gc.unfreeze()


def _score_answered(items: Sequence[Item], scoring: ItemScoring, journal: Journal, board: Board) -> None:
    """Score the items that the journal has all answers of, until the rule says stop."""
    left, rows = len(items), list[ItemScore]()
    for batch in (items[start : start + AHEAD] for start in range(0, len(items), AHEAD)):
        if board.stop_at is not None:
            break
        scoring.consider(left)
        left -= len(batch)
        answers = [journal.item(item.task, item.doc_id) for item in batch]
        if scoring.elsewhere:
            futures = [scoring.submit(item, given) for item, given in zip(batch, answers, strict=True)]
            for item, given, future in zip(batch, answers, futures, strict=True):
                rows += _enter(item, scoring.result(future, item, given), board)
        else:
            for item, given in zip(batch, answers, strict=True):
                if board.stop_at is None:
                    rows += _enter(item, scoring.here(item, given), board)
        if len(rows) > 1000:
            journal.commit([], rows)
            rows = []
    journal.commit([], rows)


def _enter(item: Item, scored: Scored, board: Board) -> list[ItemScore]:
    """Enter a scored item on the board. Returns its rows."""
    board.put(item.position, scored)
    return item_scores(item, scored)


class _Reader:
    """State of one `execute` call."""

    def __init__(
        self,
        items: Sequence[Item],
        work: Work,
        journal: Journal,
        board: Board,
        limits: RetryLimits,
        progress: Callable[[Progress], None] | None,
        missing: dict[int, frozenset[tuple[int, int]]],
        begun: set[int],
        reused: int,
    ) -> None:
        self.work, self.journal, self.board = work, journal, board
        self.limits, self.progress = limits, progress
        self.missing, self.begun, self.reused = missing, begun, reused
        self.waiting = {position: len(lacking) for position, lacking in missing.items()}
        self.partial: dict[int, list[Response]] = {}
        """Written answers of items that wait for others, where the journal held none before."""
        self.complete: dict[int, Item] = {}
        """Items to be scored, by position."""
        self.scoring: dict[int, tuple[Future[Scored], Sequence[Response]]] = {}
        """Items that are being scored elsewhere, by position, with their answers."""
        self.held: list[Answer] = []
        """Answers whose slots wait for what is being scored elsewhere."""
        self.ordered = items
        self.positions = {(item.task, item.doc_id): item for item in items}
        self.started = time.monotonic()
        self.before = board.done
        self.counted = 0
        self.told = 0.0
        self.scored = 0.0
        self.rows: list[ItemScore] = []

    def run(self) -> str | None:
        """Send what is missing. Returns and raises as `execute` does."""
        sender = Sender(self.work.lanes, self._feed())
        sender.start()
        self.board.impatient = True
        ended = False
        try:
            while not ended:
                answers, error = self._collect(sender)
                ended = error is not None
                self._take(sender, answers)
                if isinstance(error, BaseException):
                    raise error
                self._tell(sender)
                if self.board.stop_at is None and (reason := self._too_many(sender)) is not None:
                    return reason
        finally:
            sender.abandon()
            sender.join()
            self._write(sender, self._left(sender))
            self._score_complete(sender)
            self._take_scores(wait=ended)
            self._write(sender, [])
            self._tell(sender, last=True)
        return None

    def _feed(self) -> Iterator[Sequence[Request]]:
        """Jobs in the fixed order. Requests are made some time before they are due: all of them would fill the memory,
        and each alone costs more."""
        due = iter(sorted(self.missing, reverse=self.work.backwards))
        while positions := list(islice(due, AHEAD)):
            jobs: list[Sequence[Request]] = []
            for position in positions:
                lacking = self.missing[position]
                wanted = self.work.requests(self.ordered[position])
                jobs += self.work.protocol.jobs([r for r in wanted if (r.index, r.repeat) in lacking])
            yield from jobs

    def _collect(self, sender: Sender) -> tuple[list[Answer], BaseException | bool | None]:
        """Wait for answers; if none come, the disk gets the journal. Second: an error, True at the end, else None."""
        try:
            pending = self.complete or self.scoring or self.journal.loose
            entry = sender.outbox.get(timeout=REPORT if pending else None)
        except queue.Empty:
            self.journal.sync()
            return [], None
        if isinstance(entry, list):
            return entry, None
        return [], True if entry is None else entry

    @staticmethod
    def _left(sender: Sender) -> list[Answer]:
        answers: list[Answer] = []
        while not sender.outbox.empty():
            entry = sender.outbox.get()
            if isinstance(entry, list):
                answers += entry
        return answers

    def _take(self, sender: Sender, answers: list[Answer]) -> None:
        """Write answers, and score the complete items if the rule may have a word to say or somebody is watching.

        Slots are told that their answers are written only after the rule was asked: until then none runs further ahead
        than it may, so little is sent that a stop makes needless.
        """
        self._write(sender, answers)
        self.held += answers
        asking = not self.work.scoring.elsewhere and self.board.may_ask(self.complete)
        if not asking and len(self.scoring) <= BACKLOG:
            self._acknowledge(sender)
        if asking or time.monotonic() - self.scored >= REPORT:
            self._score_complete(sender)
        self._take_scores()
        if self.board.stop_at is not None:
            sender.end()
        if len(self.scoring) <= BACKLOG:
            self._acknowledge(sender)

    def _acknowledge(self, sender: Sender) -> None:
        """Let the slots go on whose answers are written."""
        sender.acknowledge(self.held)
        self.held = []

    def _write(self, sender: Sender, answers: list[Answer]) -> None:
        """Commit answers and the rows of scored items."""
        sent = sender.sent
        rows, self.rows = self.rows, []
        if answers or rows or sent != self.counted:
            pairs = [(answer.request.key, answer.response) for answer in answers]
            self.journal.commit(pairs, rows, sent - self.counted)
            self.counted = sent
        for answer in answers:
            item = self.positions[(answer.request.task, answer.request.doc_id)]
            self.waiting[item.position] -= 1
            if item.position not in self.begun:
                self.partial.setdefault(item.position, []).append(answer.response)
            if self.waiting[item.position] == 0:
                self.complete[item.position] = item

    def _score_complete(self, sender: Sender) -> None:
        """Score the complete items, or have them scored. Their rows go with the next transaction."""
        scoring = self.work.scoring
        scoring.consider(self.board.total - self.board.done)
        for position in list(self.complete):
            item = self.complete.pop(position)  # an interrupt in here must not have an item scored a second time
            answers = self._answers(item)
            if scoring.elsewhere:
                future = scoring.submit(item, answers)
                future.add_done_callback(lambda _: sender.outbox.put([]) if self.held else None)  # slots wait for it
                self.scoring[position] = (future, answers)
            else:
                self.rows += _enter(item, scoring.here(item, answers), self.board)
        self.scored = time.monotonic()

    def _take_scores(self, wait: bool = False) -> None:
        """Enter what was scored elsewhere; with `wait` all of it."""
        for position in [position for position, (future, _) in self.scoring.items() if wait or future.done()]:
            future, answers = self.scoring.pop(position)
            item = self.ordered[position]
            self.rows += _enter(item, self.work.scoring.result(future, item, answers), self.board)

    def _answers(self, item: Item) -> list[Response]:
        """All answers of an item that is complete, by index and repeat."""
        if item.position in self.begun:
            return self.journal.item(item.task, item.doc_id)
        return sorted(self.partial.pop(item.position), key=lambda response: (response.index, response.repeat))

    def _too_many(self, sender: Sender) -> str | None:
        """Why no more is asked of a server that fails some requests. Raises ServerLost if it fails all."""
        share, failed = self.limits.allowed_failed, self.board.failed
        if failed > share * self.board.total:
            return f"{failed} of {self.board.total} items failed, more than the allowed {share:.0%}"
        if failed == self.board.done >= self.limits.hopeless + sender.allowed:
            said = self.journal.commonest_error()
            raise ServerLost(f"the server answered none of the first {failed} items, most of them failed so: {said}")
        return None

    def _tell(self, sender: Sender, last: bool = False) -> None:
        now = time.monotonic()
        if self.progress is None or (not last and now - self.told < REPORT):
            return
        self.told = now
        fresh = self.board.done - self.before
        rate = fresh / max(now - self.started, 1e-9)
        left = (self.board.total - self.board.done) / rate if rate else None
        in_flight = 0 if last else sender.in_flight
        self.progress(
            Progress(self.board.done, self.board.total, rate, left, in_flight, self.reused, self.board.failed)
        )
