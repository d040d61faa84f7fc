"""Plays the `docker` program where no engine runs: `run`, `exec`, `pull`, `image inspect`, `info`.

    python docker_stand_in.py FOLDER BWRAP COMMAND ...

A container is a folder of `FOLDER/containers` with `testbed`, a copy of its image's (`FOLDER/images/<name>`); commands
run in bubblewrap, where it stands at `/testbed`. `pull` copies `FOLDER/registry/<name>`. Calls are lines of
`FOLDER/calls.jsonl`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

NAMED = ("--name", "-w", "-e", "--pids-limit", "--format")
"""Options with a value."""
OWN = ("testbed", "in", "proc", "dev", "tmp")
"""Folders at the top that are the container's own."""


def lay_docker(folder: Path, bwrap: str) -> Path:
    """A program `docker` that is this file; its folder goes to the front of PATH."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "docker"
    words = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(folder.resolve()), bwrap]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    return program


def main(folder: Path, bwrap: str, words: list[str]) -> int:
    """Carry out one command."""
    with (folder / "calls.jsonl").open("a") as file:
        file.write(json.dumps(words) + "\n")
    command, rest = words[0], words[1:]
    options: dict[str, str] = {}
    while rest and rest[0].startswith("-"):
        name = rest.pop(0)
        options[name] = rest.pop(0) if name in NAMED else ""
    if command == "info":
        print("28.0", folder)
    if command == "image":
        return 0 if (folder / "images" / plain(rest[-1])).exists() else 1
    if command == "pull":
        source = folder / "registry" / plain(rest[0])
        if not source.exists():
            print(f"pull access denied for {rest[0]}")
            return 1
        shutil.copytree(source, folder / "images" / plain(rest[0]), symlinks=True, dirs_exist_ok=True)
    if command == "run":
        if not (folder / "images" / plain(rest[0])).exists():
            return 125
        name = uuid.uuid4().hex
        shutil.copytree(folder / "images" / plain(rest[0]), folder / "containers" / name / "testbed", symlinks=True)
        (folder / "containers" / name / "in").mkdir()
        if "-d" not in options:
            return inside(folder / "containers" / name, bwrap, "/", rest[1:])
        print(name)
    if command == "exec":
        return inside(folder / "containers" / rest[0], bwrap, options.get("-w", "/"), rest[1:])
    return 0


def plain(name: str) -> str:
    """An image's name as that of a folder."""
    return name.replace("/", "_").replace(":", "_")


def inside(place: Path, bwrap: str, cwd: str, command: list[str]) -> int:
    """Run a command in the container."""
    shown = [word for one in Path("/").iterdir() if one.name not in OWN for word in ("--ro-bind", str(one), str(one))]
    own = ["--bind", f"{place}/testbed", "/testbed", "--bind", f"{place}/in", "/in", "--tmpfs", "/tmp"]
    view = ["--unshare-all", "--die-with-parent", *shown, "--proc", "/proc", "--dev", "/dev", *own, "--chdir", cwd]
    environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", "GIT_CONFIG_COUNT": "1",
                   "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}  # fmt: skip
    return subprocess.run([bwrap, *view, "--", *command], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
