"""Grade one Python program in a box by the rules of the metric `code_eval`."""

from __future__ import annotations

import marshal
import os
import re
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from evaluators.sandbox.box import Box, BoxLimits, Sandbox, SandboxError, site_folders
from evaluators.sandbox.execute import execute_program

TIME_LIMIT = 3.0
"""Seconds that `code_eval` gives a program."""
JOIN = 1.0
"""Further seconds before a program that holds off the alarm is killed, as there."""
START_UP = 60.0
"""Seconds in which a box must have started its program; a slower one is no answer about the program."""
FRAMES_ABOVE = 12
"""Frames to add, so that programs have as much recursion left as under `code_eval` (measured, see its test)."""

PLAIN = frozenset(
    [
        *("typing", "math", "re", "string", "collections", "itertools", "functools", "heapq", "bisect", "operator"),
        *("cmath", "datetime", "decimal", "fractions", "random", "statistics", "queue", "sys", "time", "abc", "copy"),
    ]
)
"""Modules that do not load subprocess or shutil, nor hand them out."""
INDIRECT = re.compile(r"__import__|importlib|\bexec\b|\beval\b|\bmodules\b|_os\b|__builtins__|__loader__|__spec__")
"""Words of programs that may import what they do not name."""

IMPORT = re.compile(
    r"(?:^|[;:])[ \t]*(?:from[ \t]+(?P<module>[\w.]+)[ \t]+import|import[ \t]+(?P<modules>[^\n;]+))", re.M
)


@dataclass(frozen=True)
class ProgramResult:
    """How one program ended."""

    ended: Literal["passed", "failed", "timed out", "died"]
    """`died`: it ended its process, or was ended by a limit of memory or output. All but `passed` are no pass."""
    why: str = ""
    """The exception, or the limit; text of the program's making."""
    seconds: float = 0.0
    """Wall time with the start of the box."""
    program_seconds: float = 0.0
    """Wall time of the program alone, with the end of the box."""

    @property
    def passed(self) -> bool:
        """Whether it came to its end without an exception."""
        return self.ended == "passed"


def run_program(
    sandbox: Sandbox, program: str, *, seconds: float = TIME_LIMIT, limits: BoxLimits | None = None
) -> ProgramResult:
    """Run `program` (candidate and test in one text) with `seconds` of wall time of its own.

    Raises SandboxError if the box did not get as far as the program; that says nothing about the program.
    """
    imported = imported_modules(program)
    order = {
        "program": program,
        "modules": loaded_modules(imported),
        "plain": imported is not None and imported <= PLAIN and not INDIRECT.search(program),
        "depth": FRAMES_ABOVE,
    }
    return run_module(sandbox, "python_program", order, seconds=seconds, whole=seconds + JOIN, limits=limits)


def run_module(
    sandbox: Sandbox,
    module: str,
    order: Mapping[str, Any],
    *,
    seconds: float,
    whole: float,
    limits: BoxLimits | None = None,
) -> ProgramResult:
    """Run a module of `inside/` that grades what `order` holds, and read its answer.

    `seconds`: what it allows a program, or each test of one. `whole`: wall time from its `started` until it is killed.
    Raises SandboxError if it does not say `started`.
    """
    sites = site_folders()
    bounds = replace(limits or BoxLimits(), cpu_seconds=int(4 * whole) + 10, seconds=START_UP + whole)
    box = Box(readable={path: str(path) for path in sites if path.exists()}, limits=bounds, proc=False)
    share, secret = secrets.randbits(128), secrets.token_bytes(16)
    proof = f"passed {share ^ int.from_bytes(secret, 'big'):032x}".encode()
    result_in, result_out = os.pipe()
    secret_in, secret_out = os.pipe()
    os.write(secret_out, secret)
    os.close(secret_out)
    more = {
        "seconds": seconds,
        "sites": [str(path) for path in sites],
        "share": f"{share:032x}",
        "secret": secret_in,
        "result": result_out,
    }
    clock = _Clock(whole)
    try:
        ended = execute_program(
            sandbox,
            box,
            (f"@{module}",),
            stdin=marshal.dumps({**order, **more}, 2),
            descriptors=(result_out, secret_in),
            extra=result_in,
            deadline=clock,
        )
    finally:
        os.close(result_in)
    lines = ended.extra.split(b"\n")
    if b"started" not in lines:
        said = (ended.stderr + b"\n" + ended.extra).decode("utf-8", "replace").strip().splitlines()
        raise SandboxError(f"the box did not start its program ({said[-1] if said else ended.ended_by or ended.code})")
    times = (ended.seconds, max(0.0, ended.seconds - (clock.begun or 0.0)))
    if proof in lines:
        return ProgramResult("passed", "", *times)
    if ended.ended_by == "time" or b"timed out" in lines:
        return ProgramResult("timed out", "", *times)
    failed = next((line for line in reversed(lines) if line.startswith(b"failed ")), None)
    if failed is not None:
        return ProgramResult("failed", failed[7:].decode("ascii", "replace"), *times)
    return ProgramResult("died", ended.ended_by or f"exit code {ended.code}", *times)


def imported_modules(program: str) -> frozenset[str] | None:
    """Modules that the program names in imports; None if it has an import that is not on one line.

    By its text: the program is a stranger's, and Python's own parser is not made to meet such.
    """
    names: set[str] = set()
    for line in IMPORT.finditer(program):
        if line["module"]:
            names.add(line["module"])
            continue
        parts = [part.split(" as ")[0].strip() for part in line["modules"].split("#")[0].split(",")]
        if not all(re.fullmatch(r"[\w.]+", part) for part in parts):
            return None
        names.update(parts)
    return frozenset(names)


def loaded_modules(names: frozenset[str] | None) -> list[str]:
    """Those of these modules that this process has loaded.

    `code_eval` runs a program in a fork of the grading process: what that has loaded (numpy above all) can be had
    there although the functions that an import needs are taken away. So the box loads the same before it does that.
    """
    return sorted(name for name in names or () if name in sys.modules)


class _Clock:
    """When to end the box: its own start does not count against the program, whose time begins with `started`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.origin = time.monotonic()
        self.begun: float | None = None
        """Seconds from the start of the box to the start of the program."""

    def __call__(self, told: bytes) -> float:
        if self.begun is None and b"started" in told:
            self.begun = time.monotonic() - self.origin
        return START_UP if self.begun is None else self.begun + self.seconds
