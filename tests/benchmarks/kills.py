"""Kill a verification, or the server it asks, at random moments, go on, and count what was lost and paid twice.

    python -m tests.benchmarks.kills [--kills 50] [--seed 0] [--minutes 20]

The demo's release is verified against a scripted server in a process of its own, which writes down every request. A
verification is killed again and again until one try comes to its end; then its verdicts must be those of a verification
that nobody disturbed. Prints a row for each kill and the sums.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tests.flows.conftest import copy_of_demo

WAYS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGINT twice", "SIGKILL to the group", "SIGSTOP",
        "server SIGKILL")  # fmt: skip
PROBED = 16
"""Tokens asked for where a server is recognised, anew for each start."""


def serve(port: int, log: Path) -> None:
    """Right answers to sums, each after two milliseconds; every request for an item is a line of `log`."""
    from tests.harness import scripted_server
    from tests.harness.scripted_server import ScriptedServer, generated

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        asked = re.findall(r"What is ([0-9+-]+)\?", str(body.get("prompt") or body.get("messages")))
        if asked and body.get("max_tokens") != PROBED:
            key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
            with log.open("a") as file:
                file.write(key + "\n")
        time.sleep(0.002)
        return generated(f" #### {sum(map(int, re.findall('[+-]?[0-9]+', asked[-1])))}" if asked else " 19")

    scripted_server._Listening.allow_reuse_address = True
    address = scripted_server._Listening.server_bind
    scripted_server._Listening.server_bind = lambda self: (  # type: ignore[method-assign]
        setattr(self, "server_address", ("127.0.0.1", port)), address(self)
    )[1]  # fmt: skip
    with ScriptedServer({"/v1/completions": answer}):
        signal.pause()


class Trial:
    """A folder with a server, whose requests are counted, and a home folder."""

    def __init__(self, root: Path, release: Path) -> None:
        self.root, self.release = root, release
        root.mkdir(parents=True)
        self.log = root / "requests"
        self.log.touch()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environment: Mapping[str, str] = {
            **os.environ, "CLAIMCHECK_HOME": str(root / "home"), "CLAIMCHECK_LOCKS": str(root / "locks"),
            "PREFECT_HOME": str(root / "prefect"), "PREFECT_API_URL": "", "HF_HUB_OFFLINE": "1",
        }  # fmt: skip
        self.server = self._serve()

    def _serve(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.benchmarks.kills", "--serve", str(self.port), str(self.log)]
        started = subprocess.Popen(command)
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            time.sleep(0.05)
        return started

    def verify(self) -> subprocess.Popen[bytes]:
        """Start the command, in a session of its own."""
        command = [sys.executable, "-c", "from flows.cli import main; main()", "verify", str(self.release)]
        command += [
            "--backend",
            "attached",
            "--url",
            f"http://127.0.0.1:{self.port}",
            "--full",
            "--benchmark",
            "demo_sums",
        ]
        with (self.root / "told").open("ab") as told:
            return subprocess.Popen(command, env=self.environment, stdout=told, stderr=told, start_new_session=True)

    def kill(self, command: subprocess.Popen[bytes], way: str, whole: float) -> None:
        """Do it, and wait until the command is gone; raises TimeoutExpired for a command that hangs. `whole`: seconds
        that one takes which nobody disturbs: after some ways it is to come to its own end."""
        if way == "server SIGKILL":
            self.server.kill()
            self.server.wait()
            self.server = self._serve()
            command.wait(120 + 5 * whole)
            return
        if way == "SIGSTOP":
            command.send_signal(signal.SIGSTOP)
            time.sleep(1)
            command.send_signal(signal.SIGCONT)
            command.wait(120 + 5 * whole)
            return
        name = way.split()[0]
        if way.endswith("group"):
            os.killpg(command.pid, signal.SIGKILL)
        else:
            command.send_signal(getattr(signal, name))
            if way.endswith("twice"):
                time.sleep(0.2)
                command.send_signal(signal.SIGINT)
        command.wait(60)

    def left(self) -> list[str]:
        """Processes of the command that are still there."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CLAIMCHECK_HOME") == str(self.root / "home"):
                    found.append(" ".join(process.cmdline())[:80])
            except psutil.Error:
                continue
        return found

    def asked(self) -> Counter[str]:
        """How often each request arrived."""
        return Counter(self.log.read_text().split())

    def table(self) -> list[tuple[Any, ...]]:
        """What the verdicts say."""
        command = [sys.executable, "-c", "from flows.cli import main; main()", "table", "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=True)
        names = ("claim_id", "outcome", "measured", "items", "flagged", "stopped_early")
        return sorted(tuple(map(str, (row[name] for name in names))) for row in json.loads(done.stdout))

    def close(self) -> None:
        """End the server."""
        self.server.kill()
        self.server.wait()


def main() -> None:
    """Print the rows and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no kill after so many")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(int(given.serve[0]), Path(given.serve[1]))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that they are ignored
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    chance, until = Random(given.seed), time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        root = Path(folder)
        release = copy_of_demo(root / "release", keep=r"0-shot, strict")
        quiet = Trial(root / "quiet", release)
        servers.callback(quiet.close)
        began = time.monotonic()
        assert quiet.verify().wait() == 0, (root / "quiet" / "told").read_text()
        whole, expected, once = time.monotonic() - began, quiet.table(), quiet.asked()
        quiet.close()
        twice_alone = sum(once.values()) - len(once)
        print(f"undisturbed: {whole:.1f} s, {len(once):,} requests, {twice_alone} of them asked twice")
        done = trials = again = lost = left = hung = different = 0
        while done < given.kills and time.monotonic() < until:
            trials += 1
            trial = Trial(root / f"trial-{trials}", release)
            servers.callback(trial.close)
            code: int | None = None
            kills = 0
            while code not in (0, 1):
                command, moment = trial.verify(), chance.uniform(0.1, 1.0) * whole
                way = chance.choice(WAYS)
                try:
                    code = command.wait(moment if done < given.kills and time.monotonic() < until else 300 + 5 * whole)
                    continue
                except subprocess.TimeoutExpired:
                    done, kills = done + 1, kills + 1
                try:
                    trial.kill(command, way, whole)
                except subprocess.TimeoutExpired:
                    hung += 1
                    command.kill()
                code = command.wait()
                remains = trial.left()
                left += len(remains)
                print(
                    f"{done:4} {way:22} after {moment:5.1f} s: exit code {code}; left: {remains or 'none'}", flush=True
                )
            counts = trial.asked()
            resent = sum(counts.values()) - len(counts) - twice_alone
            again += resent
            lost += len(set(once) - set(counts))
            same = trial.table() == expected
            different += not same
            told = "equal" if same else "DIFFERS"
            print(f"     trial {trials}: {kills} kills, {resent} requests sent again, table {told}")
            trial.close()
        print(
            f"{done} kills in {trials} verifications of {len(once):,} requests: {lost} never asked, {again} sent again "
            f"({again / max(done, 1):.1f} a kill), {left} processes left, {hung} hung, {different} tables differ"
        )


if __name__ == "__main__":
    main()
