"""A small server that speaks the part of Ollama's protocol we use, by its documentation (docs/api.md)."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Store:
    """What the stand-in holds."""

    url: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    models: dict[str, dict[str, object]] = field(default_factory=dict)
    pushed: int = 0


@contextmanager
def ollama(per_token: float = 0.0) -> Iterator[Store]:
    """Run it on a free port; answers come at a pace of `per_token` seconds."""
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come

        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, value: object = None) -> None:
            body = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.answer(200 if self.path.removeprefix("/api/blobs/") in store.blobs else 404)

        def do_GET(self) -> None:
            if self.path == "/api/version":
                return self.answer(200, {"version": "0.12.6"})
            if self.path == "/api/tags":
                return self.answer(200, {"models": [{"name": name, "model": name} for name in store.models]})
            if self.path == "/v1/models":
                return self.answer(200, {"object": "list", "data": [{"id": name} for name in store.models]})
            return self.answer(404, {"error": "not found"})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/api/blobs/"):
                digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
                if digest != self.path.removeprefix("/api/blobs/"):
                    return self.answer(400, {"error": "digest mismatch"})
                store.blobs[digest] = content
                store.pushed += 1
                return self.answer(201)
            body = json.loads(content)
            if self.path == "/api/show":
                shown = store.models.get(body["model"])
                return self.answer(200, shown) if shown else self.answer(404, {"error": "model not found"})
            if self.path == "/api/create":
                return self.create(body)
            if self.path == "/api/generate":
                return self.generate(body, time.perf_counter())
            return self.answer(404, {"error": "not found"})

        def generate(self, body: dict, came: float) -> None:
            """Streamed: token k leaves k times `per_token` after the request came."""
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            tokens = body["options"]["num_predict"]
            for number in range(1, tokens + 1):
                time.sleep(max(came + per_token * number - time.perf_counter(), 0))
                self.line({"response": "a", "done": False})
            counts = {"prompt_eval_count": len(body["prompt"].split()), "eval_count": tokens}
            self.line({"response": "", "done": True, **counts})
            self.wfile.write(b"0\r\n\r\n")

        def line(self, value: object) -> None:
            data = json.dumps(value).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

        def create(self, body: dict[str, object]) -> None:
            files, source = body.get("files"), body.get("from")
            if isinstance(files, dict):
                (digest,) = files.values()
                if digest not in store.blobs:
                    return self.answer(400, {"error": "invalid digest"})
                if not store.blobs[digest].startswith(b"GGUF"):
                    return self.answer(400, {"error": "invalid file magic"})
                shown = show(digest)
            elif source in store.models:
                shown = store.models[str(source)]
            else:
                return self.answer(404, {"error": "model not found"})
            parameters = body.get("parameters")
            lines = "\n".join(f"{k} {v}" for k, v in parameters.items()) if isinstance(parameters, dict) else ""
            store.models[str(body["model"])] = {**shown, "parameters": lines}
            return self.answer(200, {"status": "success"})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()


def show(digest: str, context: int = 1024) -> dict[str, object]:
    """What /api/show says of a model whose weights have the digest."""
    blob = digest.replace(":", "-")
    return {
        "modelfile": f'# Modelfile generated by "ollama show"\n\nFROM /home/me/.ollama/models/blobs/{blob}\n',
        "template": "{{ .Prompt }}",
        "details": {"format": "gguf", "family": "llama", "families": ["llama"], "quantization_level": "F32"},
        "model_info": {"general.architecture": "llama", "llama.context_length": context, "llama.vocab_size": 259},
        "capabilities": ["completion"],
    }
