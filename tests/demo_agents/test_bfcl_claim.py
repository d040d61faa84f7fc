"""`claimcheck verify` of claims about BFCL, from a card to verdicts, against a server whose truth is planted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.demo_agents.run import by, claimcheck
from tests.demo_agents.test_mini_swe_agent import home
from tests.harness.scripted_server import messaged
from tests.outside.test_bfcl_harness import bfcl, planted, solved

pytestmark = pytest.mark.agents
__all__ = ["home"]
RELEASE, NAME = "scripted-caller", "BFCL v4 simple (Python)"


def test_a_true_claim_is_confirmed_and_a_lie_is_found(home: Path, tmp_path: Path) -> None:
    harness = bfcl("bfcl_v4_simple_python", home)
    truth = f"{100 * sum(map(solved, harness.items())) / len(harness.items()):.1f}"
    lie = f"{float(truth) + 20:.1f}"
    folder = tmp_path / RELEASE
    folder.mkdir()
    (folder / "README.md").write_text(f"# {RELEASE}\n\n| Benchmark | {RELEASE} |\n|---|---|\n| {NAME} | {truth} |\n")
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    for said, scaffold in ((lie, "bfcl-eval"), (f"{float(lie) - 1:.1f}", None)):
        setting = ("--setting", f"scaffold={scaffold}") if scaffold else ()
        claimcheck(home, "claims", "add", RELEASE, NAME, said, *by(said), *setting, show=False)
    with planted(harness) as server:
        ask = server.routes["/v1/chat/completions"]

        def answer(body: Any) -> Any:
            try:
                return ask(body)
            except KeyError:  # the preflight, or a fingerprint: no question of the benchmark
                if not body.get("tools"):
                    return messaged("Four files.")
                function = {"name": body["tools"][0]["function"]["name"], "arguments": "{}"}
                return messaged(None, tool_calls=[{"id": "c", "type": "function", "function": function}])

        server.routes["/v1/chat/completions"] = answer
        place = ("--backend", "attached", "--url", server.url, "--served-model", "fake", "--quantization", "bf16")
        claimcheck(home, "verify", str(folder), *place, "--slots", "8", show=False)
        asked = Counter(server.answered)  # type: ignore[attr-defined]
    rows = {row["claimed"]: row for row in json.loads(claimcheck(home, "table", RELEASE, "--json", show=False))}
    found = {said: row["outcome"] for said, row in rows.items() if row["benchmark"].startswith("bfcl")}
    unnamed = f"{float(lie) - 1:.1f}"
    assert found == {truth: "confirmed", lie: "below_claim", unnamed: "depends_on_protocol"}
    assert not any(row["flagged"] for row in rows.values()), "the weights of somebody else's server were not seen"
    assert set(asked.values()) == {1}
