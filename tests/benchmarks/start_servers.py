"""How long a llama.cpp server takes to start, answer and end, beside what Python alone needs to load xllamacpp.

    python -m tests.benchmarks.start_servers [REPEATS]

Prints medians in seconds and the ratio to `python -c "import xllamacpp"` in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evaluators.backends import ServerOptions, open_server
from evaluators.records import Artifact, Release

WEIGHTS = Path(__file__).parents[2] / "flows" / "demo" / "release"


def main() -> None:
    """Measure and print."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    file = min(WEIGHTS.glob("*.gguf"))
    artifact = Artifact(
        release=Release(model="demo", commit="0", location=str(WEIGHTS)),
        format="gguf",
        quantization="f16",
        path=str(file),
        files=(),
    )
    measured: dict[str, list[float]] = {"import": [], "start": [], "describe": [], "stop": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", "import xllamacpp"], check=True)
            measured["import"].append(time.perf_counter() - began)
            began = time.perf_counter()
            with open_server("llama.cpp", artifact, ServerOptions(), Path(folder)) as server:
                measured["start"].append(time.perf_counter() - began)
                began = time.perf_counter()
                server.describe()
                measured["describe"].append(time.perf_counter() - began)
                began = time.perf_counter()
            measured["stop"].append(time.perf_counter() - began)
    base = statistics.median(measured["import"])
    for name, values in measured.items():
        middle = statistics.median(values)
        print(f"{name:10} {middle:6.3f} s   {middle / base:5.2f} x import")


if __name__ == "__main__":
    main()
