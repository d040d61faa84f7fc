"""How many bytes of weights one generated token reads: what memory bandwidth divides by to give a speed limit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.records import Artifact, UserError


@dataclass(frozen=True)
class WeightBytes:
    """Bytes read per token."""

    active: int
    """Bytes of the weights that one token reads."""
    total: int
    """Bytes of all tensors."""
    how: str
    """The formula with its numbers."""


def weight_bytes(artifact: Artifact) -> WeightBytes | None:
    """Bytes of weights read per generated token, from the headers of the artifact's own files; None if they cannot be
    read. All tensors' bytes times the share of parameters that are active (routed experts that a token does not use and
    the input embedding left out), so an estimate where layers are quantized differently."""
    from evaluators.specification.parameters import count_parameters
    from evaluators.weights.architecture import architecture_of_config, architecture_of_parts
    from evaluators.weights.gguf_header import read_gguf_header
    from evaluators.weights.safetensors_header import read_safetensors_header
    from evaluators.weights.sources import LocalSource
    from evaluators.weights.stranger_files import BROKEN, object_of

    path = Path(artifact.path)
    folder = path.parent if artifact.format == "gguf" else path
    suffix = "." + artifact.format
    names = [Path(file.name).name for file in artifact.files if file.name.endswith(suffix)]
    try:
        sources = [LocalSource.of(folder / name) for name in names]
        if artifact.format == "gguf":
            headers = [read_gguf_header(source) for source in sources]
            shape = architecture_of_parts(headers)
            tensors: list[Any] = [tensor for header in headers for tensor in header.tensors]
        else:
            shape = architecture_of_config(
                object_of((folder / "config.json").read_text(encoding="utf-8"), "config.json")
            )
            tensors = [tensor for source in sources for tensor in read_safetensors_header(source).tensors]
    except (UserError, OSError, *BROKEN):
        return None
    counts = count_parameters(tensors, shape)
    total = sum(tensor.size for tensor in tensors)
    if not counts.total or not counts.says_active:
        return None
    active = round(total * counts.active_without_lookups / counts.total)
    how = f"{total:,} bytes of tensors x {counts.active_without_lookups:,} / {counts.total:,} active parameters"
    return WeightBytes(active, total, how)
