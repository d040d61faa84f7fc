"""Wrong verdicts of one run over several servers, by the product's own deal, scoreboard and stopping rule.

    python -m tests.benchmarks.sharded_guarantee [--runs 1000] [--items 1319] [--seed 1]

Two servers, one four times as slow, whose latency goes with the item: in the first row right answers come late, on the
slow server later still, in the second wrong ones. In half of the runs a server dies on the way and the other is asked
what it left open. The model's score over all items lies on the lower edge of the acceptance region of a claim of 85.2
with a margin of 2 points: exactly on it (honest: only `below` is wrong), or one item under it (then `confirmed` and
`above` are). Beside the scoreboard, which shows the rule finished prefixes of the fixed order, a naive one that shows
it whatever has finished. Prints the rate of wrong verdicts with its exact 95 % interval; exits with 1 if ours exceeds
5 % beyond chance.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from evaluators.backends.protocol import Request
from evaluators.harness.dealing.deal import Deal, Dealt
from evaluators.harness.scoreboard import STRIDE, Board
from evaluators.harness.scoring import Scored
from evaluators.records import ItemStatus, RequestKind
from evaluators.stopping import InterimLook
from warehouse.claim_records import Criterion
from warehouse.claims.text.interval import read_interval
from warehouse.verdicts.early_stopping import ClaimRule
from warehouse.verdicts.statistics.region import acceptance_region

ALPHA = 0.05
KEY = ("exact_match", "none")
SLOTS = (64, 64)
SECONDS = (1.0, 4.0)
"""Mean latency of the two servers."""
LATE = (3.0, 10.0)
"""Times that an item of the late kind takes on them."""


def finishing_order(right: Sequence[bool], late: bool, chance: random.Random) -> list[int]:
    """Positions in the order in which two servers finish them. late: whether right answers come late, or wrong ones."""
    requests = (
        [Request("t", at, 0, 0, RequestKind.generate, (), 0, str(at))] for at in range(len(right))
    )  # fmt: skip
    deal = Deal(requests, len(SLOTS))
    death = chance.uniform(0, len(right) / sum(SLOTS) * 2) if chance.random() < 0.5 else float("inf")
    dying = chance.randrange(len(SLOTS))
    under_way: list[tuple[float, int, int, Dealt]] = []
    order: list[int] = []
    now, number = 0.0, 0
    free = list(SLOTS)
    while True:
        if now >= death and dying in deal.serving:
            deal.serving.discard(dying)
            for _, _, server, job in under_way:
                if server == dying:
                    deal.end(job, left=job.requests)
            under_way = [entry for entry in under_way if entry[2] != dying]
            heapq.heapify(under_way)
        for server in sorted(deal.serving, key=lambda _: chance.random()):
            while free[server] and (given := deal.next(server, SLOTS[server])) is not None:
                slow = right[given.requests[0].doc_id] is late
                mean = SECONDS[server] * (LATE[server] if slow else 1.0)
                number += 1
                free[server] -= 1
                heapq.heappush(under_way, (now + chance.expovariate(1 / mean), number, server, given))
        if not under_way:
            return order
        now, _, server, job = heapq.heappop(under_way)
        deal.end(job)
        free[server] += 1
        order.append(job.requests[0].doc_id)


def on_prefixes(rule: ClaimRule, right: Sequence[bool], order: Sequence[int]) -> tuple[str | None, int]:
    """(what is decided, items) by the product's scoreboard."""
    board = Board(len(right), rule)
    board.impatient = True
    for position in order:
        board.put(position, Scored(raw={KEY: [float(right[position])]}, statuses={"none": [ItemStatus.ok]}))
        if board.stop_at is not None and board.prefix >= board.stop_at:
            break
    return _side(rule, board.means[KEY][: board.counted], len(right)), board.counted


def on_whatever_finished(rule: ClaimRule, right: Sequence[bool], order: Sequence[int]) -> tuple[str | None, int]:
    """The same by a board that shows the rule what has finished, in the order in which it has."""
    values = [float(right[position]) for position in order]
    for items in range(STRIDE, len(order), STRIDE):
        if rule.stop(InterimLook(items, len(right), {KEY: values[:items]})):
            return _side(rule, values[:items], len(right)), items
    return _side(rule, values, len(right)), len(values)


def _side(rule: ClaimRule, values: Sequence[float | None], total: int) -> str | None:
    state = rule.state(rule.criteria[0], InterimLook(len(values), total, {KEY: values}))
    return state.side if state else None


def main() -> int:
    """Print the rates; 1 if ours is above what is promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--items", type=int, default=1319)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    criterion = Criterion(
        criterion_id="", claim_id="", benchmark="", metric=KEY[0], filter=KEY[1],
        interval=read_interval("85.2", "fraction"), margin=0.02, alpha=ALPHA, order_seed=0, items=options.items,
        stored_at=datetime.now(UTC),
    )  # fmt: skip
    edge = acceptance_region(criterion, options.items).at_least
    chance = random.Random(options.seed)
    failed = False
    for late, correct, wrongs in ((True, edge, {"below"}), (False, edge - 1, {"confirmed", "above"})):
        print(f"{correct} of {options.items} right, {'right' if late else 'wrong'} answers late; wrong: {wrongs}")
        wrong, seen = {on_prefixes: 0, on_whatever_finished: 0}, {on_prefixes: 0, on_whatever_finished: 0}
        for _ in range(options.runs):
            right = [True] * correct + [False] * (options.items - correct)
            chance.shuffle(right)
            order = finishing_order(right, late, chance)
            assert sorted(order) == list(range(options.items)), "every item is finished once"
            for board in wrong:
                side, items = board(ClaimRule([criterion], budget=1.0), right, order)
                wrong[board] += side in wrongs
                seen[board] += items
        for board, count in wrong.items():
            from scipy.stats import binomtest

            found = binomtest(count, options.runs).proportion_ci(method="exact")
            told = f"{count / options.runs:.1%} wrong ({found.low:.1%} to {found.high:.1%})"
            print(f"  {board.__name__:22} {told}, {seen[board] / options.runs:,.0f} items", flush=True)
            failed |= board is on_prefixes and found.low > ALPHA
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
