"""Boxes on macOS by Seatbelt (`sandbox-exec`). Written from its documentation and **not tested on a Mac**."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from evaluators.sandbox.box import INSIDE_HOST, Box, Invocation, SandboxError, python_root, stage_command

READABLE = ("/usr/lib", "/usr/bin", "/bin", "/usr/share", "/System/Library", "/Library/Apple", "/private/var/db/dyld")


class Seatbelt:
    """Rules of the kernel on files and network; processes and their numbers are shared."""

    kind = "seatbelt"

    def missing(self) -> str | None:
        """What it lacks here."""
        if sys.platform != "darwin":
            return "macOS only"
        return None if shutil.which("sandbox-exec") else "no sandbox-exec"

    def label(self) -> str:
        """For tables."""
        return "seatbelt (untested), no network, shared processes"

    def invocation(self, box: Box, command: tuple[str, ...], *, descriptors: tuple[int, ...] = ()) -> Invocation:
        """See `Sandbox`. Paths keep their names."""
        for host, target in (*box.readable.items(), *box.writable.items()):
            if str(host) != target:
                raise SandboxError(f"seatbelt cannot show {host} at {target}")
        folder = Path(tempfile.mkdtemp(prefix="claimcheck-box-")).resolve()
        working_folder = str(folder) if box.folder == "/tmp" else box.folder
        order = stage_command(
            box, command, str(INSIDE_HOST), environment=box.variables(str(folder)), folder=working_folder, others=1000
        )
        argv = ("/usr/bin/sandbox-exec", "-p", profile(box, folder), *order)
        return Invocation(argv, descriptors, scratch=folder, supervised=False)


def profile(box: Box, folder: Path) -> str:
    """The rules in Seatbelt's language: everything is denied but what is named. Paths are quoted as JSON strings."""
    readable = [*READABLE, str(python_root(box.python)), str(INSIDE_HOST), *map(str, box.readable)]
    writable = [str(folder), *map(str, box.writable)]
    read = " ".join(f"(subpath {json.dumps(path)})" for path in (*readable, *writable))
    write = " ".join(f"(subpath {json.dumps(path)})" for path in writable)
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork)",
        f"(allow process-exec {read})",
        "(allow signal (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
        f'(allow file-read* (literal "/") (literal "/dev/null") (literal "/dev/urandom") {read})',
        f'(allow file-write* (literal "/dev/null") {write})',
    ]
    return "\n".join(lines)
