"""Whether files are what they should be before a server sees them."""

from __future__ import annotations

from pathlib import Path

from evaluators.records import Problem, Release
from evaluators.weights.choose import Offer
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.safetensors_header import read_safetensors_header
from evaluators.weights.small import json_file
from evaluators.weights.sources import LocalSource

CODE_CONFIGS = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")


def check_no_remote_code(release: Release, offer: Offer) -> None:
    """Raises Problem if a safetensors artifact asks for Python code of its repository (`auto_map`): it is never run."""
    if offer.format != "safetensors":
        return
    names = {entry.name for entry in offer.others}
    for name in CODE_CONFIGS:
        if name in names and "auto_map" in json_file(release, name):
            raise Problem(
                f"{release.model} brings its own code (auto_map in {name}), which is never run; choose a GGUF of it"
            )


def check_content(path: Path, name: str) -> None:
    """Raises Problem if a weight file's header is damaged or its tensors do not lie within the file."""
    if name.lower().endswith(".gguf"):
        read_gguf_header(LocalSource.of(path, name))
    elif name.endswith(".safetensors"):
        read_safetensors_header(LocalSource.of(path, name))
