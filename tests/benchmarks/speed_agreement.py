"""Served speed against other programs' numbers from the same server, in the same run.

    python -m tests.benchmarks.speed_agreement RELEASE [--backend llama.cpp] [--vllm PATH] [--guidellm PATH]
        [--llama-server PATH --llama-bench PATH] [--rounds 7] [--prompt 128] [--tokens 128] [--streams 4]
        [--requests 10] [--threads 1] [--dtype float32] [--minutes 60]

RELEASE: `flows/demo/release`, or a folder made by `tests.benchmarks.random_model`. One server; in each round every
program measures it between two measurements of ours (ours, theirs, ours), since a machine's speed changes from one
minute to the next, and the order of the programs turns from round to round. The ratio of a round is the geometric mean
of our two over theirs. Prints medians, and the median and range of the ratios. Ends with 1 if the median ratio of a
served speed differs by more than 5 % (time to first token and llama-bench are shown, not judged).

--vllm: `vllm bench serve`, which fits vLLM; on llama-server some of its requests fail. --guidellm: fits both; it parses
every token as it comes, so on two processor cores it falls behind a server of thousands of tokens a second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from statistics import median

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.records import Artifact, Settings
from evaluators.speed.conditions import client_name, complete_conditions
from evaluators.speed.llama_bench import find_llama_bench
from evaluators.speed.metrics import QUANTITIES
from evaluators.speed.request_batches import Rounds
from evaluators.speed.stream import StreamClient
from evaluators.weights import pull, resolve
from tests.benchmarks.speed_peers import Numbers, bare, guidellm, vllm_bench

LIMIT = 0.05
JUDGED = ("output_speed", "total_throughput")
Measure = Callable[[], Numbers]


def ours(artifact: Artifact, server: ModelServer, given: argparse.Namespace) -> Measure:
    """A function that measures each quantity with our client, `given.requests` requests a stream."""
    client, sides = StreamClient(server), {}
    for name, streams in (("output_speed", 1), ("time_to_first_token", 1), ("total_throughput", given.streams)):
        asked = Settings(prompt_tokens=given.prompt, generation_tokens=given.tokens, concurrency=streams)
        filled = complete_conditions(asked, artifact, server.describe(), client=client_name())
        side = sides[name] = Rounds(client, QUANTITIES[name], filled, seed=3)
        side.warm_up()
        # as long as the others measure
        side.batches = given.requests
    return lambda: {name: found for name, side in sides.items() if (found := side.run()) is not None}


def peers(artifact: Artifact, server: ModelServer, given: argparse.Namespace, folder: Path) -> dict[str, Measure]:
    """The programs that were asked for."""
    found: dict[str, Measure] = {}
    if given.vllm:
        found["vllm bench serve"] = lambda: vllm_bench(server, given.release, given, folder)
    if given.guidellm:
        found["guidellm"] = lambda: guidellm(server, given.release, given, folder)
    if given.backend == "llama.cpp" and given.llama_bench and (program := find_llama_bench(given.llama_bench)):
        found["llama-bench"] = lambda: bare(artifact, program, given)
    return found


def compare(
    mine: Measure, others: dict[str, Measure], rounds: int, minutes: float
) -> dict[str, list[tuple[Numbers, Numbers]]]:
    """(ours, theirs) of every round, by program; ours is the mean of before and after. No round begins after
    `minutes`."""
    found: dict[str, list[tuple[Numbers, Numbers]]] = {name: [] for name in others}
    began = time.monotonic()
    for number in range(rounds):
        if time.monotonic() - began > 60 * minutes:
            break
        names = list(others)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            before, theirs, after = mine(), others[name](), mine()
            both = {key: sqrt(before[key] * after[key]) for key in before if key in after}
            found[name].append((both, theirs))
            shown = {key: f"{both[key] / theirs[key]:.3f}" for key in both if key in theirs}
            print(f"round {number + 1} {name}: {shown}", file=sys.stderr, flush=True)
    return found


def report(found: dict[str, list[tuple[Numbers, Numbers]]]) -> float:
    """Print the table; the largest deviation of a median ratio that is judged."""
    worst = 0.0
    print(f"{'quantity':20} {'program':17} {'ours':>9} {'theirs':>9} {'ours/theirs':>11} {'range':>15} rounds")
    for name in (*JUDGED, "time_to_first_token"):
        for program, rows in found.items():
            pairs = [(mine[name], theirs[name]) for mine, theirs in rows if name in mine and name in theirs]
            if not pairs:
                continue
            ratios = [mine / theirs for mine, theirs in pairs]
            middle = median(ratios)
            left, right = (median(column) for column in zip(*pairs, strict=True))
            span = f"[{min(ratios):.3f}, {max(ratios):.3f}]"
            print(f"{name:20} {program:17} {left:9.4g} {right:9.4g} {middle:11.3f} {span:>15} {len(ratios)}")
            if name in JUDGED and program != "llama-bench":
                worst = max(worst, abs(middle - 1))
    return worst


def main() -> int:
    """Print the table; 1 if the clients differ too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("--backend", default="llama.cpp")
    parser.add_argument("--vllm", type=Path, help="vLLM's program, to serve (--backend vllm) and to measure")
    parser.add_argument("--guidellm", type=Path, help="guidellm's program, in an environment of its own")
    parser.add_argument("--llama-server", help="of the same build as llama-bench; else the embedded one")
    parser.add_argument("--llama-bench")
    for name, default in (("rounds", 7), ("prompt", 128), ("tokens", 128), ("streams", 4), ("requests", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="begin no round after this")
    parser.add_argument("--dtype", default="float32", help="of vLLM")
    given = parser.parse_args()
    for name in ("vllm", "guidellm"):
        if path := getattr(given, name):
            setattr(given, name, path.absolute())
    given.release = given.release.absolute()
    kind = "gguf" if given.backend == "llama.cpp" else "safetensors"
    artifact = pull(resolve(str(given.release)), kind, "f16")
    options = ServerOptions(slots=given.streams, context=1024, threads=given.threads)
    if given.backend == "vllm":
        options = options.model_copy(update={"executable": str(given.vllm), "dtype": given.dtype})
    else:
        options = options.model_copy(update={"executable": given.llama_server})
    with (
        tempfile.TemporaryDirectory() as folder,
        open_server(given.backend, artifact, options, Path(folder)) as server,
    ):
        others = peers(artifact, server, given, Path(folder))
        found = compare(ours(artifact, server, given), others, given.rounds, given.minutes)
    return int(report(found) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
