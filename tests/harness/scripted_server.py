"""`ScriptedServer`: an OpenAI-compatible server of the test's own making, in threads of this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from evaluators.records import ServerDescription

Answer = Any
"""JSON, bytes as they are, or (status, JSON or bytes, headers)."""
Route = Callable[[Any], Answer]


class ScriptedServer:
    """Answers each path by its function of the decoded body; a ModelServer that cannot be restarted."""

    key: str | None = None

    def __init__(self, routes: Mapping[str, Route], backend: str = "attached", slots: int = 8) -> None:
        self.backend = backend
        self.slots = slots
        self.routes = {"/v1/models": lambda _: {"data": [{"id": "fake", "max_model_len": 4096}]}} | dict(routes)
        self.asked: list[tuple[str, Any]] = []
        """Path and body of every POST."""
        self.http = _Listening(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, body))
                self._answer(body)

            def _answer(self, body: Any) -> None:
                route = outer.routes.get(self.path)
                answer = route(body) if route else (404, {"error": "no such path"}, {})
                status, content, headers = answer if isinstance(answer, tuple) else (200, answer, {})
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in (
                    {"Content-Type": "application/json", "Content-Length": len(data)} | headers
                ).items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(data)

        return Handler

    def describe(self) -> ServerDescription:
        """Fixed."""
        return ServerDescription(backend=self.backend, version="1", model="fake", slots=self.slots, context=4096)

    def alive(self) -> bool:
        """Always."""
        return True

    def restart(self) -> None:
        """Not here."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it."""
        self.http.shutdown()
        self.http.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


class _Listening(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes away is none of the test's business."""


def generated(text: str, finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    """A sound answer of /v1/completions; `more` goes into the choice."""
    return {
        "model": "fake",
        "choices": [{"index": 0, "text": text, "finish_reason": finish} | more],
        "usage": {"prompt_tokens": 20, "completion_tokens": 12},
    }


def messaged(content: Any, **more: Any) -> dict[str, Any]:
    """A sound answer of /v1/chat/completions; `more` goes into the message."""
    message = {"role": "assistant", "content": content} | more
    return generated("", message=message)
