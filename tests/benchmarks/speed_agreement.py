"""Served speed against other programs' numbers from the same server, in the same run.

    python -m tests.benchmarks.speed_agreement RELEASE [--backend llama.cpp] [--vllm .venv-vllm/bin/vllm]
        [--llama-server PATH --llama-bench PATH] [--rounds 5] [--prompt 128] [--tokens 128] [--streams 4] [--threads 1]

RELEASE: `flows/demo/release`, or a folder made by `tests.benchmarks.random_model`. In each round the same server is
asked by our client and by `vllm bench serve` (which fits vLLM; on llama.cpp some of its requests fail), and llama-bench
runs the same file alone (the server idle). Prints the medians and their ratios; ends with 1 if `vllm bench serve`
differs by more than 5 %.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from evaluators.records import Artifact, Settings
from evaluators.servers import ModelServer, ServerOptions, open_server
from evaluators.throughput.bare import find_llama_bench, run_llama_bench
from evaluators.throughput.key import client_name, complete
from evaluators.throughput.quantities import QUANTITIES
from evaluators.throughput.rounds import Rounds
from evaluators.throughput.stream import Client
from evaluators.weights import pull, resolve

LIMIT = 0.05
Numbers = dict[str, float]


def ours(artifact: Artifact, server: ModelServer, given: argparse.Namespace) -> Callable[[], Numbers]:
    """A function that makes one run of each quantity with our client."""
    client, sides = Client(server), {}
    for name, streams in (("output_speed", 1), ("time_to_first_token", 1), ("total_throughput", given.streams)):
        asked = Settings(prompt_tokens=given.prompt, generation_tokens=given.tokens, concurrency=streams)
        filled = complete(asked, artifact, server.describe(), client=client_name())
        sides[name] = Rounds(client, QUANTITIES[name], filled, seed=3)
        sides[name].warm_up()
    return lambda: {name: found for name, side in sides.items() if (found := side.run()) is not None}


def vllm_bench(server: ModelServer, release: Path, given: argparse.Namespace, folder: Path) -> Numbers:
    """The same numbers by `vllm bench serve`: one stream, then several."""
    found: Numbers = {}
    for streams, requests in ((1, given.requests), (given.streams, given.requests * given.streams)):
        command = [
            given.vllm, "bench", "serve", "--backend", "openai", "--base-url", server.url,
            "--model", server.describe().model, "--tokenizer", str(release), "--dataset-name", "random",
            "--random-input-len", str(given.prompt), "--random-output-len", str(given.tokens),
            "--num-prompts", str(requests), "--max-concurrency", str(streams), "--ignore-eos", "--temperature", "0",
            "--save-result", "--save-detailed", "--result-dir", str(folder), "--result-filename", "bench.json",
            "--disable-tqdm",
        ]  # fmt: skip
        environment = {
            **os.environ, "OPENAI_API_KEY": server.key or "", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
        }  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"vllm bench serve failed: {done.stdout[-1500:]}{done.stderr[-1500:]}")
        result = json.loads((folder / "bench.json").read_text())
        if result["failed"] or result["total_output_tokens"] != requests * given.tokens:
            # llama-server closes a connection after a stream without saying so; this client's next request fails
            print(f"left out: {result['failed']} of {requests} requests failed, answers of {result.get('output_lens')}")
            continue
        if streams == 1:
            found["output_speed"] = 1000 / result["mean_tpot_ms"]
            found["time_to_first_token"] = result["mean_ttft_ms"] / 1000
        else:
            found["total_throughput"] = result["output_throughput"]
    return found


def bare(artifact: Artifact, program: str, given: argparse.Namespace) -> Numbers:
    """Output speed by llama-bench, at the depth in the middle of what is served."""
    depth = given.prompt
    tests = run_llama_bench(
        program, artifact, prompt_tokens=given.prompt, generation_tokens=given.tokens, depths=(depth,), runs=1,
        threads=given.threads,
    )  # fmt: skip
    return {test.benchmark: test.measurement.score or 0.0 for test in tests}


def main() -> int:
    """Print the table; 1 if the two clients differ too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("--backend", default="llama.cpp")
    parser.add_argument("--vllm", type=Path, default=Path(".venv-vllm/bin/vllm"))
    parser.add_argument("--llama-server", help="of the same build as llama-bench; else the embedded one")
    parser.add_argument("--llama-bench")
    for name, default in (("rounds", 5), ("prompt", 128), ("tokens", 128), ("streams", 4), ("requests", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    kind = "gguf" if given.backend == "llama.cpp" else "safetensors"
    artifact = pull(resolve(str(given.release)), kind, "f16")
    options = ServerOptions(slots=given.streams, context=1024)
    if given.backend == "vllm":
        options = options.model_copy(update={"executable": str(given.vllm), "dtype": "float32"})
    else:
        options = options.model_copy(update={"threads": given.threads, "executable": given.llama_server})
    columns: dict[str, list[Numbers]] = {"ours": []}
    program = find_llama_bench(given.llama_bench) if given.backend == "llama.cpp" else None
    with (
        tempfile.TemporaryDirectory() as folder,
        open_server(given.backend, artifact, options, Path(folder)) as server,
    ):
        measure = ours(artifact, server, given)
        for _ in range(given.rounds):
            columns["ours"].append(measure())
            if given.vllm.exists():
                columns.setdefault("vllm bench serve", []).append(
                    vllm_bench(server, given.release, given, Path(folder))
                )
            if program:
                columns.setdefault("llama-bench", []).append(bare(artifact, program, given))
    worst = 0.0
    print(f"{'quantity':22}{'program':20}{'median':>12}{'ours/it':>10}")
    for name in ("output_speed", "total_throughput", "time_to_first_token"):
        first = median(row[name] for row in columns["ours"] if name in row)
        for column, rows in columns.items():
            values = [row[name] for row in rows if name in row]
            if not values:
                continue
            ratio = first / median(values)
            print(f"{name:22}{column:20}{median(values):12.5g}{ratio:10.3f}")
            if column == "vllm bench serve" and name != "time_to_first_token":
                worst = max(worst, abs(ratio - 1))
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
