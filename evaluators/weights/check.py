"""Whether files are what they should be before a server sees them."""

from __future__ import annotations

from pathlib import Path

from evaluators.records import Problem, Release
from evaluators.weights.choose import Offer
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.hashes import git_sha1, sha256
from evaluators.weights.listing import Entry
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


def check_hash(path: Path, entry: Entry) -> str:
    """SHA-256 (hex) of a file, after comparing its content with what the hub states.

    The hub states the SHA-256 of LFS files and the git blob id of the others. Raises Problem if it differs.
    """
    digest = sha256(path)
    if entry.sha256 is not None and digest != entry.sha256:
        raise Problem(
            f"{entry.name} has SHA-256 {digest[:16]}…, the hub says {entry.sha256[:16]}…: not what was published; "
            f"delete {path.resolve()} and pull again"
        )
    if entry.sha256 is None and entry.git_sha1 is not None and git_sha1(path) != entry.git_sha1:
        raise Problem(
            f"{entry.name} differs from what the hub states (git blob {entry.git_sha1[:16]}…): delete {path.resolve()} "
            f"and pull again"
        )
    return digest
