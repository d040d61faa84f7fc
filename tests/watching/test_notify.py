"""The webhook against a real receiver on loopback: retried, refused in one line, its key never told."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evaluators.records import UserError
from flows.runtime.notify import LIMIT, News, message, news_of_release, news_of_verdict, send
from warehouse.claim_records import Claim, Claimant, ClaimSource, Outcome, Verdict
from warehouse.hub_scans import SeenModel

NOW = datetime(2026, 4, 20, tzinfo=UTC)
KEY = "T0/B0/very-secret-key"


class Receiver(BaseHTTPRequestHandler):
    """Answers with the statuses of `self.server.answers`, then 200."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    """A receiver on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.bodies, server.answers = [], []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url(server: ThreadingHTTPServer) -> str:
    """Its address with a key."""
    return f"http://127.0.0.1:{server.server_port}/services/{KEY}"


def test_sent_again_until_taken_and_key_in_no_log(receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.answers[:] = [(503, {}), (429, {"Retry-After": "7"})]
    waits: list[float] = []
    with caplog.at_level(logging.DEBUG):
        send(url(receiver), message([], "hello"), wait=waits.append)
    assert [body["text"] for body in receiver.bodies] == ["hello"] * 3
    assert waits == [1.0, 7.0]
    assert "HTTP Request: POST http://127.0.0.1/..." in caplog.text
    assert "very-secret" not in caplog.text


@pytest.mark.parametrize(
    ("answers", "words", "sent"),
    [([(404, {})], "at 127.0.0.1 refuses the message (HTTP 404)", 1), ([(500, {})] * 9, "in 4 tries (HTTP 500)", 4)],
)
def test_refusal_is_one_line_without_the_key(receiver, answers, words: str, sent: int) -> None:
    receiver.answers[:] = answers
    with pytest.raises(UserError) as caught:
        send(url(receiver), message([]), wait=lambda _: None)
    assert words in str(caught.value) and KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(receiver.bodies) == sent


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/" + KEY, "not a url " + KEY, "ftp://127.0.0.1/" + KEY])
def test_nobody_there(address: str) -> None:
    with pytest.raises(UserError) as caught:
        send(address, message([]), wait=lambda _: None)
    assert KEY not in str(caught.value)


def test_message_escapes_and_bounds_its_text() -> None:
    news = [News(kind="release_found", model="a/b", text="<!channel> & *b*", payload={})] * (LIMIT + 5)
    body = message(news, "title")
    assert len(body["blocks"]) == LIMIT + 2
    assert body["blocks"][1]["text"]["text"] == "&lt;!channel&gt; &amp; *b*"
    assert body["text"].endswith("and 5 more")


def verdict(outcome: Outcome, flagged: bool = False, run: str = "r") -> Verdict:
    """A verdict."""
    return Verdict(
        claim_id="c", criterion_id=None, run_id=run, outcome=outcome, comparability=None, flagged=flagged,
        headline="measured 71.4 %", judged_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "before", "kinds"),
    [
        (verdict(Outcome.below_claim, True), None, ["discrepancy"]),
        (verdict(Outcome.below_claim, True), verdict(Outcome.below_claim, True), []),
        (verdict(Outcome.below_claim, True, "r2"), verdict(Outcome.below_claim, True), []),
        (verdict(Outcome.below_claim, True, "r2"), verdict(Outcome.confirmed), ["discrepancy"]),
        (verdict(Outcome.confirmed, run="r2"), verdict(Outcome.inconclusive), ["verdict_changed"]),
        (verdict(Outcome.below_claim, True), verdict(Outcome.confirmed), []),  # the same run is no new evidence
        (verdict(Outcome.confirmed), verdict(Outcome.confirmed), []),
        (verdict(Outcome.confirmed), None, []),
    ],
)
def test_only_news_is_news(now: Verdict, before: Verdict | None, kinds: list[str]) -> None:
    source = ClaimSource(url="u", sha256="0", read_at=NOW, kind="ledger")
    claim = Claim(
        claim_id="c", model="acme/m", benchmark="gsm8k", benchmark_text="GSM8K", said="85.2", interval=None,
        claimant=Claimant.vendor, source=source, place="line 1",
    )  # fmt: skip
    news = news_of_verdict(claim, now, before)
    assert [one.kind for one in news] == kinds
    assert all("acme/m GSM8K" in one.text and one.payload["said"] == "85.2" for one in news)


def test_found_release_names_its_base() -> None:
    found = SeenModel(model="p/m-GGUF", commit="c", kind="quantized", base="a/m", modified=NOW, created=NOW)
    assert news_of_release(found).text == "p/m-GGUF: quantized from a/m"
