"""What Prefect's pages are given: nothing from a card is rendered; and a server that is not there is one line."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evaluators.user_error import UnreachableError
from flows.demo import RELEASE
from flows.runtime.prefect_server import check_reachable
from flows.verification.verdict_report import artifact_key
from tests.reports.hostile import WORDS
from warehouse.reports.markdown_text import as_markdown_text
from warehouse.reports.site.safe_text import safe_text

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False, "html": True})


@given(st.one_of(st.sampled_from(WORDS), st.text(max_size=60), st.text("-+*#>|[]()!`<&;:/.= 1a", max_size=12)))
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    tokens = MARKDOWN.parse(as_markdown_text(text))
    inner = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {child.type for child in inner} <= {"text", "text_special"}
    assert "".join(child.content for child in inner) == safe_text(text, 1000)


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_releases_have_artifact_keys_of_their_own(one: str, other: str) -> None:
    keys = [artifact_key(name) for name in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for key in keys)


def test_a_server_that_is_away_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    environment = {**os.environ, "CLAIMCHECK_HOME": str(tmp_path), "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    command = [sys.executable, "-c", "from flows.cli import main; main()", "verify", str(RELEASE)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 3, done.stderr
    [line] = done.stderr.strip().splitlines()
    assert "http://127.0.0.1:9/api" in line and "unset PREFECT_API_URL" in line


class _Server(http.server.BaseHTTPRequestHandler):
    version = "4.0.0"

    def do_GET(self) -> None:
        body = json.dumps(self.version).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_server_of_another_prefect_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/api"
        with pytest.raises(UnreachableError, match=r"is Prefect 4\.0\.0"):
            check_reachable(url)
        monkeypatch.setattr(_Server, "version", "3.99.0")
        check_reachable(url)
        server.shutdown()
