"""What is run, and where: releases, artifacts, machines, servers."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field

from evaluators.record_base import Record


class Release(Record):
    """A model id at a commit: what a vendor published."""

    model: str
    """Model id as on the hub, e.g. `Qwen/Qwen3.6-35B-A3B`; for a local folder its card's name for it, else its own."""
    commit: str
    """Commit SHA on the hub; for a local folder the SHA-256 over its files' names and hashes."""
    location: str
    """`hub` or the absolute path of a local folder laid out like a hub repository."""


class WeightFile(Record):
    """One file of an artifact."""

    name: str
    """Path inside the repository, POSIX style."""
    size: int
    """Bytes."""
    sha256: str
    """SHA-256 of the content, hex."""


class Artifact(Record):
    """The concrete weights that are run."""

    release: Release
    """The release it belongs to."""
    format: Literal["safetensors", "gguf", "unknown"]
    """Container of the weights; `unknown`: they were not seen."""
    quantization: str
    """`bf16`, `f16`, `f32`, `Q8_0`, `Q4_K_M`, ... as the files say."""
    path: str
    """Local path: the (first) GGUF file, or the folder that holds the safetensors and the tokenizer."""
    files: tuple[WeightFile, ...]
    """Every file that determines answers: weights, config, tokenizer, chat template."""

    @property
    def key(self) -> str:
        """SHA-256 (hex) over the sorted file hashes: two artifacts with one key give the same answers. Empty where the
        weights were not seen."""
        if self.format == "unknown":
            return ""
        lines = sorted(f"{file.name}:{file.sha256}" for file in self.files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Hardware(Record):
    """The machine a server runs on, as read from it; unknown is None, never a guess."""

    cpu: str | None = None
    """Processor name."""
    cores: int | None = None
    """Processor cores usable by this process."""
    memory: int | None = None
    """Main memory in bytes."""
    gpu: str | None = None
    """GPU product name."""
    gpus: int = 0
    """Number of GPUs used."""
    gpu_memory: int | None = None
    """Memory of one GPU in bytes."""
    driver: str | None = None
    """GPU driver version."""
    gpu_clock: int | None = None
    """SM clock in MHz while measuring."""


class ServerDescription(Record):
    """Provenance of a running model server."""

    backend: str
    """`llama.cpp`, `vllm`, `ollama` or `attached`."""
    version: str
    """Version as the server or its package reports it."""
    flags: dict[str, str] = Field(default_factory=dict)
    """Every flag it was started with, by long name; the key is left out."""
    model: str
    """Name under which the server offers the model."""
    artifact_key: str | None = None
    """`Artifact.key` of what it serves; None for an attached server."""
    context: int | None = None
    """Tokens one request may use, prompt and answer together."""
    slots: int = 1
    """Requests it works on at a time."""
    vocabulary: int | None = None
    """Number of token ids."""
    kv_type: str | None = None
    """Element type of the KV cache, e.g. `f16`."""
    flash_attention: str | None = None
    """`on`, `off` or `auto` as started."""
    adds_bos: bool | None = None
    """Whether the tokenizer puts BOS before a plain prompt."""
    sampling_defaults: str | None = None
    """What the server says of its own sampling defaults (Modelfile, generation_config.json); None: not known here."""
    chat_template_sha256: str | None = None
    """SHA-256 of the chat template in use; None if there is none or it cannot be read."""
    parameters: int | None = None
    """Parameters of its model, as a server that somebody else runs tells it."""
    fingerprint: str | None = None
    """Id of what it answers to a few items, where its weights were not seen: a mended or exchanged server has another.
    None for weights that were seen."""
    hardware: Hardware = Hardware()
    """The machine, where it is ours to read."""

    @property
    def weights_seen(self) -> bool:
        """Whether it is known by files what it serves."""
        return self.artifact_key is not None or self.backend not in ("attached", "ollama")
