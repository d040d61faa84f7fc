"""Runs made one after another, or taking turns between several sides, with an eye on the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from statistics import fmean
from typing import TYPE_CHECKING

from evaluators.backends import ModelServer
from evaluators.speed.machine_load import Load, gpu_state
from evaluators.speed.request_batches import Rounds
from evaluators.speed.stability import SPREAD, unstable
from evaluators.speed.stream import StreamFailed

if TYPE_CHECKING:
    from evaluators.harness.progress import Progress

Tell = Callable[["Progress"], None]
Decided = Callable[[Sequence[float]], bool]
"""Whether these values, one a run, are enough. Must not depend on anything else."""
MORE = 4
"""Where they are not, runs are made until there are this many times as many, and then no more."""


@dataclass
class Gathered:
    """What came of the runs."""

    wanted: int = 0
    """Runs asked for, those of a second look included."""
    first: int = 0
    """Runs of the first look."""
    values: list[tuple[float, ...]] = field(default_factory=list)
    """One tuple a run, a value for each side; where enough runs were undisturbed, only those."""
    others: list[float | None] = field(default_factory=list)
    """Share of the processor that other programs used during each of these runs."""
    made: int = 0
    """Runs made, disturbed ones included."""
    unread: int = 0
    """Runs whose answers came in one piece."""
    failure: str | None = None
    """Why a request failed, which voids the run; None if none did."""
    throttling: tuple[str, ...] | None = None
    """What slowed the GPU down; None: no GPU, or it does not say."""
    clocks: tuple[int, ...] = ()
    """SM clocks of the GPU between the runs, MHz."""

    @property
    def first_look(self) -> int | None:
        """Runs of the first of two looks; None if there was one look at all runs."""
        return self.first if self.wanted > self.first else None

    def quiet(self, allowed: float) -> list[int]:
        """Numbers of the runs during which other programs used at most `allowed` of the processor."""
        return [index for index, share in enumerate(self.others) if share is None or share <= allowed]

    def side(self, number: int = 0) -> list[float]:
        """The values of one side."""
        return [row[number] for row in self.values]

    def verdict(self, values: Sequence[float], allowed: float, spread: float = SPREAD) -> str | None:
        """Why the run is invalid; None if it is sound."""
        reason = self.failure or unstable(values, self.others, self.throttling or (), allowed=allowed, spread=spread)
        if reason is None and len(self.values) < self.wanted:
            return (
                f"unstable: in {self.unread} of {self.made} runs answers arrived in one piece, and their speed cannot "
                "be read; end other programs, or look for a proxy that collects answers"
            )
        return reason

    def signals(self) -> dict[str, float]:
        """The machine in numbers."""
        known = [share for share in self.others if share is not None]
        found = {"runs_made": float(self.made)}
        if known:
            found["other_load"] = fmean(known)
        if self.clocks:
            found |= {"gpu_clock_lowest": float(min(self.clocks)), "gpu_clock_highest": float(max(self.clocks))}
        return found


def gather(
    sides: Sequence[Rounds],
    servers: Sequence[ModelServer],
    runs: int,
    *,
    allowed: float,
    progress: Tell | None = None,
    value: Callable[[tuple[float, ...]], float] = itemgetter(0),
    decided: Decided | None = None,
) -> Gathered:
    """`runs` runs of every side, interleaved (A B, B A, A B, ...); MORE times as many if these are not enough: if
    `decided`, asked once about the `value` of each, says no, or if they look like drift.

    A run during which other programs used more than `allowed` of the processor, or whose answers came in one piece, is
    made again, up to as many more; whether it is depends on these and never on its value. Gives up after `runs` if most
    were disturbed, and at the first failed request."""
    found = Gathered(wanted=runs, first=runs)
    _make(found, sides, servers, allowed, progress)
    kept = found.quiet(allowed)
    first = [value(found.values[index]) for index in kept]
    # in a few runs chance looks like drift
    shaky = len(first) >= runs and decided is not None and not (decided(first) and unstable(first) is None)
    if found.failure is None and shaky:
        found.wanted = MORE * runs
        _make(found, sides, servers, allowed, progress)
        kept = found.quiet(allowed)
    if found.wanted <= len(kept) < len(found.values):
        found.values = [found.values[index] for index in kept]
        found.others = [found.others[index] for index in kept]
    return found


def _make(
    found: Gathered, sides: Sequence[Rounds], servers: Sequence[ModelServer], allowed: float, progress: Tell | None
) -> None:
    """Make runs until there are as many quiet ones as wanted."""
    from evaluators.harness.progress import Progress

    load, runs = Load(*servers), found.wanted
    on_gpu = any(server.describe().hardware.gpu for server in servers)
    began, before_us, quiet = time.monotonic(), found.made, len(found.quiet(allowed))
    try:
        for side in sides if not found.made else ():
            side.warm_up()
        while quiet < runs and found.made < 2 * runs and not (found.made >= runs and 2 * quiet < found.made):
            before = load.moment()
            row = _row(sides, backwards=found.made % 2 == 1)
            share = load.others(before, load.moment())
            found.made += 1
            if row is None:
                found.unread += 1
            else:
                found.values.append(row)
                found.others.append(share)
                quiet += share is None or share <= allowed
            if on_gpu:
                clock, throttling = gpu_state()
                found.clocks += () if clock is None else (clock,)
                if throttling is not None:
                    found.throttling = tuple(dict.fromkeys((*(found.throttling or ()), *throttling)))
            if progress is not None:
                spent = time.monotonic() - began
                rate = (found.made - before_us) / spent
                progress(Progress(quiet, runs, rate, (runs - quiet) / rate, 0, 0, 0))
    except StreamFailed as error:
        found.failure = f"a request failed, which voids the run: {error}"


def _row(sides: Sequence[Rounds], *, backwards: bool) -> tuple[float, ...] | None:
    """One run of every side, in this order or the reverse; None if one of them cannot be read."""
    numbers = range(len(sides))
    found = {number: sides[number].run() for number in (reversed(numbers) if backwards else numbers)}
    values = [found[number] for number in numbers]
    return None if None in values else tuple(value for value in values if value is not None)
