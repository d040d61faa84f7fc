"""Time to read the header of a GGUF file with a large vocabulary: ours as a ratio to the `gguf` package's reader.

python -m tests.benchmarks.gguf_header
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np

from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.sources import LocalSource

VOCABULARY = 151_936
TENSORS = 400


def write(path: Path) -> None:
    """A GGUF file with as many tokens, merges and tensors as an 8B model of today, and no weights to speak of."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(TENSORS)
    writer.add_token_list([f"token {number}" for number in range(VOCABULARY)])
    writer.add_token_types([1] * VOCABULARY)
    writer.add_token_merges([f"a{number} b{number}" for number in range(VOCABULARY)])
    for number in range(TENSORS):
        writer.add_tensor(f"blk.{number}.ffn_up.weight", np.zeros((1, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def seconds(read: Callable[[], object]) -> float:
    """Shortest of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        read()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print both times and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large-vocabulary.gguf"
        write(path)
        ours = seconds(lambda: read_gguf_header(LocalSource.of(path)))
        theirs = seconds(lambda: gguf.GGUFReader(path))
    print(f"ours {ours:.3f} s, gguf package {theirs:.3f} s, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
