"""A server of the OpenAI API that plays a model which repairs a known part of Demo Repairs, turn by turn.

    python -m tests.demo_agents.scripted_model --solved 12 [--dies-after 30] [--key KEY]

It reads the problem in the first message, and answers by tool calls: look at the file, write it, make a patch, submit.
Solved tasks get the right file; the others one with the fault and a comment. What it knows of the state of a task is
the conversation only, as a model does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import yaml

SOURCE = Path(__file__).parents[2] / "evaluators/tasks/demo_repairs/repositories.yaml"
MODEL = "scripted"
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat patch.txt"


def repairs() -> list[dict[str, Any]]:
    """The tasks, in the order of the file."""
    return list(yaml.safe_load(SOURCE.read_text()))


def command(repair: dict[str, Any], turn: int, solved: bool, look: str | None = None) -> str:
    """What the model does in a turn, from 0. `look`: instead of looking at the file."""
    file, content = repair["file"], repair["content"]
    if not solved:
        content = content.replace(repair["good"], repair["bad"]) + "# looked at\n"
    steps = (
        look or f"cat {file}",
        f"cat > {file} <<'END_OF_FILE'\n{content}END_OF_FILE",
        f"git diff -- {file} > patch.txt; cat patch.txt",
    )
    return steps[turn] if turn < len(steps) else SUBMIT


class ScriptedModel(ThreadingHTTPServer):
    """`solved`: names of the tasks that it repairs. After `dies_after` answers about tasks it answers nothing."""

    daemon_threads = True

    def __init__(self, solved: set[str], dies_after: int | None = None, port: int = 0, key: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.repairs, self.solved, self.dies_after, self.key = repairs(), solved, dies_after, key
        self.look: str | None = None
        """What it does in the first turn of a task, where that is not to look at the file."""
        self.begun: list[str] = []
        """Tasks whose first turn was asked for, in order."""
        self.answers = 0
        """Answers about tasks."""
        self.told = Condition()

    @property
    def url(self) -> str:
        """Base URL without `/v1`."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def dead(self) -> bool:
        """Whether it answers nothing any more."""
        return self.dies_after is not None and self.answers >= self.dies_after


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedModel
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come

    def do_GET(self) -> None:
        if self.server.dead:
            self.send_error(503)
        elif self.path == "/v1/models":
            self._send({"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": 32768}]})
        elif self.path == "/health":
            self._send({"status": "ok"})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            self.send_error(401)
        elif self.path != "/v1/chat/completions":
            self.send_error(404)
        elif self.server.dead:
            self.send_error(500)
        else:
            self._answer(body)

    def _answer(self, body: dict[str, Any]) -> None:
        told = "\n".join(_text(message) for message in body["messages"][:2])
        repair = next((one for one in self.server.repairs if one["problem"] in told), None)
        if repair is None:  # the preflight, or a fingerprint
            self._send(_completion("ls" if body.get("tools") else None))
            return
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        with self.server.told:
            if turn == 0:
                self.server.begun.append(repair["name"])
            self.server.answers += 1
            self.server.told.notify_all()
        self._send(_completion(command(repair, turn, repair["name"] in self.server.solved, self.server.look)))

    def _send(self, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _completion(shell: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "I look and repair." if shell else "Four files."}
    if shell:
        function = {"name": "bash", "arguments": json.dumps({"command": shell})}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if shell else "stop"}
    usage = {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice], "usage": usage}


@contextmanager
def scripted_model(
    solved: int, dies_after: int | None = None, key: str | None = None, port: int = 0
) -> Iterator[ScriptedModel]:
    """The server with this many solved tasks, the first of the file."""
    names = {repair["name"] for repair in repairs()[:solved]}
    with ScriptedModel(names, dies_after, port, key) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Serve until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--solved", type=int, default=12)
    parser.add_argument("--dies-after", type=int)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    names = {repair["name"] for repair in repairs()[: given.solved]}
    with ScriptedModel(names, given.dies_after, given.port) as server:
        print(server.url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
