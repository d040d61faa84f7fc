"""One half of the processors for a server, the other for its clients: as if the server computed on a GPU."""

from __future__ import annotations

import os
import sys

APART = "give the server one half of the processors and its clients the other"


def halves(apart: bool) -> tuple[set[int], set[int]]:
    """Processors of the server and of the clients: all for both unless `apart` and there are two. Empty where the
    system does not let a process choose."""
    if sys.platform != "linux":
        return set(), set()
    whole = sorted(os.sched_getaffinity(0))
    half = len(whole) // 2
    return (set(whole), set(whole)) if not apart or not half else (set(whole[:half]), set(whole[half:]))


def use(processors: set[int]) -> None:
    """Run this thread, and what it starts from now on, on these."""
    if sys.platform == "linux" and processors:
        os.sched_setaffinity(0, processors)
