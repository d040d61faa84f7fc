"""Other programs that measure the speed of a running server: `vllm bench serve`, guidellm, and llama-bench beside it.

Each function gives {quantity: value} by the definitions of `evaluators.speed.metrics`, from the times of the
single requests where the program keeps them: its own averages weigh requests differently.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from evaluators.backends import ModelServer
from evaluators.records import Artifact
from evaluators.speed.llama_bench import run_llama_bench

Numbers = dict[str, float]
OFFLINE = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}


TOGETHER = 0.05
"""Share of the usual time between two tokens below which they were read together."""


def output_speed(gaps: Sequence[Sequence[float]]) -> float:
    """Tokens after the first reading over the time they took, all requests together, from the seconds between the
    tokens of each request. As in `evaluators.speed.stream`, tokens that were read together with the first one do
    not count, nor do answers of which half came so: where the reader or the server was held up, the first token is
    stamped late, and an average over all tokens after it would be of any height."""
    usual = median(gap for one in gaps for gap in one)
    tokens, seconds = 0, 0.0
    for one in gaps:
        lead = next((index for index, gap in enumerate(one) if gap > TOGETHER * usual), len(one))
        if 2 * (lead + 1) <= len(one) + 1:
            tokens, seconds = tokens + len(one) - lead, seconds + sum(one[lead:])
    return tokens / seconds


def vllm_bench(server: ModelServer, release: Path, given: argparse.Namespace, folder: Path) -> Numbers:
    """`vllm bench serve`: one stream, then several. What failed is left out and said."""
    found: Numbers = {}
    for streams in sorted({1, given.streams}):
        requests = given.requests * streams
        command = [
            str(given.vllm), "bench", "serve", "--backend", "openai", "--base-url", server.url,
            "--model", server.describe().model, "--tokenizer", str(release), "--dataset-name", "random",
            "--random-input-len", str(given.prompt), "--random-output-len", str(given.tokens),
            "--num-prompts", str(requests), "--max-concurrency", str(streams), "--ignore-eos", "--temperature", "0",
            "--save-result", "--save-detailed", "--result-dir", str(folder), "--result-filename", "bench.json",
            "--disable-tqdm",
        ]  # fmt: skip
        result = _result(command, server, folder / "bench.json")
        if result["failed"] or result["total_output_tokens"] != requests * given.tokens:
            # llama-server closes a connection after a stream without saying so; this client's next request fails
            print(f"vllm bench serve left out: {result['failed']} of {requests} requests failed", file=sys.stderr)
        elif streams == 1:
            found["output_speed"] = output_speed(result["itls"])
            found["time_to_first_token"] = result["mean_ttft_ms"] / 1000
        else:
            found["total_throughput"] = result["output_throughput"]
    return found


def guidellm(server: ModelServer, release: Path, given: argparse.Namespace, folder: Path) -> Numbers:
    """guidellm: one stream, then several; its first requests are left out, it has no warm-up."""
    found: Numbers = {}
    backend = f"kind=openai_http,target={server.url},model={server.describe().model},api_key={server.key}"
    for streams in sorted({1, given.streams}):
        command = [
            str(given.guidellm), "run", "--backend", f"{backend},request_format=/v1/completions",
            "--profile", f"kind=concurrent,streams={streams}", "--constraint",
            f"kind=max_requests,count={(given.requests + 1) * streams}", "--tokenizer",
            f"kind=huggingface_auto,model={release.resolve()}", "--data",
            f"kind=synthetic_text,prompt_tokens={given.prompt},output_tokens={given.tokens}",
            "--output", f"kind=json,path={folder / 'guidellm.json'}", "--disable-console",
        ]  # fmt: skip
        (result,) = _result(command, server, folder / "guidellm.json")["benchmarks"]
        made = sorted(result["requests"]["successful"], key=lambda one: one["request_start_time"])[streams:]
        lengths = [one["output_tokens"] for one in made]
        if result["requests"]["errored"] or set(lengths) != {given.tokens}:
            failed = [one["info"].get("error") for one in result["requests"]["errored"]]
            print(f"guidellm left out: {len(failed)} requests failed ({failed[:1]}), {lengths}", file=sys.stderr)
        elif streams == 1:
            found["output_speed"] = output_speed(
                [[one["inter_token_latency_ms"] / 1000] * (one["output_tokens"] - 1) for one in made]
            )
            found["time_to_first_token"] = sum(one["time_to_first_token_ms"] for one in made) / len(made) / 1000
        else:
            ends = [one["request_end_time"] for one in made]
            found["total_throughput"] = sum(lengths) / (max(ends) - min(one["request_start_time"] for one in made))
    return found


def bare(artifact: Artifact, program: str, given: argparse.Namespace) -> Numbers:
    """llama-bench: output speed from the depth where the served prompt ends."""
    tests = run_llama_bench(
        program, artifact, prompt_tokens=0, generation_tokens=given.tokens, depths=(given.prompt,),
        runs=given.requests, threads=given.threads,
    )  # fmt: skip
    return {test.benchmark: test.measurement.score or 0.0 for test in tests}


def _result(command: Sequence[str], server: ModelServer, file: Path) -> dict[str, Any]:
    """Run a program that leaves its result in a JSON file; ends with its last words if it fails."""
    file.unlink(missing_ok=True)
    environment = {**os.environ, **OFFLINE, "OPENAI_API_KEY": server.key or ""}
    done = subprocess.run(command, env=environment, cwd=file.parent, capture_output=True, text=True, check=False)
    if done.returncode or not file.exists():
        sys.exit(f"{command[0]} failed: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(file.read_text())
    return found
