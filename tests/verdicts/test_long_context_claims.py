"""RULER's tasks from a card to verdicts, on a server that forgets: what it finds depends on how long the text is."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.demo_agents.run import by, claimcheck
from tests.harness.ruler_reader import read_as_asked
from tests.harness.scripted_server import ScriptedServer, generated, messaged

RELEASE = "scripted-reader"
CONTEXT = 16_384
FOUND = {4096: 8, 8192: 4}
"""Tokens of a text -> in how many of ten such texts the needle is found."""
CLAIMS = {
    ("NIAH (4K)", "79.0"): "confirmed",
    ("NIAH (4K)", "99.0"): "below_claim",
    ("NIAH (8K)", "43.0"): "confirmed",
    ("NIAH (8K)", "81.0"): "below_claim",
    ("NIAH (32K)", "82.0"): "could_not_run",
    ("NIAH", "97.0"): "could_not_run",
}
"""What is said, and what must come out: the last two state a length that is not served, and none."""
OF_RULER = {
    ("RULER VT (4K)", "81.4"): "confirmed",
    ("RULER VT (4K)", "98.0"): "below_claim",
    ("RULER CWE (4K)", "77.3"): "confirmed",
    ("RULER CWE (4K)", "98.2"): "below_claim",
}
"""The same of tasks without needles, whose right answers are in capitals, or have none."""


def tokens(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))


def in_ten(prompt: str) -> int:
    """In how many of ten texts as long as this something is found."""
    return next(count for length, count in FOUND.items() if tokens(prompt) <= length)


def needle(prompt: str) -> str:
    """The number that is asked for, or another one, as it is one of those that are found in a text as long as this."""
    asked = re.findall(r"special magic number for (\S+) mentioned", prompt)
    found = re.search(rf"special magic numbers for {re.escape(asked[-1])} is: (\d+)", prompt)
    assert found
    return found[1] if int(found[1]) // 10 % 10 < in_ten(prompt) else str(int(found[1]) // 3)


def recalled(prompt: str) -> str | None:
    """What RULER's other tasks ask for, or nothing of it; None for other prompts."""
    answer, digest = read_as_asked(prompt), hashlib.sha256(prompt.encode()).digest()
    if answer is None:
        return None
    return answer if digest[0] * 10 // 256 < in_ten(prompt) else f"I forgot {digest[:4].hex()}."


class Reader(ScriptedServer):
    """A llama-server of this context."""

    def __init__(self) -> None:
        self.texts: Counter[int] = Counter()
        """How many texts were about as long as this, in thousands of tokens."""
        super().__init__({
            "/props": lambda _: {"build_info": "b1-scripted", "total_slots": 8,
                                 "default_generation_settings": {"n_ctx": CONTEXT}},
            "/tokenize": lambda body: {"tokens": list(range(tokens(str(body["content"]))))},
            "/v1/completions": lambda body: generated(self.said(str(body["prompt"]))),
            "/v1/chat/completions": lambda body: messaged(self.said(str(body["messages"][-1]["content"]))),
        })  # fmt: skip

    def said(self, prompt: str) -> str:
        answer = needle(prompt) if "special magic" in prompt else recalled(prompt)
        if answer is None:
            return " 19"
        self.texts[round(tokens(prompt) / 1000)] += 1
        return f" {answer}."


@pytest.mark.long
@pytest.mark.parametrize(("claims", "lengths"), [(CLAIMS, {3, 4, 7, 8}), (OF_RULER, {2, 3, 4})])
def test_claims_at_a_length_are_judged_at_that_length(
    tmp_path: Path, claims: dict[tuple[str, str], str], lengths: set[int]
) -> None:
    home, folder = tmp_path / "home", tmp_path / RELEASE
    folder.mkdir()
    (folder / "README.md").write_text(f"# {RELEASE}\n")
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    for title, said in claims:
        claimcheck(home, "claims", "add", RELEASE, title, said, *by(f"{title} {said}"), show=False)
    with Reader() as server:
        place = ("--backend", "attached", "--url", server.url, "--served-model", "fake", "--quantization", "bf16")
        claimcheck(home, "verify", str(folder), *place, show=False)
        texts = dict(server.texts)
    rows: list[dict[str, Any]] = json.loads(claimcheck(home, "table", RELEASE, "--json", show=False))
    assert {row["claimed"]: row["outcome"] for row in rows} == {said: told for (_, said), told in claims.items()}
    assert set(texts) <= lengths and min(texts.values()) > 100, "texts have the length that is claimed"
    assert not any(row["flagged"] for row in rows), "the weights of somebody else's server were not seen"
