"""Candidates that a language model proposes: only what the text says, word for word, twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from flows.cli import run_command
from warehouse.claims.readers.model_card import read_card
from warehouse.claims.readers.proposed import add_proposed
from warehouse.claims.sentences.candidate_store import open_candidates
from warehouse.claims.source_reading import Reading
from warehouse.home import Home

CARD = """# Acme-7B

## Results

| Benchmark | Acme-7B | Bolt-9B |
|---|---|---|
| MMLU | 71.2 | 69.0 |

On the graduate questions of GPQA Diamond our model came out at a respectable 48.5 once it may think.
Bolt-9B was left behind on HumanEval, where 62.8 was all that it managed.
"""
OURS = "On the graduate questions of GPQA Diamond our model came out at a respectable 48.5 once it may think."
THEIRS = "Bolt-9B was left behind on HumanEval, where 62.8 was all that it managed."


def row(quote: str, model: str, benchmark: str, number: str) -> dict[str, str]:
    return {"quote": quote, "model": model, "benchmark": benchmark, "number": number}


GOOD = [row(OURS, "Acme-7B", "GPQA Diamond", "48.5"), row(THEIRS, "Bolt-9B", "HumanEval", "62.8")]


def proposed(*replies: Any) -> Reading:
    """The card's reading with what a model proposes whose replies these are, one after another."""
    reading = read_card(
        CARD, model="acme/Acme-7B", url="https://example.org/card", read_at=datetime(2026, 5, 1, tzinfo=UTC)
    )
    reading.candidates.clear()
    reading.unread.clear()
    queue = iter(reply if isinstance(reply, str) else json.dumps(reply) for reply in replies)
    add_proposed(reading, CARD, lambda instructions, passage: next(queue), "tiny-llm", model="acme/Acme-7B")
    return reading


def test_what_two_passes_quote_alike_becomes_a_candidate() -> None:
    reading = proposed(GOOD, f"Sure! Here is the list:\n```json\n{json.dumps(GOOD)}\n```")
    found = {(claim.model, claim.benchmark, claim.said, claim.claimant.value) for claim in reading.candidates}
    assert found == {
        ("acme/Acme-7B", "gpqa_diamond", "48.5", "vendor"), ("Bolt-9B", "humaneval", "62.8", "third_party"),
    }  # fmt: skip
    assert {claim.proposed_by for claim in reading.candidates} == {"tiny-llm"}
    assert {claim.note for claim in reading.candidates} == {OURS, THEIRS}


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (row(OURS.replace("48.5", "58.5"), "Acme-7B", "GPQA Diamond", "58.5"), "does not stand in the text"),
        (row(OURS, "Acme-7B", "GPQA Diamond", "58.5"), "does not hold the number"),
        (row(OURS, "Acme-7B", "GPQA Diamond", "8.5"), "does not hold the number"),
        (row(OURS, "Acme-7B", "MMLU", "48.5"), "does not name the benchmark"),
        (row(OURS, "Acme-7B", "graduate questions", "48.5"), "no benchmark is known"),
        (row(OURS, "Bolt-9B", "GPQA Diamond", "48.5"), "does not name one model"),
        (row(THEIRS, "Acme-7B", "HumanEval", "62.8"), "does not name one model"),
    ],
)
def test_what_the_text_does_not_say_is_left_with_the_rule_that_it_fails(lie: dict[str, str], reason: str) -> None:
    reading = proposed([lie], [lie])
    assert not reading.candidates
    assert [part for part in reading.unread if reason in part.reason and "tiny-llm" in part.reason]


def test_passes_must_agree_and_nonsense_proposes_nothing() -> None:
    reading = proposed(GOOD, GOOD[:1])
    assert [claim.said for claim in reading.candidates] == ["48.5"]
    assert any("one of two passes" in part.reason for part in reading.unread)
    for reply in ("", "[", "[" * 100_000, "[1, null, []]", '[{"quote": 5}]', '{"a": [1]}', "[NaN]"):
        assert not proposed(reply, reply).candidates


@contextmanager
def server(content: str) -> Iterator[str]:
    """An OpenAI-like server with one model and one answer."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            """Quiet."""

        def answer(self, body: Any) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            self.answer({"data": [{"id": "tiny-llm"}]})

        def do_POST(self) -> None:
            self.answer({"choices": [{"message": {"content": f"<think>hm</think>{content}"}}]})

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()


def test_import_asks_a_server_only_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    card = tmp_path / "card.md"
    card.write_text(CARD)
    command = ["claims", "import", str(card), "--model", "acme/Acme-7B"]
    assert run_command(command) == 0
    home = Home(tmp_path / "home")
    assert not [one for one in open_candidates(home) if one.claim.proposed_by == "tiny-llm"]
    with server(json.dumps(GOOD)) as url:
        assert run_command([*command, "--proposer", url]) == 0
    proposals = [one.claim for one in open_candidates(home) if one.claim.proposed_by == "tiny-llm"]
    assert {claim.said for claim in proposals} == {"48.5", "62.8"}
    assert run_command(["claims", "confirm", next(c.claim_id for c in proposals if c.said == "48.5")]) == 0
    capsys.readouterr()
    assert run_command([*command, "--proposer", url]) == 2
    assert "does not answer" in capsys.readouterr().err
