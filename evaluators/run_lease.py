"""What the engine asks of a place that several machines share: that a run is carried out by one of them at a time, and
what the others have done of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol


class LeaseLost(Exception):
    """Another machine has taken the run over, because this one was not heard of for too long."""


class RunLease(Protocol):
    """The right to carry out one run."""

    def check(self) -> None:
        """Raise LeaseLost if it is no longer ours."""


class RunStore(Protocol):
    """Runs of several machines."""

    def fetch(self, run_id: str, folder: Path) -> None:
        """Bring a finished run into its folder, if there is one and the folder has none."""

    def hold(self, run_id: str, folder: Path) -> AbstractContextManager[RunLease]:
        """Wait until no other machine carries out the run, bring what others have done of it into its folder, and keep
        others from it. At the end the others get what was done here."""


class Alone:
    """The right of the only machine."""

    def check(self) -> None:
        """It is never lost."""


@contextmanager
def held(store: RunStore | None, run_id: str, folder: Path) -> Iterator[RunLease]:
    """Hold a run in the store; without a store there is nobody else."""
    if store is None:
        yield Alone()
        return
    with store.hold(run_id, folder) as lease:
        yield lease
