"""The last step before a command in a box: identity, limits and, where the box has no other way, Landlock and seccomp.

Run as `python -I -S -B stage.py ORDER COMMAND...`; ORDER is a mapping, by `marshal` in hex: `limits` (fields of
BoxLimits), and as needed `uid`, `environment` (replaces it), `folder` (working folder), `others` (processes the user
has already), `landlock` (see `confine`), `seccomp` (filter, base64). A command `@name` runs `main()` of the module
`name` beside this file in this same interpreter, which saves starting a second one. Standard library only: it runs
under whatever Python is in the box. It starts for every program that is graded, so it imports what is built in: json
and typing would double its time.
"""

from __future__ import annotations

import marshal
import os
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ALL_FILE_RIGHTS, ALL_NET_RIGHTS, ALL_SCOPES = (1 << 16) - 1, 3, 3
"""Landlock ABI 6: 16 rights on files, TCP bind and connect, abstract unix sockets and signals."""
READ_RIGHTS, FILE_ONLY_RIGHTS = 0b1101, 0b1100000000000111
"""Execute, read files, read folders; and the rights that a rule on a single file may have."""
SIGNALS = 1024
"""Signals that wait, and timers, which the kernel counts by user."""


def set_limits(limits: dict[str, Any], others: int = 0) -> None:
    """Set the limits of one process and those that it starts. They cannot be raised again."""
    values = {
        "RLIMIT_AS": limits["process_memory"],
        "RLIMIT_CPU": limits["cpu_seconds"],
        "RLIMIT_FSIZE": limits["file_size"],
        "RLIMIT_NPROC": limits["processes"] + others,
        "RLIMIT_NOFILE": limits["open_files"],
        # a handler of crashes that is a program runs outside and as root, for every limit but 1
        "RLIMIT_CORE": 1,
        "RLIMIT_SIGPENDING": SIGNALS,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_RTPRIO": 0,
    }
    for name, value in values.items():
        if hasattr(resource, name):
            limit = getattr(resource, name)
            hard = resource.getrlimit(limit)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (value, value))


def become(uid: int) -> None:
    """Give up root for good. Leaves no capability: the move from 0 to another uid clears them."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def confine(order: dict[str, Any]) -> None:
    """Landlock (`landlock`: {"read": [paths], "write": [paths]}) and seccomp, for boxes without namespaces."""
    import base64
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(*arguments: Any) -> int:
        result = libc.syscall(
            *(ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments)
        )
        if result < 0:
            raise OSError(ctypes.get_errno(), f"system call {arguments[0]}: {os.strerror(ctypes.get_errno())}")
        return int(result)

    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "landlock" in order:
        attributes = b"".join(value.to_bytes(8, "little") for value in (ALL_FILE_RIGHTS, ALL_NET_RIGHTS, ALL_SCOPES))
        ruleset = call(CREATE_RULESET, ctypes.c_char_p(attributes), len(attributes), 0)
        for kind, rights in (("read", READ_RIGHTS), ("device", READ_RIGHTS | 2), ("write", ALL_FILE_RIGHTS)):
            for path in order["landlock"].get(kind, ()):
                descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
                allowed = rights if os.path.isdir(path) else rights & FILE_ONLY_RIGHTS
                rule = allowed.to_bytes(8, "little") + descriptor.to_bytes(4, "little")
                call(ADD_RULE, ruleset, 1, ctypes.c_char_p(rule), 0)
                os.close(descriptor)
        call(RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)
    if "seccomp" in order:
        code = base64.b64decode(order["seccomp"])
        buffer = ctypes.create_string_buffer(code, len(code))

        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

        program = Program(len(code) // 8, ctypes.addressof(buffer))
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp filter was not taken")


def main() -> None:
    order, command = marshal.loads(bytes.fromhex(sys.argv[1])), sys.argv[2:]
    if "environment" in order:
        os.environ.clear()
        os.environ.update(order["environment"])
    if "folder" in order:
        os.chdir(order["folder"])
    if "uid" in order:
        become(order["uid"])
    if "landlock" in order or "seccomp" in order:
        confine(order)
    set_limits(order["limits"], order.get("others", 0))
    if command[0].startswith("@"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        sys.argv[:] = command
        __import__(command[0][1:]).main()
        return
    try:
        os.execvpe(command[0], command, os.environ)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    main()
