"""Ten probes that a sandbox must hold before its first use in a process."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.sandbox.box import Box, BoxLimits, Sandbox, SandboxError
from evaluators.sandbox.execute import execute_program
from evaluators.sandbox.run_program import run_program

LIMITS = BoxLimits(seconds=30, process_memory=1 << 30, processes=48)
ASKED_MEMORY = 2 << 30
"""Twice what the limit allows."""


@dataclass(frozen=True)
class ProbeResult:
    """One probe: what was tried, and what got through where something did."""

    name: str
    held: bool
    detail: str = ""


def self_test(sandbox: Sandbox) -> tuple[ProbeResult, ...]:
    """Run all probes; takes about half a second. A sandbox that cannot be started fails each of them."""
    try:
        with _targets() as (order, touched):
            box = Box(limits=LIMITS)
            order["variables"] = [*box.variables(), "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE", "container"]
            ended = execute_program(sandbox, box, ("@probes",), stdin=json.dumps(order).encode())
            try:
                report = json.loads(ended.stdout)
            except ValueError:
                errors = ended.stderr.decode("utf-8", "replace").strip().splitlines()
                raise SandboxError(errors[-1] if errors else f"no answer, exit code {ended.code}") from None
            return (*_judge(report, order, touched()), _grades(sandbox))
    except (SandboxError, OSError) as error:
        return (ProbeResult("start", False, str(error)),)


def _judge(report: dict[str, Any], order: dict[str, Any], touched: set[str]) -> Iterator[ProbeResult]:
    """The nine probes of `inside/probes.py`, and what the targets saw."""
    yield ProbeResult("reads no file of the host", report["file"] is None, str(report["file"] or ""))
    variables = report["environment"]
    yield ProbeResult("sees no variable of the host", variables == [], ", ".join(variables or [str(variables)]))
    yield ProbeResult("writes nowhere outside", not report["write"], ", ".join(report["write"] or []))
    yield ProbeResult("reaches no TCP socket", not report["tcp"] and "tcp" not in touched)
    yield ProbeResult("reaches no UDP socket", "udp" not in touched)
    unix = [name for name in ("path", "abstract") if report[name] or name in touched]
    yield ProbeResult("reaches no unix socket", not unix, ", ".join(unix))
    count = report["processes"]
    held = count is not None and 0 < count <= LIMITS.processes
    yield ProbeResult(f"starts at most {LIMITS.processes} processes", held, f"{count} started")
    yield ProbeResult("gets no more memory than allowed", report["memory"] == 0, f"{report['memory']} bytes")
    alive = [] if not report["signal"] else ["it can signal the host's processes"]
    alive += ["its process lives on"] if processes_with(order["marker"]) else []
    yield ProbeResult("leaves no process and signals none", not alive, ", ".join(alive))


def _grades(sandbox: Sandbox) -> ProbeResult:
    """A right program passes; one that ends its process with exit code 0 does not."""
    right = run_program(sandbox, "assert 1 + 1 == 2")
    forged = run_program(sandbox, "import os\nos.write(1, b'passed')\nos._exit(0)")
    detail = "a forged pass counts" if forged.passed else "" if right.passed else f"a right program: {right.why}"
    return ProbeResult("passes what is right and nothing else", right.passed and not forged.passed, detail)


@contextlib.contextmanager
def _targets() -> Iterator[tuple[dict[str, Any], Any]]:
    """A secret file and listening sockets of the host, and a function that names the sockets that were reached."""
    marker = secrets.token_hex(16)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="claimcheck-probe-")))
        folder.chmod(0o755)
        (folder / "secret").write_text(marker)
        (folder / "secret").chmod(0o644)
        opened = folder / "open"
        opened.mkdir(mode=0o777)
        opened.chmod(0o777)
        sockets = {
            "tcp": stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
            "udp": stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
            "path": stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
            "abstract": stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
        }
        addresses: dict[str, Any] = {"tcp": ("127.0.0.1", 0), "udp": ("127.0.0.1", 0), "path": str(folder / "socket")}
        # other systems have no abstract names: there it is one more path
        addresses["abstract"] = "\0" + marker if Path("/proc").is_dir() else str(folder / "second")
        for name, target in sockets.items():
            target.bind(addresses[name])
            target.setblocking(False)
            if name != "udp":
                target.listen()
        (folder / "socket").chmod(0o777)

        def touched() -> set[str]:
            reached = set()
            for name, target in sockets.items():
                with contextlib.suppress(BlockingIOError):
                    if name == "udp":
                        target.recv(16)
                    else:
                        target.accept()[0].close()
                    reached.add(name)
            return reached

        yield (
            {
                "file": str(folder / "secret"),
                "outside": [str(folder), str(opened), "/", "/usr", "/dev", "/var/tmp", str(Path.home())],
                "host": str(os.getpid()),
                "tcp": sockets["tcp"].getsockname()[1],
                "udp": sockets["udp"].getsockname()[1],
                "path": str(folder / "socket"),
                "abstract": marker,
                "processes": LIMITS.processes,
                "memory": ASKED_MEMORY,
                "marker": marker,
            },
            touched,
        )


def processes_with(marker: str) -> list[int]:
    """Processes with this word in their arguments; empty where there is no /proc."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker.encode() in (folder / "cmdline").read_bytes():
                pids.append(int(folder.name))
    return pids
