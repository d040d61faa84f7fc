"""Grade programs with `code_eval`'s own way of running them, within one box."""

import json
from collections.abc import Sequence
from pathlib import Path

from evaluators.sandbox.box import Box, BoxLimits, Sandbox, site_folders
from evaluators.sandbox.execute import execute_program

PEER = Path(__file__).parent / "peer.py"
LIMITS = BoxLimits(
    seconds=1800, cpu_seconds=3600, processes=256, open_files=2048, process_memory=8 << 30, memory=16 << 30,
    output=64 << 20,
)  # fmt: skip


def grade_with_peer(sandbox: Sandbox, programs: Sequence[str], workers: int, seconds: float = 3.0) -> list[dict]:
    """[{"passed", "result"}] of the programs, in order. Those that run out of time are run again alone, as ours are:
    three seconds on a busy machine say little about a program."""
    found = _grade(sandbox, programs, workers, seconds)
    late = [place for place, one in enumerate(found) if one["result"] == "timed out"]
    if workers > 1 and late:
        again = _grade(sandbox, [programs[place] for place in late], 1, seconds)
        for place, one in zip(late, again, strict=True):
            found[place] = one
    return found


def _grade(sandbox: Sandbox, programs: Sequence[str], workers: int, seconds: float) -> list[dict]:
    sites = site_folders()
    box = Box(
        readable={path: str(path) for path in (*sites, PEER)},
        environment={"PYTHONPATH": ":".join(str(path) for path in sites)},
        limits=LIMITS,
    )
    order = {"programs": list(programs), "workers": workers, "seconds": seconds}
    command = (str(box.python), "-S", "-B", str(PEER))
    ended = execute_program(sandbox, box, command, stdin=json.dumps(order).encode())
    assert ended.code == 0, (ended.ended_by, ended.stderr[-2000:])
    return json.loads(ended.stdout)
