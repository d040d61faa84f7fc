"""A server that somebody else runs: here a real llama-server, and one that offers several models."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer
from evaluators.records import UserError

KEY = "CLAIMCHECK_TEST_KEY"


@pytest.fixture
def several() -> Iterator[str]:
    """The URL of a server with two models, no key and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/models" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"data": [{"id": "a"}, {"id": "b"}]}).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_describes_a_llama_server(server: LlamaCppServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.key
    monkeypatch.setenv(KEY, server.key)
    options = ServerOptions(url=f"{server.url}/v1/", key_variable=KEY)
    with open_server("attached", None, options, tmp_path) as attached:
        found, own = attached.describe(), server.describe()
        assert attached.url == server.url and attached.alive()
    assert server.alive(), "it is not ours to end"
    assert found.artifact_key is None, "what it serves cannot be known"
    same = ("model", "context", "slots", "vocabulary", "adds_bos", "chat_template_sha256")
    assert [getattr(found, name) for name in same] == [getattr(own, name) for name in same]
    assert found.flags["server"] == "llama.cpp"
    assert server.key not in found.model_dump_json()


def test_key_and_context(server: LlamaCppServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attach(**options: object) -> None:
        given = ServerOptions.model_validate({"url": server.url, **options})
        open_server("attached", None, given, tmp_path).__enter__()

    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(UserError, match=f"{KEY} is not set"):
        attach(key_variable=KEY)
    with pytest.raises(UserError, match="refuses the key"):
        attach()
    monkeypatch.setenv(KEY, server.key or "")
    with pytest.raises(UserError, match="a request 512 tokens, 4096 were asked for"):
        attach(key_variable=KEY, context=4096)


def test_asks_which_of_several_models(several: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"several models \(a, b\)"):
        open_server("attached", None, ServerOptions(url=several), tmp_path).__enter__()
    with pytest.raises(UserError, match="does not offer c; it offers a, b"):
        open_server("attached", None, ServerOptions(url=several, model="c"), tmp_path).__enter__()
    with open_server("attached", None, ServerOptions(url=several, model="b", slots=7), tmp_path) as attached:
        found = attached.describe()
    assert (found.model, found.version, found.slots, found.context) == ("b", "unknown", 7, None)
    assert found.adds_bos is None and found.chat_template_sha256 is None


def test_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs its URL"):
        open_server("attached", None, ServerOptions(), tmp_path)
    with pytest.raises(UserError, match="kv_type cannot be set"):
        open_server("attached", None, ServerOptions(url="http://127.0.0.1:9", kv_type="f32"), tmp_path)
    with pytest.raises(UserError, match="nothing answers"):
        open_server("attached", None, ServerOptions(url="http://127.0.0.1:9"), tmp_path).__enter__()
    with pytest.raises(UserError, match="unknown backend tgi"):
        open_server("tgi", None, ServerOptions(), tmp_path)
