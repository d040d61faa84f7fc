"""Record many runs of a real server, for the simulation of the interval's coverage (tests/speed/recorded_calm.json).

    python -m tests.benchmarks.speed_samples FILE RELEASE [--runs 100] [--quantity output_speed ...]

RELEASE: `flows/demo/release`, or a folder made by `tests.benchmarks.random_model`. llama.cpp, one thread. The runs are
those that the product would keep: made and filtered by `gather`, in its order. Adds to what FILE holds already, under
the name of the release and the quantity. (recorded_busy.json was recorded before, unfiltered, on a machine that
compiled meanwhile.)
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from evaluators.backends import ServerOptions, open_server
from evaluators.records import Settings
from evaluators.speed.conditions import client_name, complete_conditions
from evaluators.speed.lengths import lengthen
from evaluators.speed.measure_speed import quantity_of
from evaluators.speed.request_batches import Rounds
from evaluators.speed.sampling_loop import gather
from evaluators.speed.stability import OTHERS
from evaluators.speed.stream import StreamClient
from evaluators.weights import pull, resolve

QUANTITIES = ("output_speed", "prompt_speed", "time_to_first_token")


def main() -> None:
    """Add to the file, one list of values a quantity."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("release", type=Path)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--quantity", nargs="*", default=QUANTITIES)
    given = parser.parse_args()
    artifact = pull(resolve(str(given.release)), "gguf", "F16")
    samples = json.loads(given.file.read_text()) if given.file.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        options = ServerOptions(threads=1, slots=1)
        with open_server("llama.cpp", artifact, options, Path(folder)) as server:
            client, about = StreamClient(server), server.describe()
            for name in given.quantity:
                quantity = quantity_of(name)
                filled = complete_conditions(
                    Settings(), artifact, about, client=client_name(), generates=quantity.generates
                )
                filled = lengthen(client, quantity, filled, Settings(), about.context)
                side = Rounds(client, quantity, filled, seed=1)
                found = gather([side], [server], given.runs, allowed=OTHERS)
                if reason := found.verdict(found.side(), OTHERS, spread=float("inf")):
                    print(f"{name}: {reason}", file=sys.stderr)
                samples[f"{artifact.release.model} {name}"] = [float(f"{value:.5g}") for value in found.side()]
                print(f"{name}: {len(found.values)} kept of {found.made}", file=sys.stderr)
    lines = (f" {json.dumps(name)}: {json.dumps(values)}" for name, values in samples.items())
    given.file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
