"""The statistics see the finished prefix of the fixed order, whatever finishes first, and a stop is obeyed at once."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import cast

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.harness import run_benchmark
from evaluators.harness.keys import order_key
from evaluators.harness.scoreboard import Board
from evaluators.harness.scoring import Scored
from evaluators.records import ItemStatus, Run, RunStatus, Settings
from evaluators.stopping import InterimLook, RunAll, StoppingRule
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import ARTIFACT, FakeServer, Reachable

ITEMS = 192
STRICT = ("exact_match", "strict-match")


class Recorder:
    """Keeps every look; stops at the first one with at least `at` items."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.looks: list[InterimLook] = []
        self.says_stop: Callable[[], None] = lambda: None
        """Called when it does."""

    def stop(self, look: InterimLook) -> bool:
        """See above."""
        self.looks.append(look)
        stops = self.at is not None and look.items >= self.at
        if stops:
            self.says_stop()
        return stops


def run(server: Reachable, folder: Path, rule: StoppingRule, reuse: tuple[Path, ...] = ()) -> Run:
    """The first demo sums."""
    return run_benchmark(
        FEW_SUMS, ARTIFACT, server, Settings(), folder=folder, stop=rule, limit=ITEMS, reuse=reuse, checks=False
    )


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[float | None, ...]:
    """Scores in the fixed order, from a server that answers in no time."""
    with FakeServer(wrong=0.5) as server:
        found = run(server, tmp_path_factory.mktemp("truth"), RunAll())
    values = found.measurements[0].values
    assert len(values) == ITEMS and 0.3 < sum(value or 0 for value in values) / ITEMS < 0.7
    return values


def test_looks_hold_the_prefix_though_right_answers_come_late(truth: tuple[float | None, ...], tmp_path: Path) -> None:
    """Right answers take far longer than wrong ones; a look in order of completion would be far too low."""
    rule = Recorder()
    with FakeServer(wrong=0.5, latency=0.002, slow_right=0.3, slots=24) as server:
        found = run(server, tmp_path, rule)
        answered = server.order()
    whole = [look for look in rule.looks if None not in look.values[STRICT]]
    assert [look.items for look in whole] == list(range(32, ITEMS, 32))
    for look in rule.looks:
        assert look.total == ITEMS and len(look.values[STRICT]) == look.items
        pending = sum(value is None for value in look.values[STRICT])
        assert pending <= 0.05 * look.items
        for value, right in zip(look.values[STRICT], truth, strict=False):
            assert value in (None, right)
    rows = pq.read_table(tmp_path / found.run_id / "responses.parquet").to_pylist()
    seeds = {row["seed"]: row["doc_id"] for row in rows}
    fixed = {doc_id: at for at, doc_id in enumerate(sorted(seeds.values(), key=lambda d: order_key(0, "demo_sums", d)))}
    first = [truth[fixed[seeds[seed]]] or 0.0 for seed in answered[:20]]
    assert sum(first) / 20 < sum(value or 0 for value in truth[:32]) / 32 - 0.1, "the trap must be a trap"


def test_one_endless_answer_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """Pending items stand as None; the run stops beyond one, and its answer counts when it has come."""
    board = Board(320, Recorder(at=64))
    board.impatient = True
    right = Scored(raw={STRICT: [1.0]}, statuses={"strict-match": [ItemStatus.ok]})
    for position in (*range(1, 39), *range(41, 62)):
        board.put(position, right)
        assert board.stop_at is None
    board.put(63, right)
    assert board.stop_at is None, "4 of 64 are pending, more than may be"
    board.put(0, right)
    assert (board.prefix, board.stop_at, board.counted) == (39, 64, 39)
    for position in (39, 40, 62):
        board.put(position, right)
    assert board.counted == 64 and board.means[STRICT][:64] == [1.0] * 64


@settings(max_examples=25)
@given(
    arrivals=st.permutations(range(100)).map(lambda order: sorted(order, key=lambda at: at // 40)),
    impatient=st.booleans(),
)
def test_items_that_wait_to_be_scored_hold_up_no_question(arrivals: list[int], impatient: bool) -> None:
    """Items are scored together; those that may wait bring no question to the rule, at whatever moment one looks."""
    rule = Recorder()
    board = Board(100, rule)
    board.impatient = impatient
    right = Scored(raw={STRICT: [1.0]}, statuses={"strict-match": [ItemStatus.ok]})
    waiting: list[int] = []
    longest = 0
    for position in arrivals:
        waiting.append(position)
        asked, due = len(rule.looks), board.may_ask(waiting)
        entered = deepcopy(board)
        for each in waiting:
            entered.put(each, right)
        assert due or len(cast(Recorder, entered.rule).looks) == asked
        if due:
            board = entered
            rule = cast(Recorder, board.rule)
            longest, waiting = max(longest, len(waiting)), []
    whole = [look.items for look in rule.looks if None not in look.values[STRICT]]
    assert board.prefix == 100 and whole == [32, 64, 96]
    assert longest > 1, "nothing was put together"


def test_slow_answers_are_shown_one_by_one(tmp_path: Path) -> None:
    """An item waits for others to be scored with, but not for long."""
    seen: list[int] = []
    with FakeServer(latency=0.5, slots=1) as server:
        run_benchmark(
            FEW_SUMS, ARTIFACT, server, Settings(), folder=tmp_path, limit=6, checks=False,
            progress=lambda found: seen.append(found.done),
        )  # fmt: skip
    assert len(set(seen) - {0}) >= 3, seen


def until_quiet(server: Reachable) -> None:
    """A rule that thinks long: returns when the slots have gone as far ahead as they may."""
    seen = [server.counts()]
    while len(seen) < 50:
        now = server.counts()
        seen = [*seen, now] if now == seen[-1] else [now]


def test_stop_is_obeyed_and_the_rest_is_paid_once(truth: tuple[float | None, ...], tmp_path: Path) -> None:
    """A stop at 64 items scores exactly those; the full run takes their answers over."""
    rule = Recorder(at=64)
    with FakeServer(wrong=0.5, latency=0.004) as server:
        rule.says_stop = partial(until_quiet, server)
        early = run(server, tmp_path, rule)
        paid = server.counts()
        whole = run(server, tmp_path, RunAll(), reuse=(tmp_path / early.run_id,))
        both = server.counts()
    assert early.status is RunStatus.finished and early.run_id != whole.run_id
    measured = early.measurements[0]
    assert (measured.items, measured.of, measured.stopped_early) == (64, 320, True)
    assert measured.values == truth[:64]
    out_of_order = server.slots
    assert 64 <= len(paid) <= 64 + 2 * server.slots + out_of_order, "more was sent than slots may be ahead"
    assert set(both.values()) == {1} and len(both) == ITEMS
    assert whole.requests_sent == ITEMS - len(paid)
    assert whole.measurements[0].values == truth
    items = pq.read_table(tmp_path / early.run_id / "items.parquet").to_pylist()
    assert {row["position"] for row in items} == set(range(64))
