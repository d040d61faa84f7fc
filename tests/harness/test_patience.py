"""A server that hangs or drips ends a run by itself; one that is only slow is waited for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

import pyarrow.parquet as pq
import pytest

from evaluators.backends.client import Client, ServerLost, ServerStalled
from evaluators.backends.retry import (
    MARGIN,
    RECENT,
    STRETCH,
    Patience,
    RetryLimits,
    known_silent,
    patience_with,
    times_as_long,
    tokens_written,
)
from evaluators.harness.concurrency import Concurrency
from evaluators.harness.dealing.lane import Lane
from evaluators.records import RunStatus
from tests.harness.fakes import FakeServer, Reachable
from tests.harness.test_hard_input import run

LIMITS = RetryLimits(timeout=1.0, start=0.4, floor=0.4, stalled=0.6, backoff=0.01, longest=0.05, allowed_failed=1.0)
"""Seconds for a server that answers in milliseconds."""


def answer(tokens: int) -> dict[str, object]:
    return {"usage": {"completion_tokens": tokens}}


def shown(tokens: int, seconds: float, size: int = 200, beside: int = 1) -> Patience:
    """What is known after one such answer."""
    patience = Patience(RetryLimits())
    patience.note(answer(tokens), size, seconds, beside)
    return patience


def allowed(patience: Patience, tokens: int | None, size: int = 200, beside: int = 1) -> float:
    return patience.seconds(tokens, size, beside, times_as_long(RetryLimits(), tokens))


def test_a_dripping_server_ends_the_run_and_what_it_answered_is_kept(tmp_path: Path) -> None:
    with FakeServer(drips_after=20) as server:
        made = run(server, tmp_path, limits=LIMITS, limit=100)
        asked = len(server.counts())
    assert made.status is RunStatus.invalid and "answered none of the last 12 requests" in str(made.reason)
    assert made.server_failed
    assert asked < 60, "those answered, and few more of the 100"
    rows = pq.read_table(tmp_path / made.run_id / "responses.parquet").to_pylist()
    answered = {row["seed"] for row in rows if row["status"] == "ok"}
    assert len(answered) >= 20
    with FakeServer() as server:
        again = run(server, tmp_path, limit=100)
        assert again.status is RunStatus.finished and not again.server_failed and not answered & server.counts().keys()


def test_a_server_among_several_that_only_says_to_be_well_is_not_taken_back_for_ever() -> None:
    async def lose() -> None:
        lane = Lane(Client(Reachable(1, 1), LIMITS), None, Concurrency(1), lambda: True)  # type: ignore[arg-type]
        for answered in (False, True):
            lane.client.heard += answered
            lane.lose(ServerStalled("answered none"))
            await lane.come_back(lambda: True)
        lane.lose(ServerStalled("answered none again"))
        with pytest.raises(ServerLost, match="none again"):
            await lane.come_back(lambda: True)
        await lane.client.close()

    asyncio.run(lose())


def test_a_slow_server_is_waited_for_longer_than_the_limits_say(tmp_path: Path) -> None:
    """Every answer takes longer than the least that an attempt gets; none is asked for twice."""
    slow = replace(LIMITS, timeout=60.0, start=5.0, floor=0.05, stalled=0.05)
    with FakeServer(latency=0.3) as server:
        made = run(server, tmp_path, limits=slow, limit=40)
        counts = server.counts()
    assert made.status is RunStatus.finished and made.measurements[0].failed == 0
    assert set(counts.values()) == {1}


def test_a_server_that_answers_only_when_it_is_examined_is_waited_for_less_in_the_next_run(tmp_path: Path) -> None:
    """An answer before the run says nothing about the run; one within it says that the server is well again."""
    with FakeServer(drips_after=20) as server:
        first = run(server, tmp_path, limits=LIMITS, limit=100)
        known = patience_with(server.url, LIMITS)
        known.note(answer(5), 100, 0.1, 1)
        before = sum(server.counts().values())
        second = run(server, tmp_path, limits=LIMITS, limit=100)
        asked = sum(server.counts().values()) - before
        assert first.server_failed and second.server_failed and known.stalled
        assert asked < 0.8 * (before - 20), "one try each, and fewer"
    with FakeServer() as server:
        known = patience_with(server.url, LIMITS)
        known.stalled = True
        assert run(server, tmp_path, limits=LIMITS, limit=100).status is RunStatus.finished and not known.stalled


def test_a_server_that_is_silent_for_long_is_waited_for_less_with_each_further_request(tmp_path: Path) -> None:
    """The first requests get the whole floor; once `stalled` has passed, the others get what the speed says."""
    with FakeServer(drips_after=20) as server:
        made = run(server, tmp_path, limits=replace(LIMITS, floor=3.0, stalled=1.0, again=0.1), limit=100)
    assert made.server_failed and "no answer within" in str(made.reason) and "within 3 s" not in str(made.reason)
    quick, slow, limits = shown(16, 0.2), shown(500, 100.0), RetryLimits()
    assert quick.seconds(16, 200, 1, doubted=True) == limits.again < quick.seconds(16, 200, 1) == limits.floor
    assert slow.seconds(16, 200, 1, doubted=True) == 300, "three times what an answer took, as ever"


def test_the_time_is_what_the_slowest_answer_of_late_says_whatever_came_before() -> None:
    """Nearly no request has all answers of late looked at: that must change nothing."""
    limits, draw = RetryLimits(), Random(0)
    for seconds in (0.01, 1.0, 30.0, 900.0):
        patience, paces = Patience(limits), list[tuple[float, float, float, int]]()
        for _ in range(4 * RECENT):
            took, written, under_way = (
                draw.expovariate(1 / seconds),
                draw.choice([1, 30, 4000]),
                draw.choice([1, 8, 64]),
            )
            patience.note(answer(written), 1600, took, under_way)
            paces = [*paces, (took, took / written, took / (written + 100), under_way)][-RECENT:]
            tokens, beside = draw.choice([None, 1, 16, 2048, 40_000]), draw.choice([1, 8, 256])
            times, asked = times_as_long(limits, tokens), 32768 if tokens is None else tokens
            needed = [asked * token + 500 * prompt for _, token, prompt, _ in paces]
            longest = limits.timeout * times * min(STRETCH, max(1.0, 1.5 * median(needed) / (limits.timeout * times)))
            slow = max(need * max(1, beside / pace[3]) for need, pace in zip(needed, paces, strict=True))
            wanted = max(limits.floor, MARGIN * slow, 3 * max(pace[0] for pace in paces))
            assert patience.seconds(tokens, 8000, beside, times) == pytest.approx(min(wanted, longest), rel=1e-12)


def test_the_time_follows_from_the_work_and_the_speed() -> None:
    limits = RetryLimits()
    assert allowed(Patience(limits), 16) < limits.start + 60, "nothing is known yet"
    assert allowed(Patience(limits), 0, 4_000_000) == limits.timeout
    assert allowed(shown(16, 0.2), 16) == limits.floor
    assert 200 < allowed(shown(16, 0.2, beside=1), 1024, beside=8) < limits.timeout, "all may wait for each other"
    assert allowed(shown(16, 0.2, beside=8), 512, beside=8) == limits.floor
    assert allowed(shown(500, 100.0), 16) == 300, "three times what an answer took"


@pytest.mark.parametrize("seconds", [8.0, 30.0])
def test_a_thinking_model_on_a_processor_is_not_cut(seconds: float) -> None:
    """32,768 tokens at 2 and 0.53 tokens a second; the first would have been cut after 8,192 s."""
    patience, limits = shown(16, seconds), RetryLimits()
    needed = 32768 * min(seconds, 16 / 1.0) / 16
    assert allowed(patience, 32768, beside=2) > min(needed, STRETCH * limits.timeout * 32768 / limits.usual * 0.99)
    assert allowed(patience, 512, 32_000) > 32_000 / 4 / 8 + 512 * 0.5, "a prompt read at 8 tokens a second"


def test_a_server_that_lies_about_its_tokens_gets_no_more_than_four_times_as_long() -> None:
    limits = RetryLimits()
    for tokens, seconds in ((8, 100.0), (10**8, 0.1), (-5, 50.0)):
        assert limits.floor <= allowed(shown(tokens, seconds), 256) <= STRETCH * limits.timeout
    unreadable: tuple[object, ...] = (
        None,
        [],
        {"usage": "many"},
        answer(10**30),
        {"usage": {"completion_tokens": True}},
    )
    for broken in unreadable:
        assert tokens_written(broken) == 0


def test_a_server_that_gave_no_answer_is_not_waited_for_as_long_in_the_next_run(tmp_path: Path) -> None:
    limits = replace(LIMITS, stalled=0.1)
    with FakeServer(drips_after=-1) as server:
        known = patience_with(server.url, limits)
        for number in range(2):
            made = run(server, tmp_path / str(number), limits=limits, limit=2)
            assert made.measurements[0].failed == 2 and known.silent and known_silent(server.url)
        counts = server.counts()
    assert set(counts.values()) == {3}, "two attempts in the first run, one in the second"
    known.note(answer(5), 100, 0.1, 1)
    assert not known.silent and not known_silent(server.url)
    assert allowed(Patience(RetryLimits()), 16) > 300
