"""Record many runs of real servers, for the simulation of the interval's coverage (tests/speed/recorded_runs.json).

    python tests/benchmarks/speed_samples.py [RUNS] > tests/speed/recorded_runs.json

llama.cpp with the demo's files, one thread; whatever else runs on the machine is in the samples, which is the point.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from evaluators.records import Settings
from evaluators.servers import ServerOptions, open_server
from evaluators.throughput.key import client_name, complete
from evaluators.throughput.quantities import QUANTITIES
from evaluators.throughput.rounds import Rounds
from evaluators.throughput.stream import Client
from evaluators.weights import pull, resolve

RELEASE = Path(__file__).parents[2] / "flows" / "demo" / "release"


def main(runs: int) -> None:
    """Print {quantity: [value of each run]}."""
    artifact = pull(resolve(str(RELEASE)), "gguf", "F16")
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        options = ServerOptions(threads=1, slots=1)
        with open_server("llama.cpp", artifact, options, Path(folder)) as server:
            for name in ("output_speed", "prompt_speed", "time_to_first_token"):
                settings = complete(Settings(), artifact, server.describe(), client=client_name())
                side = Rounds(Client(server), QUANTITIES[name], settings, seed=1)
                side.warm_up()
                values = (side.run() for _ in range(runs))
                found[name] = [float(f"{value:.5g}") for value in values if value is not None]
    print("{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(values)}" for name, values in found.items()) + "\n}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
