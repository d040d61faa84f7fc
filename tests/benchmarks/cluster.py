"""Three Prefect workers, PostgreSQL and an S3 store: kill them at random moments, and count what is lost or paid twice.

    python -m tests.benchmarks.cluster [--releases 30] [--workers 3] [--kills 12] [--server-kills 2] [--seed 0]

The last of the releases is queued by hand and sharded over two model servers.

Needs PostgreSQL, and the packages that `make cluster` installs. Each worker has a home folder of its own, as on a
machine of its own; what they share goes through the store. Small releases, each with one claim, are queued by `weekly`
and verified against a scripted model server that writes down every request. Prints a row for each kill and the sums;
the table must be that of the same verifications run alone, one after another, in one home.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil

from tests.benchmarks.cluster_parts import model_server, object_store, postgres, small_release
from tests.flows.prefect_server import ROOT, Prefect, kill_all, prefect_server

PATIENCE = 45
"""Seconds of silence after which a run counts as lost: its process beats every 30."""
UNSHARED = 3.0
"""Seconds before a kill in which answers may have come that were not yet in the store, which is told every second."""
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")
WAYS = ("worker and all that it started", "worker alone", "flow run alone")
CODE = """
import sys
from pathlib import Path
from flows.options import VerifyOptions
from flows.verify import verify_release
options = VerifyOptions(backend='attached', url=sys.argv[2], benchmarks=('demo_sums',))
for one in sys.argv[3:]:
    verify_release.fn(one, Path(sys.argv[1]), options)
"""


class Cluster:
    """The workers of a Prefect server, each with a home of its own."""

    def __init__(self, prefect: Prefect, root: Path, workers: int) -> None:
        self.prefect, self.root = prefect, root
        self.workers = {f"machine-{number}": self.start(f"machine-{number}") for number in range(workers)}

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """A worker on what counts as a machine."""
        place = self.root / name
        place.mkdir(exist_ok=True)
        own = {"CLAIMCHECK_HOME": str(place / "home"), "CLAIMCHECK_LOCKS": str(place / "locks")}
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "claimcheck", "--limit", "1"]
        with (place / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--name", name], cwd=ROOT, env=self.prefect.environment | own, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def under_way(self, name: str) -> list[psutil.Process]:
        """What the worker of a machine has started."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.workers[name].pid).children()
        return []

    def kill(self, name: str, way: str) -> None:
        """Kill on a machine, and start a worker there again."""
        worker = self.workers[name]
        if way == WAYS[2]:
            for process in self.under_way(name):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            return
        if way == WAYS[1]:
            worker.kill()
            worker.wait()
        else:
            kill_all(worker)
        self.workers[name] = self.start(name)

    def start_ended(self) -> None:
        """Start workers again that ended by themselves, as a system's service manager does."""
        for name, worker in self.workers.items():
            if worker.poll() is not None:
                self.workers[name] = self.start(name)

    def end(self) -> None:
        """End all workers."""
        for worker in self.workers.values():
            kill_all(worker)


def rows_told(environment: Mapping[str, str], *question: str) -> list[dict[str, Any]]:
    """The rows that a command gives for a home."""
    command = [sys.executable, "-c", "from flows.cli import main; main()", *question, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, cwd=ROOT)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def table(environment: Mapping[str, str]) -> list[tuple[str, ...]]:
    """What the verdicts of a home say."""
    names = ("claim_id", "outcome", "measured", "items", "flagged", "stopped_early")
    return sorted(tuple(str(row[name]) for name in names) for row in rows_told(environment, "table"))


def start_alone(
    releases: Sequence[Path], home: Path, url: str, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """The same verifications, one after another in one home."""
    with (home.parent / "alone.log").open("wb") as log:
        command = [sys.executable, "-c", CODE, str(home), url, *map(str, releases)]
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)


def requests(log: Path) -> dict[str, list[float]]:
    """When each request came, by the digest of its body."""
    found = defaultdict(list)
    for line in log.read_text().splitlines():
        when, key = line.split()
        found[key].append(float(when))
    return found


def history(prefect: Prefect, run: str) -> list[tuple[str, str]]:
    """(time, name) of the states of a run."""
    states = prefect.api("GET", f"/flow_run_states/?flow_run_id={run}")
    return sorted((state["timestamp"], state["name"]) for state in states)


def overtaken(histories: Mapping[str, list[tuple[str, str]]]) -> list[int]:
    """For each time that a run was scheduled again: how many others were begun for the first time before it was."""
    begun = {}
    for run, states in histories.items():
        if started := next((when for when, name in states if name == "Running"), None):
            begun[run] = started
    found = []
    for run, states in histories.items():
        for place, (when, name) in enumerate(states):
            if name == "AwaitingRetry" and (place == 0 or states[place - 1][1] != "AwaitingRetry"):
                again = next((later for later, name in states[place:] if name in ("Running", "Retrying")), "9")
                found.append(sum(when < moment < again for other, moment in begun.items() if other != run))
    return found


def carry_out(cluster: Cluster, given: argparse.Namespace, began: float) -> list[tuple[float, str, str]]:
    """Kill at random moments until all runs have ended; returns when, where and how."""
    kills: list[tuple[float, str, str]] = []
    chance, prefect = Random(given.seed), cluster.prefect
    waves = [chance.choice(WAYS) for _ in range(given.kills)] + ["Prefect server"] * given.server_kills
    chance.shuffle(waves)
    planned, runs = False, list[dict[str, Any]]()
    next_kill, until = began, began + 60 * given.minutes
    while time.monotonic() < until:
        time.sleep(1)
        cluster.start_ended()
        with suppress(httpx.TransportError):
            reports = [run for run in prefect.runs("weekly/monday") if run["name"].startswith("report of")]
            runs = reports and prefect.runs("verify/manual") + reports
            if reports and all(run["state"]["type"] in ENDED for run in runs):
                break
        if not planned:  # what is queued by hand and lost before it begins is known to nobody
            planned = bool(runs)
            next_kill = time.monotonic() + chance.uniform(5, 30)
        if not waves or not planned or time.monotonic() < next_kill:
            continue
        name = chance.choice(sorted(cluster.workers))
        if waves[-1] != "Prefect server" and not cluster.under_way(name):
            continue
        way = waves.pop()
        kills.append((time.time(), name, way))
        print(f"{time.monotonic() - began:6.0f} s  {'' if way == 'Prefect server' else name}: {way}", flush=True)
        if way == "Prefect server":
            prefect.kill_server(chance.uniform(0, 20))
        else:
            cluster.kill(name, way)
        next_kill = time.monotonic() + chance.uniform(10, 50)
    return kills


def main() -> None:
    """Print the rows and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--releases", type=int, default=30)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--server-kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=90, help="give up after so many")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds that the model server takes")
    parser.add_argument("--folder", type=Path, help="where everything is kept; without it nothing is")
    given = parser.parse_args()
    with ExitStack() as parts:
        root = given.folder or Path(parts.enter_context(tempfile.TemporaryDirectory()))
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)  # PostgreSQL has a user of its own
        releases = [small_release(root / "releases", number) for number in range(given.releases)]
        url = parts.enter_context(model_server(root / "requests", given.latency))
        second = parts.enter_context(model_server(root / "requests", given.latency))
        quiet = parts.enter_context(model_server(root / "requests-alone", given.latency))
        single = {
            **os.environ, "CLAIMCHECK_HOME": str(root / "alone"), "CLAIMCHECK_LOCKS": str(root / "locks"),
            "PREFECT_API_URL": "", "HF_HUB_OFFLINE": "1",
        }  # fmt: skip
        alone = start_alone(releases, root / "alone", quiet, single)
        parts.callback(alone.kill)
        database = parts.enter_context(postgres(root / "postgres"))
        store = parts.enter_context(object_store(root))
        extra = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database, "HF_HUB_OFFLINE": "1"} | store
        prefect = parts.enter_context(prefect_server(root / "prefect", root / "logs", extra))
        for pool in ("claimcheck", "claimcheck-load"):
            prefect.api("POST", "/work_pools/", {"name": pool, "type": "process"})
        prefect.prefect("deploy", "--prefect-file", "deploy/prefect.yaml", "--all")
        prefect.tool(sys.executable, "deploy/automations.py", "--patience", str(PATIENCE), "--start-patience", "90")
        began = time.monotonic()
        asked: dict[str, Any] = {"backend": "attached", "benchmarks": ["demo_sums"]}
        *weekly, sharded = map(str, releases)
        prefect.queue("weekly/monday", releases=weekly, queue="verify/manual", url=url, hours=1000, **asked)
        prefect.queue("verify/manual", model=sharded, url=[url, second], **asked)
        cluster = Cluster(prefect, root, given.workers)
        parts.callback(cluster.end)
        kills = carry_out(cluster, given, began)
        minutes = (time.monotonic() - began) / 60
        cluster.end()
        assert alone.wait(600) == 0, (root / "alone.log").read_text()
        report(root, prefect, kills, minutes, single)


def report(
    root: Path, prefect: Prefect, kills: list[tuple[float, str, str]], minutes: float, single: Mapping[str, str]
) -> None:
    """Print what came of it."""
    runs = prefect.runs("verify/manual")
    for run in runs:
        state = run["state"]
        if state["type"] != "COMPLETED":
            print(f"{run['parameters']['model']}: {state['name']} after {run['run_count']} tries: {state['message']}")
    again = overtaken({run["id"]: history(prefect, run["id"]) for run in runs})
    print(f"{len(again)} times a run went on; begun before it meanwhile: {sum(again)} others")
    reader = {**prefect.environment, "CLAIMCHECK_HOME": str(root / "reader")}
    share = [sys.executable, "-c", "from flows.cli import main; main()", "share", "--runs"]
    subprocess.run(share, env=reader, check=True, cwd=ROOT)
    found, expected = table(reader), table(single)
    for row in sorted(set(found) ^ set(expected)):
        print("  found   " if row in found else "  expected", *row)
    arrived, once = requests(root / "requests"), requests(root / "requests-alone")
    late = other = 0
    for times in arrived.values():
        for earlier in times[:-1]:
            near = any(0 <= when - earlier <= UNSHARED for when, _, way in kills if way != "Prefect server")
            late, other = late + near, other + (not near)
    verdicts = {place: len(list((root / place / "verdicts").glob("*.json"))) for place in ("reader", "alone")}
    distinct = rows_told(reader, "query", "select count(*) as verdicts from distinct_verdicts")[0]["verdicts"]
    pages = prefect.api("POST", "/artifacts/filter", {"artifacts": {"key": {"any_": ["weekly"]}}})
    stopped = len(set(once) - set(arrived))
    print(
        f"{len(runs)} verifications, {len(kills)} kills, {minutes:.0f} minutes: "
        f"{sum(run['state']['type'] != 'COMPLETED' for run in runs)} not completed; {len(arrived)} requests "
        f"({len(once)} alone), {stopped} that only the runs alone asked as they stopped, "
        f"{late} of the last {UNSHARED:.0f} s before a kill sent again, {other} others paid twice; "
        f"verdicts {distinct} ({verdicts['alone']} alone), in {verdicts['reader']} files; "
        f"table {'equal' if found == expected else 'DIFFERS'}; {len(pages)} reports of the week"
    )


if __name__ == "__main__":
    main()
