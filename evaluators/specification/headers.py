"""Headers of all weight files of an artifact, without pulling the weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from evaluators.records import Release
from evaluators.specification.parameters import Parameters, count_parameters
from evaluators.weights.choose import Offer
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.safetensors_header import read_safetensors_header
from evaluators.weights.shape import Shape, shape_of_config, shape_of_gguf, text_config
from evaluators.weights.small import json_file, source

STREAMS = 8
"""Headers read at a time from the hub."""


@dataclass(frozen=True)
class Headers:
    """What the headers of an artifact say together."""

    shape: Shape
    parameters: Parameters
    types: dict[str, int]
    """Element type -> bytes of all tensors of that type."""
    files: int
    """Headers read."""


def read_headers(release: Release, offer: Offer) -> Headers:
    """Read the headers of all weight files of an offer: from disk, or from the hub through range requests.

    Raises Problem if a header is damaged or the hub refuses.
    """
    sources = [source(release, entry.name, entry.size) for entry in offer.weights]
    with ThreadPoolExecutor(STREAMS if release.location == "hub" else 1) as pool:
        if offer.format == "gguf":
            gguf = list(pool.map(read_gguf_header, sources))
            shape = shape_of_gguf(gguf[0])
            tensors: list[Any] = [tensor for header in gguf for tensor in header.tensors]
            quantization: dict[str, Any] = {}
        else:
            config = json_file(release, "config.json")
            shape = shape_of_config(config)
            tensors = [tensor for header in pool.map(read_safetensors_header, sources) for tensor in header.tensors]
            quantization = text_config(config).get("quantization_config") or {}
    types: dict[str, int] = {}
    for tensor in tensors:
        types[tensor.type] = types.get(tensor.type, 0) + tensor.size
    return Headers(shape, count_parameters(tensors, shape, quantization), types, len(sources))
