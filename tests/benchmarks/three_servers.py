"""The demo's scores from llama.cpp, vLLM and transformers, side by side, on the whole benchmarks.

    python -m tests.benchmarks.three_servers [--vllm .venv-vllm/bin/vllm]

llama.cpp and vLLM are measured now through the product's own engine; transformers was measured by
`tests/demo_model/measure.py` without lm-eval and without a server (torch is not needed here). Ends with exit code 1 if
two of them differ by more than half a point.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from evaluators.backends import ServerOptions, open_server
from evaluators.catalogue import benchmark
from evaluators.harness import complete_settings, run_benchmark
from evaluators.records import Settings
from evaluators.weights import pull, resolve
from flows.demo import RELEASE

LIMIT = 0.005
"""Half a point."""
MEASURED = Path(__file__).parents[1] / "demo_model" / "measured.json"
SERVED = {"llama.cpp": ("gguf", "f16"), "vllm": ("safetensors", "f16")}


def measured_by_server(backend: str, options: ServerOptions, folder: Path) -> dict[str, float]:
    """Score by `benchmark/protocol/shots/filter or metric`, each of the whole benchmark."""
    artifact = pull(resolve(str(RELEASE)), *SERVED[backend])
    scores = {}
    with open_server(backend, artifact, options, folder / "logs") as server:
        for name in ("demo_sums", "demo_facts"):
            settings = complete_settings(benchmark(name), Settings())
            run = run_benchmark(benchmark(name), artifact, server, settings, folder=folder)
            for found in run.measurements:
                assert found.items == found.of, found
                if found.score is not None:
                    scores[f"{name}/completion/0/{found.metric if found.filter == 'none' else found.filter}"] = (
                        found.score
                    )
    return scores


def measured_by_transformers() -> dict[str, float]:
    """The stored independent measurement."""
    stored = json.loads(MEASURED.read_text(encoding="utf-8"))
    return {name: entry["value"] for name, entry in stored.items() if "/completion/0/" in name}


def main() -> int:
    """Print the table; 1 if two columns differ by more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vllm", type=Path, default=Path(".venv-vllm/bin/vllm"))
    given = parser.parse_args()
    columns = {"transformers": measured_by_transformers()}
    with tempfile.TemporaryDirectory() as folder:
        columns["llama.cpp"] = measured_by_server("llama.cpp", ServerOptions(), Path(folder))
        if given.vllm.exists():
            options = ServerOptions(executable=str(given.vllm), dtype="float32", context=1024)
            columns["vllm"] = measured_by_server("vllm", options, Path(folder))
        else:
            print(f"vllm is left out: there is no {given.vllm}; `make test-vllm` installs it")
    worst = 0.0
    print(f"{'score':40}" + "".join(f"{name:>14}" for name in columns) + f"{'spread':>10}")
    for name in columns["llama.cpp"]:
        values = [column[name] for column in columns.values() if name in column]
        spread = max(values) - min(values)
        worst = max(worst, spread)
        cells = "".join(f"{100 * column[name]:14.2f}" if name in column else f"{'':14}" for column in columns.values())
        print(f"{name:40}{cells}{100 * spread:10.2f}")
    print(f"largest spread {100 * worst:.2f} points, limit {100 * LIMIT:g}")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
