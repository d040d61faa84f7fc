"""One machine at a time for a run, agreed through files that a store makes only if there is none.

No clocks are compared. Each taking of a run makes `leases/<run id>/<number>.json` with the next number, which only one
of several machines can do; the highest number is in force. Its holder writes a higher count of beats into it every few
seconds. Who waits sees by its own clock for how long the count has not moved, and then makes the next number: the old
holder, if it is alive after all, finds that and stops.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from flows.sharing.file_store import FileStore

BEAT = 10.0
"""Seconds between two beats of a holder."""
SILENCE = 60.0
"""Seconds without a beat, by the clock of who waits, until a run is taken over."""
POLL = 2.0
"""Seconds between two looks at the lease of another machine."""


@dataclass
class Lease:
    """The right to carry out one run. To be used by one thread at a time."""

    store: FileStore
    run_id: str
    number: int
    holder: str
    beats: int = 0
    confirmed: float = field(default_factory=time.monotonic)
    """When the store last took a beat, by this machine's clock."""

    def beat(self) -> bool:
        """Say that this machine is alive. False if another has taken the run over. May raise OSError."""
        if _newest(self.store, self.run_id) != self.number:
            return False
        self.beats += 1
        self.store.write(_name(self.run_id, self.number), _content(self.holder, self.beats, released=False))
        self.confirmed = time.monotonic()
        return True

    def release(self) -> None:
        """Let others have the run at once."""
        if _newest(self.store, self.run_id) == self.number:
            self.store.write(_name(self.run_id, self.number), _content(self.holder, self.beats, released=True))
            self.store.remove([_name(self.run_id, number) for number in _numbers(self.store, self.run_id)[:-1]])


def take_lease(
    store: FileStore,
    run_id: str,
    waiting: Callable[[str], None],
    *,
    silence: float = SILENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> Lease:
    """Wait until the run is free, or until its holder is silent for `silence` seconds, and take it. `waiting(machine)`
    is told once whom it waits for. May raise OSError."""
    own = f"{socket.gethostname()} {uuid.uuid4().hex[:12]}"
    seen: tuple[int, bytes] | None = None
    since = time.monotonic()
    told = False
    while True:
        number = _newest(store, run_id)
        content = store.read(_name(run_id, number)) if number else None
        if content is None or _released(content) or (seen == (number, content) and time.monotonic() - since > silence):
            if store.create(_name(run_id, number + 1), _content(own, 0, released=False)):
                return Lease(store, run_id, number + 1, own)
            continue  # another was faster
        if seen != (number, content):
            seen, since = (number, content), time.monotonic()
        if not told:
            told = True
            waiting(_holder(content))
        sleep(min(POLL, silence / 10))


def _numbers(store: FileStore, run_id: str) -> list[int]:
    names = (name.rpartition("/")[2].removesuffix(".json") for name in store.listing(f"leases/{run_id}"))
    return sorted(int(name) for name in names if name.isdecimal())


def _newest(store: FileStore, run_id: str) -> int:
    return max(_numbers(store, run_id), default=0)


def _name(run_id: str, number: int) -> str:
    return f"leases/{run_id}/{number:06d}.json"


def _content(holder: str, beats: int, *, released: bool) -> bytes:
    return json.dumps({"holder": holder, "beats": beats, "released": released}).encode()


def _released(content: bytes) -> bool:
    try:
        return bool(json.loads(content).get("released"))
    except (ValueError, AttributeError):
        return False  # it is being written; if nobody is, it falls silent


def _holder(content: bytes) -> str:
    try:
        return str(json.loads(content)["holder"]).split()[0]
    except (ValueError, KeyError, TypeError, IndexError):
        return "another machine"
