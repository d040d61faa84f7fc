"""A folder of safetensors in the hub's layout: sound enough to start a server on, and how large its cache is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.records import UserError
from evaluators.weights.architecture import Architecture, architecture_of_config
from evaluators.weights.safetensors_header import read_safetensors_header
from evaluators.weights.sources import LocalSource
from evaluators.weights.stranger_files import default_template, object_of


@dataclass(frozen=True)
class Checkpoint:
    """What the folder says about its model."""

    context: int | None
    """Tokens it can attend to."""
    vocabulary: int | None
    """Rows of its embedding."""
    architecture: Architecture
    """Sizes that its KV cache hangs on."""
    template_sha256: str | None
    """SHA-256 of the chat template; None if it brings none."""
    size: int
    """Bytes of the weights."""


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read the config and the headers of the weights.

    Raises UserError, one line, for a folder without config or weights and for weights that are truncated or garbage.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; pull the weights again")
    config = _json(folder / "config.json")
    files = sorted(folder.glob("*.safetensors"))
    index = folder / "model.safetensors.index.json"
    weight_map = _json(index).get("weight_map") if index.exists() else None
    named = {str(name) for name in weight_map.values()} if isinstance(weight_map, dict) else set()
    # the same weights once more in Mistral's own layout
    files = [file for file in files if file.name in named or not file.name.startswith("consolidated")] or files
    if not files:
        raise UserError(f"there are no safetensors in {folder}; pull the weights again, or serve a GGUF file")
    for file in files:
        _check_weights(file)
    if missing := sorted(named - {file.name for file in files}):
        raise UserError(f"there is no file {folder / missing[0]}; pull the weights again")
    architecture = architecture_of_config(config, str(folder / "config.json"))
    return Checkpoint(
        context=architecture.context or None,
        vocabulary=architecture.vocabulary or None,
        architecture=architecture,
        template_sha256=_template_hash(folder),
        size=sum(file.stat().st_size for file in files),
    )


def _check_weights(file: Path) -> None:
    try:
        read_safetensors_header(LocalSource.of(file, str(file)))
    except UserError as error:
        raise UserError(f"{str(error).rpartition(';')[0]}; pull the weights again") from None


def _template_hash(folder: Path) -> str | None:
    """Of the template that transformers would use: its own file first, then the tokenizer's config."""
    own = folder / "chat_template.jinja"
    if own.exists():
        return hashlib.sha256(own.read_bytes()).hexdigest()
    settings = folder / "tokenizer_config.json"
    template = default_template(_json(settings).get("chat_template")) if settings.exists() else None
    return hashlib.sha256(template.encode("utf-8", "surrogatepass")).hexdigest() if isinstance(template, str) else None


def _json(path: Path) -> dict[str, Any]:
    try:
        return object_of(path.read_text(encoding="utf-8", errors="replace"), str(path))
    except FileNotFoundError:
        raise UserError(f"there is no file {path}; pull the weights again") from None
