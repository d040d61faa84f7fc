"""A folder of safetensors in the hub's layout: sound enough to start a server on, and how large its cache is."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

from evaluators.records import UserError
from evaluators.weights.architecture import Architecture, architecture_of_config

LARGEST_HEADER = 100_000_000
"""Bytes; the safetensors format allows no more."""


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
    if not files:
        raise UserError(f"there are no safetensors in {folder}; pull the weights again, or serve a GGUF file")
    for file in files:
        _check_weights(file)
    index = folder / "model.safetensors.index.json"
    if index.exists():
        weight_map = _json(index).get("weight_map")
        named = set(weight_map.values()) if isinstance(weight_map, dict) else set()
        if missing := sorted(named - {file.name for file in files}):
            raise UserError(f"there is no file {folder / missing[0]}; pull the weights again")
    architecture = architecture_of_config(config)
    text = config.get("text_config")
    if isinstance(text, dict):
        config = {**config, **text}
    return Checkpoint(
        context=_whole(config, "max_position_embeddings") or None,
        vocabulary=_whole(config, "vocab_size") or None,
        architecture=architecture,
        template_sha256=_template_hash(folder),
        size=sum(file.stat().st_size for file in files),
    )


def _check_weights(file: Path) -> None:
    """Format: 8 bytes header length, JSON header with offsets, data (https://huggingface.co/docs/safetensors)."""
    size = file.stat().st_size
    with file.open("rb") as data:
        start = data.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(LARGEST_HEADER, size):
            raise UserError(f"{file} is not a safetensors file or is truncated; pull the weights again")
        try:
            header = json.loads(data.read(length))
            end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            raise UserError(f"{file} has an unreadable header; pull the weights again") from None
    if 8 + length + end != size:
        raise UserError(f"{file} has {size} bytes instead of {8 + length + end}; pull the weights again")


def _template_hash(folder: Path) -> str | None:
    """Of the template that transformers would use: its own file first, then the tokenizer's config."""
    own = folder / "chat_template.jinja"
    if own.exists():
        return hashlib.sha256(own.read_bytes()).hexdigest()
    settings = folder / "tokenizer_config.json"
    template = _json(settings).get("chat_template") if settings.exists() else None
    return hashlib.sha256(template.encode()).hexdigest() if isinstance(template, str) else None


def _json(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no file {path}; pull the weights again") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError(f"{path} is not a JSON object; pull the weights again")
    return found


def _whole(config: dict[str, object], name: str) -> int:
    value = config.get(name)
    return value if isinstance(value, int) else 0
