"""Publishing is a dry run unless it is asked for, and holds only our own full, sound scores."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jsonschema
import pytest

from tests.claims.test_results_export import home
from tests.claims.test_round_trips import SCHEMA
from warehouse.claims import read_eval_results
from warehouse.home import Home
from warehouse.reports.publications import prepare_publication, write_publication

__all__ = ["home"]


@dataclass
class Posts:
    """What a stand-in for the hub was sent."""

    address: str = ""
    bodies: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def hub() -> Iterator[Posts]:
    posts = Posts()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Silent."""

        def answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posts.bodies[self.path] = body
            if "preupload" in self.path:
                files = [
                    {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for one in json.loads(body)["files"]
                ]
                self.answer(200, {"files": files})
            else:
                page = f"{posts.address}/maker/Odd-7B"
                self.answer(200, {"commitUrl": f"{page}/commit/{'a' * 40}", "commitOid": "a" * 40,
                                  "pullRequestUrl": f"{page}/discussions/7"})  # fmt: skip

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        posts.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield posts
        server.shutdown()


def command(home: Home, hub: Posts, *more: str) -> str:
    environment = os.environ | {"CLAIMCHECK_HOME": str(home.root), "HF_ENDPOINT": hub.address, "HF_TOKEN": "hf_test"}
    environment |= {"HF_HUB_OFFLINE": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "results", "publish", "hub", *more],
        env=environment, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-1500:]
    return ended.stdout


def test_nothing_leaves_the_machine_unless_asked(home: Home, hub: Posts) -> None:
    assert "dry run" in command(home, hub)
    assert not hub.bodies
    assert "discussions/7" in command(home, hub, "--pr")
    sent = next(body for path, body in hub.bodies.items() if "/commit/" in path and "create_pr=1" in path)
    parts = [json.loads(line)["value"] for line in sent.splitlines()]
    entry = next(part for part in parts if "content" in part)
    assert entry["path"] == ".eval_results/claimcheck.yaml"
    text = base64.b64decode(entry["content"]).decode()
    assert "stopped" not in text and "claimcheck run good" in text
    assert read_eval_results(text, model="maker/Odd-7B", url="u", read_at=datetime.now(UTC)).claims


def test_records_for_every_eval_ever_fit_its_schema(home: Home, tmp_path: Path) -> None:
    prepared = prepare_publication(home, "every-eval-ever")
    assert [one.kind for one in prepared] == ["dataset"]
    for text in prepared[0].files.values() if SCHEMA.exists() else ():
        jsonschema.validate(json.loads(text), json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert any("score at stop" in reason for reason in prepared[0].left_out)
    write_publication(prepared, tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.json"))) == len(prepared[0].files) == 1
