"""One half of the processors for a server, the other for its clients: as if the server computed on a GPU."""

from __future__ import annotations

import os
import sys

SHARED = "let server and clients use the same processors; what a client computes the server then lacks"


def halves(shared: bool = False) -> tuple[set[int], set[int]]:
    """Processors of the server and of the clients; all for both if `shared`, or if there is only one. Empty where the
    system does not let a process choose."""
    if sys.platform != "linux":
        return set(), set()
    whole = sorted(os.sched_getaffinity(0))
    half = len(whole) // 2
    return (set(whole), set(whole)) if shared or not half else (set(whole[:half]), set(whole[half:]))


def use(processors: set[int]) -> None:
    """Run this thread, and what it starts from now on, on these."""
    if sys.platform == "linux" and processors:
        os.sched_setaffinity(0, processors)
