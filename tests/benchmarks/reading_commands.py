"""How long reading commands take, as a ratio to `python -c pass` in the same run.

    python tests/benchmarks/reading_commands.py [--runs 15]

Prints for each command the median wall seconds and the ratio of medians; runs alternate, so that a busy machine
slows both alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (
    ("table",),
    ("table", "--json"),
    ("query", "select outcome, count(*) from claims_vs_measured group by all"),
    ("--help",),
)


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall seconds of one run of a command that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--home", type=Path, help="home folder to ask; without it an empty one")
    given = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        environment["CLAIMCHECK_HOME"] = str(given.home or folder)
        program = str(Path(sys.executable).with_name("claimcheck"))
        for command in COMMANDS:
            seconds([program, *command], environment)
            pairs = [
                (seconds([program, *command], environment), seconds([sys.executable, "-c", "pass"], environment))
                for _ in range(given.runs)
            ]
            ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"{' '.join(command)[:40]:40}  {ours:.3f} s  python -c pass {bare:.3f} s  ratio {ours / bare:.1f}")


if __name__ == "__main__":
    main()
