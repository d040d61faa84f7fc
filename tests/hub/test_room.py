"""Room for weights: checked before pulling, made by deleting what nobody uses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.records import UserError
from evaluators.weights import pull, quantizations, resolve
from evaluators.weights.pull import SPARE, check_disk
from tests.weights.conftest import write_gguf

from .server import Hub

There = Callable[..., Any]


def gguf(tmp_path: Path, tensors: int, name: str) -> bytes:
    """Content of a GGUF file of about 272 B a tensor and its header."""
    return write_gguf(tmp_path / "x.gguf", tensors=tensors, name=name).read_bytes()


def test_least_recently_used_goes_first_and_never_one_in_use(
    hub: Hub, there: There, environment: dict[str, str], tmp_path: Path
) -> None:
    names = ["acme/one", "acme/two", "acme/three"]
    for name in names:
        hub.commit(name, {"m-Q8_0.gguf": gguf(tmp_path, 1000, name)})
    size = len(gguf(tmp_path, 1000, "acme/three"))
    one, two = (there(pull, there(resolve, name), budget=10 * size) for name in names[:2])
    notes = sorted(Path(environment["CLAIMCHECK_DATA"], "use").iterdir())
    for note in notes:
        os.utime(note, (1, 1) if "one" in note.name else (2, 2))
    script = (
        "import sys; from evaluators.weights import pull, resolve, using\n"
        "with using(pull(resolve('acme/one'))): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        for note in notes:
            os.utime(note, (1, 1) if "one" in note.name else (2, 2))
        three = there(pull, there(resolve, names[2]), budget=2 * size + size // 2)
        assert [Path(artifact.path).exists() for artifact in (one, two, three)] == [True, False, True]
        with pytest.raises(UserError, match=r"acme/two needs .* of the disk budget of .* are in use"):
            there(pull, there(resolve, names[1]), budget=size + size // 2)
        assert Path(three.path).exists()
        holder.kill()
    again = there(pull, there(resolve, names[1]), budget=2 * size + size // 2)
    assert Path(again.path).exists()
    assert [Path(artifact.path).exists() for artifact in (one, three)] == [False, True]


def test_disk_and_memory_are_checked_before_a_byte_is_fetched(hub: Hub, there: There, tmp_path: Path) -> None:
    hub.commit(
        "acme/large", {"m-Q8_0.gguf": gguf(tmp_path, 2000, "large"), "m-Q4_K_M.gguf": gguf(tmp_path, 500, "small")}
    )
    release = there(resolve, "acme/large")
    small, large = there(quantizations, release)
    with pytest.raises(UserError, match=r"needs .* of disk, .* the largest that fits is Q4_K_M"):
        there(check_disk, release, large, large.size, SPARE + small.size)
    with pytest.raises(UserError, match=r"does not fit .* no quantization fits"):
        there(pull, release, "gguf", "Q8_0", memory=1000)
    assert sum(request.sent for request in hub.sent(".gguf")) < 2 * (large.size + small.size)
    assert not [request for request in hub.sent(".gguf") if request.range is None]
