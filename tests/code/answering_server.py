"""A server that answers by a function of the prompt: a model whose truth is planted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from evaluators.records import ServerDescription
from tests.harness.fakes import Reachable

Answer = Callable[[str, int], str]
"""Text for a prompt and a sampling seed."""


class Answering(Reachable):
    """As a ModelServer."""

    def __init__(self, port: int, slots: int) -> None:
        super().__init__(port, slots)
        self.requests = 0

    def describe(self) -> ServerDescription:
        """Fixed."""
        return ServerDescription(
            backend="llama.cpp", version="scripted", model="scripted", slots=self.slots, context=8192
        )

    def alive(self) -> bool:
        """Always."""
        return True


@contextmanager
def answering(answer: Answer, slots: int = 4) -> Iterator[Answering]:
    """The server, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come
        wbufsize = 1 << 16  # head and body in one packet: two would wait for an acknowledgement

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/tokenize":
                content: object = {"tokens": list(range(len(str(body["content"]).split())))}
            else:
                server.requests += 1
                chat = "messages" in body
                prompt = body["messages"][-1]["content"] if chat else body["prompt"]
                text = answer(prompt, body.get("seed", 0))
                for stop in body.get("stop") or ():
                    text = text.split(stop)[0]
                usage = {"prompt_tokens": 10, "completion_tokens": 5}
                said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
                content = {"choices": [{"index": 0, **said, "finish_reason": "stop"}], "usage": usage}
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Answering(listening.server_address[1], slots)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
