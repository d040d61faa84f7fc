"""The header of a safetensors file: names, shapes and places of tensors. https://huggingface.co/docs/safetensors"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod

from evaluators.records import UserError
from evaluators.weights.sources import FileSource, Window
from evaluators.weights.stranger_files import MOST_ELEMENTS, StoredTensor, stranger_file

LIMIT = 32 * 2**20
"""Longest header in bytes that is read: a third of what the format allows, ten times what the largest files have."""


@dataclass(frozen=True)
class SafetensorsHeader:
    """What a safetensors file says about itself."""

    metadata: dict[str, str]
    tensors: tuple[StoredTensor, ...]


def read_safetensors_header(source: FileSource) -> SafetensorsHeader:
    """Read and check the header: the data of the tensors must fill the rest of the file exactly.

    Raises UserError, one line that names the file, if it is no safetensors file or truncated.
    """
    window = Window(source, block=1 << 18)
    with stranger_file(source.name, "safetensors header", size=source.size):
        length = int.from_bytes(window.read(0, 8), "little")
        if not 2 <= length <= LIMIT:
            raise UserError(f"{source.name} is no safetensors file (header of {length} bytes); fetch it again")
        header = _parse(json.loads(window.read(8, length)), 8 + length)
    end = max((tensor.begin + tensor.size for tensor in header.tensors), default=8 + length)
    if end != source.size:
        state = "is truncated" if end > source.size else "has bytes that belong to no tensor"
        raise UserError(
            f"{source.name} {state}: its tensors end at byte {end}, the file at {source.size}; fetch it again"
        )
    return header


def _parse(raw: dict[str, dict], data: int) -> SafetensorsHeader:
    metadata = {str(key): str(value) for key, value in raw.pop("__metadata__", {}).items()}
    tensors = []
    for name, entry in raw.items():
        begin, end = (int(number) for number in entry["data_offsets"])
        shape = tuple(int(number) for number in entry["shape"])
        if begin < 0 or end < begin or any(number < 0 for number in shape) or prod(shape) > MOST_ELEMENTS:
            raise ValueError(name[:80])
        tensors.append(StoredTensor(name, shape, str(entry["dtype"]), data + begin, end - begin))
    return SafetensorsHeader(metadata, tuple(tensors))
