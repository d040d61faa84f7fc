"""llama-bench: its output as published, and the program itself where it is installed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from evaluators.records import UserError
from evaluators.speed.llama_bench import find_llama_bench, parse_llama_bench, run_llama_bench
from evaluators.weights import pull, resolve

RELEASE = Path(__file__).parents[2] / "flows" / "demo" / "release"
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "agentic_and_perf" / "llama-bench" / "llama-bench.json"
ROW = {
    "build_commit": "8cf427ff", "build_number": 5163, "cpu_info": "AMD Ryzen 7 7800X3D 8-Core Processor",
    "gpu_info": "NVIDIA GeForce RTX 4080", "backends": "CUDA", "model_type": "qwen2 7B Q4_K - Medium", "n_threads": 8,
    "n_gpu_layers": 99, "n_prompt": 0, "n_gen": 128, "n_depth": 4096, "samples_ts": [104.5, 99.0, 103.5, 104.0],
}  # fmt: skip


def test_rows_become_measurements_with_their_key() -> None:
    prompt = {**ROW, "n_prompt": 512, "n_gen": 0, "n_depth": 0, "backends": "CPU", "gpu_info": ""}
    mixed = {**ROW, "n_prompt": 512}
    output, processing = parse_llama_bench(json.dumps([ROW, prompt, mixed]))
    assert (output.benchmark, output.measurement.score, output.measurement.unit) == ("output_speed", 103.75, "tok/s")
    assert output.measurement.values == (104.5, 99.0, 103.5, 104.0)
    assert output.measurement.evidence["kind"] == "bare"
    assert (output.settings.hardware, output.settings.depth) == ("NVIDIA GeForce RTX 4080", 4096)
    assert (output.settings.generation_tokens, output.settings.prompt_tokens) == (128, None)
    assert (processing.benchmark, processing.settings.prompt_tokens) == ("prompt_speed", 512)
    assert processing.settings.hardware == "AMD Ryzen 7 7800X3D 8-Core Processor"
    lines = "\n".join(json.dumps(row) for row in (ROW, prompt))
    assert [test.benchmark for test in parse_llama_bench(lines)] == ["output_speed", "prompt_speed"]


@pytest.mark.parametrize("text", ["", "[{}]", "| model | size |", "[1]"])
def test_what_is_no_output_is_refused(text: str) -> None:
    if not text:
        assert parse_llama_bench(text) == []
        return
    with pytest.raises(UserError, match="no output of llama-bench"):
        parse_llama_bench(text)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="published output is not here")
def test_published_output_agrees_with_its_own_averages() -> None:
    text = PUBLISHED.read_text()
    rows = [row for row in json.loads(text) if bool(row["n_prompt"]) != bool(row["n_gen"])]
    tests = parse_llama_bench(text)
    assert len(tests) == len(rows) > 0
    for row, test in zip(rows, tests, strict=True):
        values = [value for value in test.measurement.values if value is not None]
        assert sum(values) / len(values) == pytest.approx(row["avg_ts"], rel=1e-3)


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    program = tmp_path / "llama-bench"
    program.write_text("#!/bin/sh\necho 'error: failed to load model' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    artifact = pull(resolve(str(RELEASE)), "gguf", "F16")
    with pytest.raises(UserError, match="exit code 1: error: failed to load model"):
        run_llama_bench(str(program), artifact)
    with pytest.raises(UserError, match="there is no executable"):
        find_llama_bench(str(tmp_path / "nothing"))


@pytest.mark.skipif(find_llama_bench() is None, reason="llama-bench is not installed")
def test_llama_bench_on_the_demo() -> None:
    executable = find_llama_bench()
    assert executable
    artifact = pull(resolve(str(RELEASE)), "gguf", "F16")
    tests = run_llama_bench(executable, artifact, prompt_tokens=64, generation_tokens=32, runs=3, threads=1)
    assert {test.benchmark for test in tests} == {"prompt_speed", "output_speed"}
    assert all(test.measurement.score and test.measurement.items == 3 for test in tests)
