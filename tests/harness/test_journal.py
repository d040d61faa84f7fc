"""The disk has every answer soon: asked of the kernel, which knows what of a file it has not written yet."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluators.harness import run_benchmark
from evaluators.harness.journal import Journal
from evaluators.records import RequestKind, Response, ResponseStatus, Settings
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import ARTIFACT, FakeServer

CACHESTAT = 451
"""Linux 6.5 and newer."""


def unwritten(path: Path) -> int | None:
    """Pages of the file that only the memory has; None if the kernel does not tell."""
    libc = ctypes.CDLL(None, use_errno=True)
    whole, found = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    with path.open("rb") as file:
        if libc.syscall(CACHESTAT, file.fileno(), whole, found, 0):
            return None
    _cached, dirty, being_written, *_ = found
    return int(dirty + being_written)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One on a disk, of which the kernel tells what is written: a file that waits for the disk shows it."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells what of a file is written")
    probe = tmp_path / "probe"
    with probe.open("wb") as file:
        file.write(b"some")
        file.flush()
        before = unwritten(probe)
        os.fsync(file.fileno())
        if not before or unwritten(probe):
            pytest.skip("this kernel or file system does not tell what of a file is written")
    return tmp_path


def test_an_answer_is_on_disk_within_a_second(folder: Path) -> None:
    """Many small transactions share one wait for the disk, which comes by itself or when it is asked for."""
    journal = Journal(folder / "journal.sqlite")
    wal = folder / "journal.sqlite-wal"

    def add(number: int) -> None:
        place: dict[str, Any] = {"task": "demo", "doc_id": number, "index": 0, "repeat": 0}
        answer = Response(kind=RequestKind.generate, status=ResponseStatus.ok, text="4", **place)
        journal.commit([(str(number), answer)])

    add(0)
    assert not journal.loose and unwritten(wal) == 0
    add(1)
    assert journal.loose
    journal.sync()
    assert not journal.loose and unwritten(wal) == 0
    number = 2
    add(number)
    while journal.loose:
        number += 1
        add(number)
    assert number > 3 and unwritten(wal) == 0
    journal.close()


def test_an_answer_does_not_wait_for_the_next_to_reach_the_disk(folder: Path) -> None:
    """Answers come slowly: each is on disk before the next is there."""
    last: dict[int, int | None] = {}
    with FakeServer(latency=0.9, slots=1) as server:
        run_benchmark(
            FEW_SUMS, ARTIFACT, server, Settings(), folder=folder, limit=5, checks=False,
            progress=lambda found: last.update({found.done: unwritten(next(folder.glob("*/journal.sqlite-wal")))}),
        )  # fmt: skip
    del last[5]  # results follow, and the journal goes
    assert len(last) >= 2 and set(last.values()) == {0}, last
