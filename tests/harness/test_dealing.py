"""Jobs dealt to several servers: in the fixed order, each answered once, failed only where every server failed it."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.backends.protocol import Request
from evaluators.harness.dealing.deal import Deal, Dealt
from evaluators.records import RequestKind
from tests.benchmarks.sharded_guarantee import finishing_order

JOBS = 60


def job(number: int, choices: int) -> list[Request]:
    return [Request("t", number, index, 0, RequestKind.loglikelihood, (), 0, "") for index in range(choices)]


@given(servers=st.integers(1, 4), choices=st.integers(1, 3), seed=st.integers(0, 10_000))
def test_nothing_is_lost_whatever_fails_dies_and_comes_back(servers: int, choices: int, seed: int) -> None:
    """A server refuses a third of the requests, always the same; one at a time may be dead, or all may end anew."""
    chance = random.Random(seed)
    refused = {(s, n, c) for s in range(servers) for n in range(JOBS) for c in range(choices) if chance.random() < 0.3}
    deal = Deal((job(number, choices) for number in range(JOBS)), servers)
    under_way: list[tuple[int, Dealt]] = []
    answered: Counter[tuple[int, int]] = Counter()
    failed: Counter[tuple[int, int]] = Counter()
    first: list[int] = []
    while True:
        if chance.random() < 0.05 and len(deal.serving) > 1:
            dead = chance.choice(sorted(deal.serving))
            deal.serving.discard(dead)
            for _, begun in [entry for entry in under_way if entry[0] == dead]:
                deal.end(begun, left=begun.requests)
            under_way = [entry for entry in under_way if entry[0] != dead]
        elif chance.random() < 0.1:
            deal.serving.add(chance.randrange(servers))
        for server in deal.serving:
            while sum(by == server for by, _ in under_way) < 3 and (found := deal.next(server, 3)) is not None:
                under_way.append((server, found))
                number = found.requests[0].doc_id
                first += [number] if number not in first else []
        if not under_way:
            assert not deal.waiting and not any(deal.may_come(server) for server in range(servers))
            break
        server, begun = under_way.pop(chance.randrange(len(under_way)))
        bad = [r for r in begun.requests if (server, r.doc_id, r.index) in refused]
        handed = bad if deal.others(begun, server) else []
        for request in begun.requests:
            if request not in handed:
                (failed if request in bad else answered)[request.doc_id, request.index] += 1
        deal.end(begun, failed=handed)
    assert first == list(range(JOBS)), "begun in the fixed order"
    assert len(answered) + len(failed) == JOBS * choices and {*answered.values(), *failed.values()} <= {1}
    everywhere = {(n, c) for _, n, c in refused if all((s, n, c) in refused for s in range(servers))}
    assert everywhere <= set(failed)


def test_after_the_stop_only_what_was_begun_is_finished() -> None:
    deal = Deal(iter([job(0, 1), job(1, 1), job(2, 1)]), 2)
    begun = deal.next(0, 2)
    assert begun is not None
    deal.serving.discard(0)
    deal.end(begun, left=begun.requests)
    taken = deal.next(1, 2, fresh=False)
    assert taken is not None and taken.requests == begun.requests
    assert deal.next(1, 2, fresh=False) is None and not deal.may_come(1)


def test_a_server_that_fails_faster_than_others_answer_gets_nothing_new() -> None:
    deal = Deal((job(number, 1) for number in range(9)), 2)
    for _ in range(2):
        begun = deal.next(0, 2)
        assert begun is not None and deal.others(begun, 0)
        deal.end(begun, failed=begun.requests)
    assert deal.next(0, 2) is None and deal.may_come(0)
    helped = deal.next(1, 2)
    assert helped is not None and helped.requests[0].doc_id == 0
    deal.end(helped)
    fresh = deal.next(0, 2)
    assert fresh is not None and fresh.requests[0].doc_id == 2


@pytest.mark.parametrize("late", [True, False])
def test_the_simulated_servers_finish_every_item_out_of_order(late: bool) -> None:
    """What the simulation of the guarantee rests on."""
    right = [at % 3 > 0 for at in range(600)]
    order = finishing_order(right, late, random.Random(1))
    assert sorted(order) == list(range(600)) and order != sorted(order)
    assert (sum(right[at] for at in order[:100]) / 100 < 0.6) is late, "the trap must be a trap"
