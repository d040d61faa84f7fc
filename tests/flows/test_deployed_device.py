"""One model server at a time on a device, however many processes want it; a killed one gives it back."""

from __future__ import annotations

import selectors
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from flows.runtime.device_lock import devices_held, holder_of
tell = lambda device: print("waiting", device, "for", holder_of(device), flush=True)
with devices_held(tell, model="acme/one"):
    print("holding", flush=True)
    sys.stdin.readline()
"""


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {"CLAIMCHECK_LOCKS": str(folder), "CUDA_VISIBLE_DEVICES": "0", "PATH": "/usr/bin:/bin"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_the_second_waits_and_the_kernel_gives_the_device_back(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert said(first) == "holding"
    others = [start(tmp_path) for _ in range(2)]
    try:
        assert [said(one) for one in others] == [f"waiting gpu0 for acme/one (process {first.pid})"] * 2
        assert [one.poll() for one in others] == [None, None]
        first.kill()
        first.wait()
        with selectors.DefaultSelector() as ready:
            for process in others:
                assert process.stdout
                ready.register(process.stdout, selectors.EVENT_READ, process)
            [(key, _)] = ready.select(timeout=30)
            holder: subprocess.Popen[str] = key.data
            assert said(holder) == "holding"
            assert ready.select(timeout=0.2) == []  # the other goes on waiting
        [waiting] = [process for process in others if process is not holder]
        holder.communicate("\n", timeout=30)
        assert said(waiting) == "holding"
        waiting.communicate("\n", timeout=30)
    finally:
        for process in (first, *others):
            process.kill()
            process.communicate()
