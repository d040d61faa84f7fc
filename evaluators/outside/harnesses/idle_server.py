"""A server of the OpenAI API whose model refuses everything: it shows what doing nothing scores."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evaluators.backends.process import LOOPBACK
from evaluators.outside.harnesses.harness import Endpoint

REFUSAL = "I am sorry, but I cannot help with that."
MODEL = "idle"


class _Idle(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        message = {"role": "assistant", "content": REFUSAL}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 10, "total_tokens": 11}
        self._send(
            {"id": "idle", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice]}
            | {"usage": usage}
        )

    def _send(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@contextmanager
def idle_server() -> Iterator[Endpoint]:
    """The endpoint, on loopback, while the block runs."""
    with ThreadingHTTPServer((LOOPBACK, 0), _Idle) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Endpoint(f"http://{LOOPBACK}:{server.server_address[1]}/v1", MODEL)
        finally:
            server.shutdown()
            thread.join()
