"""What a box is: the view, the environment and the limits of one command, and who can make one."""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

MIB = 1 << 20
GIB = 1 << 30


class SandboxError(Exception):
    """The box itself did not work: no answer about the program in it. Never a zero of the model."""


@dataclass(frozen=True)
class BoxLimits:
    """What a command in a box may use. Sizes in bytes, times in seconds."""

    seconds: float = 30.0
    """Wall time; then everything in the box is killed."""
    cpu_seconds: int = 120
    """Processor time of one process."""
    process_memory: int = 4 * GIB
    """Address space of one process."""
    memory: int = 4 * GIB
    """Resident memory of all processes together."""
    kernel_memory: int = 256 * MIB
    """What the kernel keeps for it beside that: names of files in /tmp, sockets and what lies in them."""
    processes: int = 64
    """Processes and threads."""
    file_size: int = 64 * MIB
    """Size of one file."""
    temporary: int = 64 * MIB
    """Size of /tmp, and of /dev/shm; where these are on the disk, of the box's own folder."""
    open_files: int = 256
    """Open descriptors of one process."""
    output: int = MIB
    """Output that is read; more ends the box."""


@dataclass(frozen=True)
class Box:
    """What a command sees. Nothing of the host but system libraries, the interpreter and what is named here.

    Paths of the host map to paths in the box. The order is that of mounting: later ones hide earlier ones.
    """

    readable: Mapping[Path, str] = field(default_factory=dict)
    """Files and folders of the host that can be read: host path -> path in the box."""
    writable: Mapping[Path, str] = field(default_factory=dict)
    """Folders of the host that can be written. Under `landlock` both paths must be equal."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside PATH, HOME, TMPDIR, LANG; nothing of the caller's environment gets in."""
    folder: str = "/tmp"
    """Working folder, as the box sees it."""
    limits: BoxLimits = field(default_factory=BoxLimits)
    proc: bool = True
    """Whether there is a /proc (of the box's own processes)."""
    python: Path = field(default_factory=lambda: interpreter())
    """Python that sets the limits, and runs the program where it is one in Python."""

    def variables(self, folder: str = "/tmp") -> dict[str, str]:
        """The whole environment of the command. `folder`: home and place of temporary files."""
        path = f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin"
        return {"PATH": path, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"} | dict(self.environment)


@dataclass(frozen=True)
class Invocation:
    """How to start a command in a box: started with this argv, an **empty environment** and these descriptors."""

    argv: tuple[str, ...]
    descriptors: tuple[int, ...] = ()
    """To be inherited by the child, and closed by the caller after the start (`close`)."""
    scratch: Path | None = None
    """Folder of the host to be removed after the run."""
    information: int | None = None
    """Read end of a pipe on which bubblewrap tells the number of the box's first process; closed after the run."""
    supervised: bool = True
    """Whether the process started is one that waits for the box's first process and ends after it."""

    def close(self) -> None:
        """Close the descriptors in this process."""
        for descriptor in self.descriptors:
            os.close(descriptor)


class Sandbox(Protocol):
    """One way to make boxes."""

    kind: str
    """Short name, as in `--sandbox`."""

    def missing(self) -> str | None:
        """What it lacks on this machine in one line; None if it can be tried (the self-test then decides)."""

    def label(self) -> str:
        """Kind, version and what it isolates, in one line for tables."""

    def invocation(self, box: Box, command: tuple[str, ...], *, descriptors: tuple[int, ...] = ()) -> Invocation:
        """How to start `command` in `box`. `descriptors`: of the caller, kept open in the box under their numbers.

        A command that starts with `@` names a module in `inside/` to be run in place of a program.
        Raises SandboxError if this kind cannot make such a box.
        """


INSIDE = "/inside"
"""Where the programs of `inside/` lie in a box."""
INSIDE_HOST = Path(__file__).parent / "inside"


def interpreter() -> Path:
    """The interpreter that runs us, not its virtual environment's link to it."""
    return Path(sys.executable).resolve()


def site_folders() -> tuple[Path, ...]:
    """Folders with installed packages of our own environment: programs may import what the graders of lm-eval may."""
    import sysconfig

    return tuple(dict.fromkeys(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")))


def python_root(python: Path) -> Path:
    """Folder of an interpreter with its standard library (`/usr/bin/python3` -> `/usr`)."""
    return python.parent.parent


def system_paths() -> tuple[Path, ...]:
    """Programs and libraries of the system. Of /etc only what the loader needs: no accounts, no configuration."""
    names = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache", "/etc/alternatives")
    return tuple(path for name in names if (path := Path(name)).exists())


def below_own(path: Path) -> bool:
    """Whether a path lies where a box has a file system of its own: it must be mounted after that."""
    return any(Path(folder) in path.parents for folder in ("/tmp", "/dev/shm"))


def stage_command(box: Box, command: tuple[str, ...], inside: str = INSIDE, **more: Any) -> tuple[str, ...]:
    """`command` behind `stage.py`, which sets limits and identity within the box. `more`: see `inside/stage.py`."""
    # version 2 of the format is read by every Python 3
    order = marshal.dumps({"limits": asdict(box.limits), **more}, 2).hex()
    return (str(box.python), "-I", "-S", "-B", f"{inside}/stage.py", order, *command)
