"""Harbor itself with a Docker engine: its agent, a scripted model, tasks of our own. Skipped where no engine runs
(`tests/make_docker_engine.sh` starts one)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from evaluators.catalogue import Benchmark, benchmark
from evaluators.outside.harnesses.docker_engine import docker_lacks
from evaluators.outside.harnesses.harbor import harbor_tasks
from evaluators.records import RunStatus
from tests.demo_agents.scripted_model import MODEL
from tests.demo_agents.test_mini_swe_agent import KEY, home, run, scores
from tests.demo_agents.test_swebench_docker import errors

BASE = os.environ.get("CLAIMCHECK_TEST_IMAGE")
pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(not BASE, reason="no CLAIMCHECK_TEST_IMAGE"),
    pytest.mark.skipif(docker_lacks(benchmark("terminal_bench_2")) is not None, reason="no Docker engine"),
]
__all__ = ["home"]
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord")
SOLVED = WORDS[:4]


def lay_tasks(folder: Path) -> Path:
    """A task for each word: write it into a file."""
    for word in WORDS:
        task = folder / word
        for part in ("environment", "solution", "tests"):
            (task / part).mkdir(parents=True)
        limits = "[verifier]\ntimeout_sec = 120.0\n[agent]\ntimeout_sec = 300.0\n[environment]\n"
        (task / "task.toml").write_text(f'version = "1.0"\n{limits}docker_image = "{BASE}"\n')
        (task / "instruction.md").write_text(f"Write the word {word} into the file /app/answer.txt.")
        (task / "environment" / "Dockerfile").write_text(f"FROM {BASE}\nWORKDIR /app\n")
        (task / "solution" / "solve.sh").write_text(f"#!/bin/bash\nmkdir -p /app; echo {word} > /app/answer.txt\n")
        graded = f'[ "$(cat /app/answer.txt)" = {word} ] && echo 1 || echo 0'
        (task / "tests" / "test.sh").write_text(f"#!/bin/bash\n{{ {graded}; }} > /logs/verifier/reward.txt\n")
    return folder


class Typist(ThreadingHTTPServer):
    """Types the word that a task wants, or another one; then says that it is done. After `dies_after` answers about
    tasks it answers nothing."""

    daemon_threads = True

    def __init__(self, dies_after: int | None = None, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.dies_after, self.answers = dies_after, 0
        self.begun: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def dead(self) -> bool:
        """Whether it answers nothing any more."""
        return self.dies_after is not None and self.answers >= self.dies_after

    def reply(self, messages: list[dict[str, Any]]) -> dict[str, Any] | None:
        """What it writes; None: it is dead."""
        wanted = re.search(r"Write the word (\w+) into", str(messages))
        if wanted is None:
            return {"content": "hello"}
        if self.dead:
            return None
        self.answers += 1
        word, turn = wanted[1], sum(message["role"] == "assistant" for message in messages)
        if turn == 0:
            self.begun.append(word)
        typed = f"mkdir -p /app; echo {word if word in SOLVED else 'nothing'} > /app/answer.txt\n"
        commands = [{"keystrokes": typed, "duration": 0.5}] if turn == 0 else []
        thought = {"analysis": "a file is wanted", "plan": "write it", "commands": commands}
        return {"content": json.dumps(thought | {"task_complete": turn > 0})}


class _Handler(BaseHTTPRequestHandler):
    server: Typist
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come

    def do_GET(self) -> None:
        if self.server.dead:
            self.send_error(503)
            return
        self._send({"object": "list", "data": [{"id": MODEL, "object": "model"}], "status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self.send_error(401)
            return
        message = self.server.reply(body.get("messages", []))
        if message is None:
            self.send_error(500)
            return
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}
        self._send({"id": "1", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})

    def _send(self, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def typist(dies_after: int | None = None, port: int = 0) -> Iterator[Typist]:
    with Typist(dies_after, port) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def entry(tmp_path: Path) -> Benchmark:
    own = {"name": "words", "items": len(WORDS), "data_folder": str(lay_tasks(tmp_path / "tasks")), "task": None}
    return benchmark("terminal_bench_2").model_copy(update=own)


def containers() -> str:
    return subprocess.run(["docker", "ps", "-aq"], check=True, capture_output=True, text=True).stdout


PLANTED = {word: float(word in SOLVED) for word in WORDS}


def test_tasks_are_done_in_their_containers_and_graded_by_their_tests(entry: Benchmark, home: Path) -> None:
    before = containers()
    with typist() as server:
        measured = run(home, entry, server.url)
    assert scores(measured, home) == PLANTED, errors(measured, home)
    assert (measured.status, measured.settings.sandbox) == (RunStatus.finished, "docker")
    assert measured.checks["control_gold"] == "6 of 6 tasks solved"
    assert measured.checks["control_nothing"] == "0 of 6 tasks solved"
    assert measured.settings.scaffold is not None and measured.settings.scaffold.startswith("harbor 0.26.0 terminus-2@")
    assert containers() == before
    files = [path for path in (home / "runs").rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_a_server_that_dies_half_way_costs_nothing(entry: Benchmark, home: Path) -> None:
    with typist(dies_after=14) as server:  # a task takes three answers, a batch is of four tasks
        broken = run(home, entry, server.url)
        port = server.server_address[1]
    finished = scores(broken, home)
    assert broken.status is RunStatus.invalid and finished == {word: PLANTED[word] for word in finished} != {}
    with typist(port=port) as server:
        whole = run(home, entry, server.url)
        asked = set(server.begun)
    assert scores(whole, home) == PLANTED
    assert not asked & set(finished)


def test_a_data_set_is_downloaded_once(
    entry: Benchmark, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a git repository, as Harbor's registry names them."""
    repository, registry = tmp_path / "tasks", tmp_path / "registry.json"
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "tasks"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    tasks = [{"name": word, "git_url": str(repository), "git_commit_id": commit, "path": word} for word in WORDS]
    row = {"name": "small-words", "version": "1.0", "description": "words", "tasks": tasks}
    registry.write_text(json.dumps([row]))
    monkeypatch.setattr(harbor_tasks, "REGISTRY", ("--registry-path", str(registry)))
    fetched = entry.model_copy(update={"name": "fetched_words", "data_folder": None, "task": "small-words@1.0"})
    kept = home / "harnesses" / "data" / "fetched_words"
    shutil.rmtree(kept, ignore_errors=True)
    with typist() as server:
        measured = run(home, fetched, server.url)
        assert scores(measured, home) == PLANTED
    shutil.rmtree(kept)
