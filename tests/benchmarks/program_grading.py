"""Grading of programs: ours in boxes against the metric `code_eval`, item for item and in programs a second.

    python -m tests.benchmarks.program_grading [--quick] [--workers 1 2 4]

The programs are the 1,716 of `tests/sandbox/programs.py` (with `--quick`: 300 of them, evenly drawn). `code_eval`'s way
of running them is in `tests/sandbox/peer.py`; it has no guard, so all of it runs within one box, with its four threads.
Speed is measured on the programs that come to an end (three seconds of sleep say nothing about a runner), in the same
run for both, ours with each number of workers.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy  # noqa: F401  (code_eval's process has it loaded, so its programs may import it)

from evaluators.sandbox.choose_sandbox import choose_sandbox
from evaluators.sandbox.program_pool import ProgramPool, usable_processors
from tests.sandbox.grade_with_peer import grade_with_peer
from tests.sandbox.programs import all_programs

PEER_WORKERS = 4
"""As `code_eval` has by default."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    options = parser.parse_args()
    sandbox = choose_sandbox()
    named = [(kind, program) for kind, programs in all_programs().items() for program in programs]
    if options.quick:
        named = named[:: len(named) // 300 + 1]
    programs = [program for _, program in named]
    pool = ProgramPool(sandbox, workers=max(usable_processors(), 2))
    start = time.monotonic()
    ours = pool.grade(programs)
    middle = time.monotonic()
    theirs = grade_with_peer(sandbox, programs, PEER_WORKERS)
    end = time.monotonic()
    print(f"{sandbox.label()}; {len(programs)} programs: ours {middle - start:.0f} s, code_eval {end - middle:.0f} s")
    kinds = dict.fromkeys(kind for kind, _ in named)
    for kind in kinds:
        places = [place for place, (name, _) in enumerate(named) if name == kind]
        passed = sum(ours[place].result.passed for place in places)
        reference = sum(theirs[place]["passed"] for place in places)
        print(f"  {kind}: {passed} of {len(places)} pass, code_eval {reference}")
    differing = [place for place in range(len(programs)) if ours[place].result.passed != theirs[place]["passed"]]
    print(f"differences in pass or fail: {len(differing)}; timed out alone too: {pool.timeouts}")
    for place in differing:
        print(json.dumps([named[place][0], programs[place][:400], str(ours[place]), theirs[place]]))
    words = sum(
        one.result.ended.split()[0] != other["result"].split(":")[0].split()[0]
        for one, other in zip(ours, theirs, strict=True)
    )
    print(f"differences in words only: {words - len(differing)}")
    pool.close()
    speed(sandbox, [program for program, one in zip(programs, ours, strict=True) if not one.ran_alone], options.workers)


def speed(sandbox, programs: list[str], workers: list[int]) -> None:  # type: ignore[no-untyped-def]
    """Programs a second of both, in turn."""
    start = time.monotonic()
    grade_with_peer(sandbox, programs, PEER_WORKERS)
    peer = len(programs) / (time.monotonic() - start)
    print(f"code_eval, {PEER_WORKERS} threads: {peer:.1f} programs/s over {len(programs)} programs")
    for count in workers:
        pool = ProgramPool(sandbox, workers=count, idle=lambda count=count: count)  # type: ignore[misc]
        start = time.monotonic()
        pool.grade(programs)
        rate = len(programs) / (time.monotonic() - start)
        pool.close()
        print(f"ours, {count} workers: {rate:.1f} programs/s, {rate / peer:.2f} of code_eval")


if __name__ == "__main__":
    main()
