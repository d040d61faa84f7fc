"""A server that answers the demo sums with a known share of right answers by the way in which it is asked."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.fakes import Reachable

Answer = Callable[[int, bool], str]
"""Text of an answer from the sum and whether it is to be right."""


def share(text: str) -> float:
    """A number in [0, 1) that is fixed by the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


class AnsweringServer(Reachable):
    """Right in `shares["completion"]`, `shares["chat"]` and `shares["thinking"]` of the sums; `thinks` puts thinking
    around the answer when it is asked for it, or always."""

    def __init__(
        self,
        shares: Mapping[str, float],
        thinks: Callable[[str], str] = lambda thought: f"<think>{thought}</think>\n",
        always: bool = False,
        stops: bool = True,
        word: str | None = None,
    ) -> None:
        """`always`: it thinks whatever it is told. `stops`: it honours stop strings. `word`: the system prompt that
        makes it think, where no variable does."""
        self.word = word
        outer, self.shares, self.thinks, self.always, self.stops = self, shares, thinks, always, stops
        self.bodies: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come

            def log_message(self, *arguments: object) -> None: ...

            def send(self, status: int, content: Any) -> None:
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                found = outer.known().get(self.path)
                self.send(200 if found is not None else 404, found or {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send(200, outer.answer(self.path, body))

        class Quiet(ThreadingHTTPServer):
            request_queue_size, daemon_threads = 256, True

        self.http = Quiet(("127.0.0.1", 0), Handler)
        super().__init__(self.http.server_address[1], 8)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def known(self) -> dict[str, Any]:
        """What GET gives by path."""
        settings = {"n_ctx": 1024, "params": {"temperature": 0.8, "top_k": 40}}
        template = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|assistant|>"
        return {
            "/health": {"status": "ok"},
            "/counts": {},
            "/v1/models": {"data": [{"id": "fake"}]},
            "/props": {
                "total_slots": 8, "build_info": "b1", "bos_token": "", "chat_template": template,
                "default_generation_settings": settings,
            },
        }  # fmt: skip

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The reply to one POST."""
        if path == "/tokenize":
            return {"tokens": list(range(len(str(body["content"]).split())))}
        if path == "/apply-template":
            return {"prompt": "".join(f"<|user|>{message['content']}" for message in body["messages"])}
        self.bodies.append(body)
        chat = "messages" in body
        text = body["messages"][-1]["content"] if chat else body["prompt"]
        found = re.findall(r"What is ([0-9+-]+)\?", text)
        total = sum(int(term) for term in re.findall(r"[+-]?\d+", found[-1])) if found else 0
        system = body["messages"][0]["content"] if chat and body["messages"][0]["role"] == "system" else ""
        told = bool((body.get("chat_template_kwargs") or {}).get("enable_thinking"))
        thinking = chat and (self.always or (system == self.word if self.word else told))
        way = "thinking" if thinking else "chat" if chat else "completion"
        right = share(text[-60:] + way) < self.shares[way]
        said = f" The sum is #### {total if right else total + 1}"
        if thinking:
            said = self.thinks(f"It may end in #### {total + 7}.\n\nQuestion: no.") + said
        for stop in (body.get("stop") or []) if self.stops else []:
            said = said.split(stop)[0]
        words = said.split(" ")
        limit = body.get("max_tokens") or 10**6
        finish = "length" if len(words) > limit else "stop"
        said = " ".join(words[:limit])
        usage = {"prompt_tokens": 20, "completion_tokens": min(len(words), limit)}
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
        choice |= {"message": {"role": "assistant", "content": said}} if chat else {"text": said}
        return {"choices": [choice], "usage": usage}

    def __exit__(self, *exc: object) -> None:
        self.http.shutdown()
        self.http.server_close()
