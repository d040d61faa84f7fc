"""A real vLLM on the CPU: every answer has the length asked for, and vLLM's own counters say the same."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.catalogue import benchmark
from evaluators.records import Settings
from evaluators.speed import measure_speed
from evaluators.weights import pull, resolve

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / "flows" / "demo" / "release"
PROGRAM = ROOT / ".venv-vllm" / "bin" / "vllm"
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM.exists(), reason="no .venv-vllm; run `make test-vllm`"),
]


def counted(server: ModelServer, name: str) -> float:
    """A counter of vLLM, summed over its labels."""
    headers = {"Authorization": f"Bearer {server.key}"}
    text = httpx.get(f"{server.url}/metrics", headers=headers, trust_env=False).text
    return sum(float(value) for value in re.findall(rf"^vllm:{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))


def test_streams_of_vllm(tmp_path: Path) -> None:
    artifact = pull(resolve(str(RELEASE)), "safetensors", "f16")
    options = ServerOptions(executable=str(PROGRAM), context=512, slots=2, dtype="float32")
    asked = Settings(prompt_tokens=100, generation_tokens=32, concurrency=2)
    with open_server("vllm", artifact, options, tmp_path) as server:
        before = counted(server, "generation_tokens_total")
        run = measure_speed(benchmark("total_throughput"), artifact, server, asked, folder=tmp_path, allowed_load=1.0)
        generated = counted(server, "generation_tokens_total") - before
    measured = run.measurements[0]
    assert generated == run.requests_sent * 32
    assert measured.evidence["prompt_tokens"] == "100 as the server counts"
    assert measured.score is not None and measured.score > 0
    assert run.settings.backend == "vllm" and run.settings.speculative == "none"
