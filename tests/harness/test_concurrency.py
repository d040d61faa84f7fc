"""Requests at a time: read from the server, or raised while its throughput grows, and never beyond a bound."""

from __future__ import annotations

import heapq
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.attached import DEFAULT_SLOTS
from evaluators.harness import run_benchmark
from evaluators.harness.concurrency import MOST, Concurrency, in_flight
from evaluators.records import RunStatus, Settings
from evaluators.stopping import InterimLook
from tests.harness.conftest import SUMS
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer


def simulated(slots: int, start: int, most: int, jobs: int = 20_000) -> tuple[Concurrency, int]:
    """The controller on a server that works on `slots` jobs at a time, one second each, others wait. Returns it and the
    most that were under way."""
    now = 0.0
    concurrency = Concurrency(start, most, clock=lambda: now)
    running: list[float] = []
    waiting, sent, widest = 0, 0, 0
    while sent < jobs or running:
        while sent < jobs and len(running) + waiting < concurrency.allowed:
            sent, waiting = sent + 1, waiting + 1
        widest = max(widest, len(running) + waiting)
        while waiting and len(running) < slots:
            waiting -= 1
            heapq.heappush(running, now + 1.0)
        now = heapq.heappop(running)
        concurrency.finished(1.0)
    return concurrency, widest


@pytest.mark.parametrize(("slots", "expected"), [(1, 4), (4, 4), (8, 8), (64, 64), (128, 128), (1000, 256)])
def test_it_grows_to_the_slots_and_no_further(slots: int, expected: int) -> None:
    concurrency, widest = simulated(slots, 4, 256)
    assert concurrency.allowed == expected and concurrency.settled
    assert widest <= min(256, 2 * max(slots, 4))


def test_a_known_number_stays() -> None:
    concurrency, widest = simulated(64, 6, 6, 500)
    assert (concurrency.allowed, widest) == (6, 6)


def test_a_server_that_turns_requests_away_is_asked_for_less() -> None:
    concurrency = Concurrency(4, 256)
    for _ in range(4 + 32):
        concurrency.finished(1.0)
    assert concurrency.allowed == 8
    concurrency.turned_away()
    assert concurrency.allowed == 4 and concurrency.settled


def said(found: Any, body: Any) -> Any:
    return found


class Wide(ScriptedServer):
    """Answers `slots` requests at a time and counts how many it has at once. Each takes so long that working for it in
    this process, beside other tests too, is little of it: else more at a time would bring no more."""

    MOMENT = 0.05
    """Seconds that a request takes."""

    def __init__(self, slots: int, **routes: Any) -> None:
        self.room, self.lock = threading.Semaphore(slots), threading.Lock()
        self.here = self.most = self.sent = 0
        given = {path: partial(said, found) for path, found in routes.items()}
        super().__init__({"/v1/completions": self.complete} | given)

    def complete(self, body: Any) -> Any:
        with self.lock:
            self.here += 1
            self.sent += 1
            self.most = max(self.most, self.here)
        with self.room:
            time.sleep(self.MOMENT)
        with self.lock:
            self.here -= 1
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        return {"choices": [{"index": 0, "text": " #### 1", "finish_reason": "stop"}], "usage": usage}


class After:
    """Stops at the first look from `items` on, and notes what the server had been asked by then."""

    def __init__(self, items: int, server: Wide) -> None:
        self.items, self.server = items, server
        self.asked: list[int] = []
        self.sent = 0

    def stop(self, look: InterimLook) -> bool:
        self.asked.append(look.items)
        self.sent = self.server.sent
        return look.items >= self.items


def test_more_is_sent_to_a_server_that_does_not_say_its_slots(tmp_path: Path) -> None:
    server = Wide(32)
    with open_server("attached", None, ServerOptions(url=server.url), tmp_path) as attached:
        assert attached.describe().slots == DEFAULT_SLOTS
        rule = After(320, server)
        run = run_benchmark(
            SUMS, ARTIFACT, attached, Settings(), folder=tmp_path, limit=640, checks=False, stop=rule,
        )  # fmt: skip
    assert run.status is RunStatus.finished and run.measurements[0].items >= 320
    assert in_flight(DEFAULT_SLOTS) < server.most <= MOST, "it is led up, to the bound at most"
    # a look with few items pending may come before one at a whole prefix, or in its place
    assert set(rule.asked) <= set(range(32, 641, 32)) and len(set(rule.asked)) >= 5, "at strides"
    # a busy machine serves fewer at once than were sent: twice the server's 32 is what may be under way
    assert server.sent - rule.sent <= 2 * max(server.most, 32), "nothing is sent after the stop but what was under way"


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ({"/props": {"total_slots": 3, "build_info": "b1"}}, 3),
        (
            {
                "/version": {"version": "0.32"},
                "/server_info?config_format=json": {
                    "vllm_config": {
                        "scheduler_config": {"max_num_seqs": 96}, "parallel_config": {"data_parallel_size": 2}
                    }
                },
            },
            192,
        ),
        ({"/get_server_info": {"max_running_requests": 48, "dp_size": 4, "version": "0.5"}}, 192),
        ({"/version": {"version": "0.32"}}, DEFAULT_SLOTS),
        ({"/props": {"total_slots": -1, "build_info": "b1"}}, DEFAULT_SLOTS),
        ({"/props": {"total_slots": 10**12, "build_info": "b1"}}, 4096),
    ],
)  # fmt: skip
def test_slots_are_read_from_the_server(routes: dict[str, Any], expected: int, tmp_path: Path) -> None:
    server = Wide(1, **routes)
    with open_server("attached", None, ServerOptions(url=server.url), tmp_path) as attached:
        assert attached.describe().slots == expected
    with open_server("attached", None, ServerOptions(url=server.url, slots=7), tmp_path) as attached:
        found = attached.describe()
        assert found.slots == 7 and "slots" not in found.flags
