"""A command line that puts what follows it into a box, for programs that start commands by a wrapper of their own.

    python enter.py SPECIFICATION [--bind HOST PLACE | --ro-bind HOST PLACE | --setenv NAME VALUE | --chdir PLACE]... \
COMMAND...

SPECIFICATION is the path of a JSON file, as `write_specification` makes it. The further options are bubblewrap's, in
its own words, because mini-swe-agent adds them behind its `wrapper_args`. Output goes to the caller's; the exit code is
the command's, 124 where its time was over, 125 where the box could not be made. A caller that kills this process by
SIGKILL ends the box as well.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).parents[2])

from evaluators.sandbox.box import Box, BoxLimits, Sandbox, SandboxError

OUT_OF_TIME, NO_BOX = 124, 125


def write_specification(path: Path, sandbox: Sandbox, box: Box) -> tuple[str, ...]:
    """Write the file for `enter.py`; returns the argv to be put before a command.

    For mini-swe-agent: `environment.executable` is its first word, `environment.wrapper_args` are the others.
    `box.limits.seconds` and `.output` then hold for each command.
    """
    content = asdict(box) | {
        "kind": sandbox.kind,
        "readable": {str(host): target for host, target in box.readable.items()},
        "writable": {str(host): target for host, target in box.writable.items()},
        "environment": dict(box.environment),
        "python": str(box.python),
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return (sys.executable, "-I", str(Path(__file__).resolve()), str(path))


def read_box(path: Path) -> tuple[str, Box]:
    """The kind of sandbox and the box of a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    kind = content.pop("kind")
    box = Box(
        **content
        | {
            "readable": {Path(host): target for host, target in content["readable"].items()},
            "writable": {Path(host): target for host, target in content["writable"].items()},
            "limits": BoxLimits(**content["limits"]),
            "python": Path(content["python"]),
        }
    )
    return kind, box


def apply_options(box: Box, words: list[str]) -> tuple[Box, tuple[str, ...]]:
    """The box with bubblewrap's options of `words` in it, and the command that follows them.

    Raises SandboxError for an option that is not one of these.
    """
    readable, writable, environment = dict(box.readable), dict(box.writable), dict(box.environment)
    folder = box.folder
    while words and words[0].startswith("--"):
        option, *words = words
        if option == "--":
            break
        if option in ("--bind", "--ro-bind", "--setenv") and len(words) >= 2:
            first, second, *words = words
            if option == "--setenv":
                environment[first] = second
            else:
                (writable if option == "--bind" else readable)[Path(first)] = second
        elif option == "--chdir" and words:
            folder, *words = words
        else:
            raise SandboxError(f"enter: {option} is not an option of it, or lacks its values")
    changed = replace(box, readable=readable, writable=writable, environment=environment, folder=folder)
    return changed, tuple(words)


def main(words: list[str]) -> int:
    """Run the command in the box and pass its output on."""
    from evaluators.sandbox.choose_sandbox import sandbox_of_kind
    from evaluators.sandbox.execute import execute_program

    try:
        kind, box = read_box(Path(words[0]))
        box, command = apply_options(box, words[1:])
        if not command:
            raise SandboxError("enter: no command")
        ended = execute_program(sandbox_of_kind(kind), box, command)
    except (SandboxError, OSError) as error:
        print(error, file=sys.stderr)
        return NO_BOX
    for descriptor, content in ((1, ended.stdout), (2, ended.stderr)):
        while content:
            content = content[os.write(descriptor, content) :]
    if ended.ended_by:
        print(f"ended by its limit of {ended.ended_by}", file=sys.stderr)
    return OUT_OF_TIME if ended.code is None else ended.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
