"""Try to get out of a box, and say in JSON on standard output what was reached.

Standard input: {"file", "outside", "variables", "tcp", "udp", "path", "abstract", "processes", "memory", "marker"}.
"""

import contextlib
import json
import os
import socket
import sys
from typing import Any


def read_file(order: dict[str, Any]) -> str:
    with open(order["file"]) as file:
        return file.read()


def write_outside(order: dict[str, Any]) -> list[str]:
    reached = []
    for folder in order["outside"]:
        with contextlib.suppress(OSError):
            path = os.path.join(folder, "written-by-a-box")
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            reached.append(folder)
            os.unlink(path)
    return reached


def read_environments(order: dict[str, Any]) -> list[str]:
    """Names of variables that the box should not have, here or in any process that can be looked into."""
    texts = [b"\0".join(name.encode() + b"=" for name in os.environ)]
    listed = [order["host"]]
    with contextlib.suppress(OSError):
        listed += os.listdir("/proc")
    for name in listed:
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
            texts.append(file.read())
    names = {entry.split(b"=")[0].decode("utf-8", "replace") for text in texts for entry in text.split(b"\0") if entry}
    return sorted(names - set(order["variables"]))


def reach(family: int, kind: int, address: Any) -> bool:
    with socket.socket(family, kind) as connection:
        connection.settimeout(1)
        connection.connect(address)
        connection.send(b"probe")
    return True


def start_processes(order: dict[str, Any]) -> int:
    """How many children could be started, up to a third more than allowed."""
    started = []
    try:
        for _ in range(order["processes"] + order["processes"] // 3):
            pid = os.fork()
            if pid == 0:
                import signal

                signal.pause()
            started.append(pid)
    except OSError:
        pass
    for pid in started:
        os.kill(pid, 9)
    for pid in started:
        os.waitpid(pid, 0)
    return len(started)


def take_memory(order: dict[str, Any]) -> int:
    try:
        return len(bytearray(order["memory"]))
    except MemoryError:
        return 0


def signal_host(order: dict[str, Any]) -> bool:
    os.kill(int(order["host"]), 0)
    with open(f"/proc/{order['host']}/cmdline", "rb") as file:
        return order["marker"].encode() not in file.read()


def stay_behind(order: dict[str, Any]) -> None:
    """Leave a process that is nobody's child, in its own session, deaf to SIGTERM, with a marker in its arguments."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
            null = os.open("/dev/null", os.O_RDWR)
            for number in range(3):
                os.dup2(null, number)
            os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code, order["marker"]])
        os._exit(0)


def main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    tries: dict[str, Any] = {
        "file": lambda: read_file(order),
        "environment": lambda: read_environments(order),
        "write": lambda: write_outside(order),
        "tcp": lambda: reach(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", order["tcp"])),
        "udp": lambda: reach(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", order["udp"])),
        "path": lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, order["path"]),
        "abstract": lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + order["abstract"]),
        "processes": lambda: start_processes(order),
        "memory": lambda: take_memory(order),
        "signal": lambda: signal_host(order),
        "stay": lambda: stay_behind(order),
    }
    report: dict[str, Any] = {}
    for name, attempt in tries.items():
        try:
            report[name] = attempt()
        except Exception as error:
            report[name] = None
            report[name + "_error"] = type(error).__name__
    print(json.dumps(report), flush=True)
