"""What a large home costs: loading it, loading it again, and every reading command, in CPU seconds.

    python -m tests.benchmarks.scale [--items 10000000] [--claims 10000] [--runs 2000] [--home FOLDER]

The home is written by the product's own writers, loaded into its database, and asked by its own commands, each in a
process of its own. CPU seconds are those of the process (all its threads); the peer of the SQL is DuckDB reading the
runs' Parquet files without any warehouse. `--home` keeps the folder, and takes one that was kept.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.large_home import add_sizes, write_large_home

ROOT = Path(__file__).parents[2]
LOAD = "import sys; from pathlib import Path; from warehouse.home import Home; from warehouse.load import load_home; "
LOAD += "print(load_home(Home(Path(sys.argv[1]))))"
COSTS = "import sys; from pathlib import Path; from warehouse.home import Home; "
COSTS += "from warehouse.queries.verification import costs; print(costs(Home(Path(sys.argv[1])), *sys.argv[2:]))"
AGGREGATES = (
    "select task, avg(value) from item_scores group by task",
    "select run_id, avg(value) from item_scores group by run_id",
    "select status, count(*) from item_scores group by status",
    "select r.model, avg(value) from item_scores join runs r using (run_id) group by r.model",
    # the same means: what is joined are 2,000 runs instead of 10M scores
    "select r.model, sum(s.total) / sum(s.scores) from (select run_id, sum(value) as total, count(value) as scores "
    "from item_scores group by run_id) s join runs r using (run_id) group by r.model",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_sizes(parser)
    parser.add_argument("--home", type=Path, help="write it here and keep it, or take what is here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = given.home or Path(folder) / "home"
        if not (root / "runs").exists():
            write_large_home(
                root, items=given.items, claims=given.claims, runs=given.runs, answered=given.answered,
                folders=given.folders,
            )  # fmt: skip
        measure(root, given.items)


def measure(root: Path, items: int) -> None:
    """Load the home and ask everything."""
    environment = {**os.environ, "CLAIMCHECK_HOME": str(root), "HF_ENDPOINT": "http://127.0.0.1:9"}
    python, program = [sys.executable, "-c"], [sys.executable, "-c", "from flows.cli import main; main()"]
    model = "vendor-0/model-00000"
    first = cost([*python, LOAD, str(root)], environment)
    size = (root / ".warehouse" / "working.duckdb").stat().st_size
    print(f"load: {first.told}; {items / first.wall:,.0f} item scores/s wall, database {size / 1e6:,.0f} MB")
    bare = cost([*python, "import duckdb; print(duckdb.__version__)"], environment)
    print(f"{'python with duckdb imported':58} {bare.told}")
    for name, command in (
        ("load again, nothing new", [*python, LOAD, str(root)]),
        ("costs of one release", [*python, COSTS, str(root), model, "llama.cpp"]),
        ("table", [*program, "table"]),
        ("table --json", [*program, "table", "--json"]),
        ("table MODEL", [*program, "table", model]),
        ("show CLAIM", [*program, "show", _some_claim(root)]),
        ("claims list", [*program, "claims", "list"]),
        ("claims conflicts", [*program, "claims", "conflicts"]),
        ("weekly --dry-run", [*program, "weekly", "--dry-run", "--hours", "1e9"]),
    ):
        print(f"{name:58} {cost(command, environment).told}", flush=True)
    for sql in AGGREGATES:
        print(f"{sql if len(sql) < 58 else sql[:55] + '...':58} {_in_sql(root, sql)}", flush=True)


class Cost:
    """Of one process."""

    def __init__(self, wall: float, cpu: float, memory: int, text: str) -> None:
        self.wall, self.cpu, self.memory, self.text = wall, cpu, memory, text

    @property
    def told(self) -> str:
        return f"{self.cpu:6.2f} CPU s, {self.wall:6.2f} s, {self.memory / 1e3:,.0f} MB"


def cost(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run a program that must succeed; its output goes into a pipe that is read whole."""
    watched = [sys.executable, "-c", WATCH, *command]
    done = subprocess.run(watched, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    wall, cpu, memory = json.loads(done.stderr.splitlines()[-1])
    return Cost(wall, cpu, memory, done.stdout)


WATCH = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss]), file=sys.stderr)
sys.exit(code)
"""


def _some_claim(root: Path) -> str:
    first = next((root / "claims").glob("*.jsonl"))
    with first.open() as file:
        return str(json.loads(file.readline())["claim_id"])


def _in_sql(root: Path, sql: str) -> str:
    """Best of five in one connection, in the warehouse and over the Parquet files."""
    import duckdb

    from warehouse.home import Home
    from warehouse.store import reading

    files = str(root / "runs" / "*" / "items.parquet")

    def best(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[float, float]:
        found = []
        for _ in range(5):
            before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            connection.execute(statement).fetchall()
            after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - began
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found.append((cpu, wall))
        return min(found)

    with reading(Home(root)) as connection:
        cpu, wall = best(connection, sql)
    if "join" in sql:
        return f"{cpu * 1e3:6.0f} ms CPU, {wall * 1e3:.0f} ms"
    peer, _ = best(duckdb.connect(), sql.replace("item_scores", f"read_parquet('{files}')"))
    return f"{cpu * 1e3:6.0f} ms CPU, {wall * 1e3:.0f} ms (over the Parquet files {peer * 1e3:.0f} ms CPU)"


if __name__ == "__main__":
    main()
