"""The header of a GGUF file: metadata and where each tensor lies.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Own reader because the `gguf` package maps whole
local files and reads every token of the vocabulary one by one; ours reads a header over range requests too, leaves
long arrays unread and says what is wrong in one line. Element sizes and names come from the `gguf` package.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from math import prod
from typing import Any

from evaluators.records import UserError
from evaluators.weights.sources import FileSource, Window
from evaluators.weights.stranger_files import MOST_ELEMENTS, StoredTensor, stranger_file

FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
MOST_TENSORS, MOST_KEYS, MOST_TEXTS = 100_000, 10_000, 3_000_000
"""Several times what the largest models have; a header with more is made to cost time."""
SHORT = 1024
"""Arrays of numbers up to this length are read; of longer ones and of strings only the length is kept."""


@dataclass(frozen=True)
class Long:
    """Stands for an array that was not read."""

    length: int


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says about itself."""

    version: int
    metadata: dict[str, Any]
    """Key to value; arrays longer than `SHORT` and arrays of strings as `Long`."""
    tensors: tuple[StoredTensor, ...]
    size: int
    """Bytes of the file."""
    name: str = ""
    """Of the file, for messages."""

    @property
    def architecture(self) -> str:
        """`general.architecture`, empty if not stated."""
        return str(self.metadata.get("general.architecture", ""))

    def check(self) -> None:
        """Raise ValueError for a number about the architecture that no model has, or that is no number."""
        for key, value in self.metadata.items():
            if not key.startswith(f"{self.architecture}."):
                continue
            for number in value if isinstance(value, list) else [value]:
                if isinstance(number, float) and not math.isfinite(number):
                    raise ValueError(f"{key} is {number}")

    def get(self, key: str, default: Any = None) -> Any:
        """Value of `<architecture>.<key>`."""
        return self.metadata.get(f"{self.architecture}.{key}", default)

    @property
    def quantization(self) -> str | None:
        """Quantization by `general.file_type`, e.g. `Q4_K_M`, `f16`; None if not stated."""
        number = self.metadata.get("general.file_type")
        if number is None:
            return None
        from gguf import LlamaFileType

        try:
            name = LlamaFileType(number).name
        except ValueError:
            return None
        name = name.removeprefix("MOSTLY_").removeprefix("ALL_")
        return name.lower() if name in ("F32", "F16", "BF16") else name


def read_gguf_header(source: FileSource) -> GgufHeader:
    """Read and check the header of a GGUF file.

    Raises UserError, one line that names the file, if it is no GGUF file, of an unknown version, ends inside
    the header, or if the data of a tensor does not lie within the file (a download that broke off).
    """
    window = Window(source)
    with stranger_file(source.name, "GGUF header", size=source.size):
        header = _read(source, window)
        header.check()
    for tensor in header.tensors:
        if tensor.begin + tensor.size > source.size:
            raise UserError(
                f"{source.name} is truncated: tensor {tensor.name} needs bytes up to {tensor.begin + tensor.size}, "
                f"the file has {source.size}; fetch it again"
            )
    return header


def _read(source: FileSource, window: Window) -> GgufHeader:
    if source.size < 4 or window.read(0, 4) != b"GGUF":
        first = window.read(0, min(4, source.size)) if source.size else b""
        raise UserError(f"{source.name} is no GGUF file (it begins with {first!r}); check the name or fetch it again")
    cursor = _Cursor(window, 4)
    version = cursor.number("I")
    if version & 0xFFFF == 0:
        raise UserError(
            f"{source.name} is a big-endian GGUF file, which no server here reads; fetch the little-endian one"
        )
    if not 2 <= version <= 3:
        raise UserError(f"{source.name} is GGUF version {version}; versions 2 and 3 are read; fetch it again")
    tensors, pairs = cursor.number("Q"), cursor.number("Q")
    if tensors > MOST_TENSORS or pairs > MOST_KEYS:
        raise ValueError(f"{tensors} tensors and {pairs} keys")
    metadata = {}
    for _ in range(pairs):
        key = cursor.text()
        metadata[key] = cursor.value(cursor.number("I"))
    raw = [(cursor.text(), cursor.shape(), cursor.number("I"), cursor.number("Q")) for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 2**20:
        raise ValueError(f"alignment {alignment}")
    data = -(-cursor.offset // alignment) * alignment
    return GgufHeader(version, metadata, tuple(_tensor(*fields, data) for fields in raw), source.size, source.name)


def _tensor(name: str, shape: tuple[int, ...], kind: int, offset: int, data: int) -> StoredTensor:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    if prod(shape) > MOST_ELEMENTS:
        raise ValueError(f"{name[:80]} has {prod(shape):.3g} elements")
    try:
        element = GGMLQuantizationType(kind)
    except ValueError:  # newer than the gguf package: the server may know it, only its size cannot be checked
        return StoredTensor(name, shape, f"type {kind}", data + offset, 0)
    block, size = GGML_QUANT_SIZES[element]
    return StoredTensor(name, shape, element.name, data + offset, prod(shape) // block * size)


class _Cursor:
    """A place in the header that moves forward."""

    def __init__(self, window: Window, offset: int) -> None:
        self.window = window
        self.offset = offset
        self.texts = 0
        """Texts of arrays passed so far, which are read one by one."""

    def take(self, length: int) -> bytes:
        piece = self.window.read(self.offset, length)
        self.offset += length
        return piece

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def shape(self) -> tuple[int, ...]:
        dimensions = self.number("I")
        if dimensions > 8:
            raise ValueError(f"a tensor with {dimensions} dimensions")
        return tuple(self.number("Q") for _ in range(dimensions))

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self.array(self.number("I"), self.number("Q"))
        return self.number(FIXED[kind])

    def array(self, kind: int, length: int, depth: int = 0) -> Any:
        if kind in FIXED:
            width = struct.calcsize("<" + FIXED[kind])
            if length <= SHORT:
                return list(struct.unpack(f"<{length}{FIXED[kind]}", self.take(length * width)))
            if self.offset + length * width > self.window.source.size:
                raise EOFError
            self.offset += length * width
            return Long(length)
        if kind == STRING:
            self.texts += length
            if self.texts > MOST_TEXTS:
                raise ValueError(f"{self.texts:,} texts in arrays")
            for _ in range(length):
                width = self.number("Q")
                if self.offset + width > self.window.source.size:
                    raise EOFError
                self.offset += width
            return Long(length)
        if kind == ARRAY:
            if depth > 2 or length > SHORT:
                raise ValueError(f"{length:,} arrays in an array")
            return [self.array(self.number("I"), self.number("Q"), depth + 1) for _ in range(length)]
        raise KeyError(f"value type {kind}")
