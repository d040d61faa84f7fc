"""The header of a GGUF file: enough to refuse a bad one before a server starts, and to size its context.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from evaluators.records import Problem

FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF header says about its model."""

    architecture: str
    """e.g. `llama`."""
    context: int | None
    """Tokens it was trained on."""
    vocabulary: int | None
    """Number of tokens."""
    chat_template: bool
    """Whether the file brings a chat template."""
    kv_elements: int
    """Elements one token takes in the KV cache, all layers; 0 where the header does not say."""
    size: int
    """Bytes of all parts."""


class _Reader:
    """Walks over the mapped file; struct.error means that it ended too early."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def number(self, code: str) -> int:
        value: int = struct.unpack_from("<" + code, self.data, self.at)[0]
        self.at += struct.calcsize(code)
        return value

    def text(self) -> str:
        length = self.number("Q")
        if self.at + length > len(self.data):
            raise struct.error("string runs past the end")
        self.at += length
        return self.data[self.at - length : self.at].decode(errors="replace")

    def value(self, kind: int) -> object:
        """A value; arrays give a list of numbers, or their length where they hold strings."""
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            if kind not in FIXED:
                raise struct.error(f"unknown value type {kind}")
            return self.number(FIXED[kind])
        inner, count = self.number("I"), self.number("Q")
        if inner in FIXED:
            code = f"{count}{FIXED[inner]}" if count else ""
            start, self.at = self.at, self.at + count * struct.calcsize(FIXED[inner])
            if self.at > len(self.data):
                raise struct.error("array runs past the end")
            return list(struct.unpack_from("<" + code, self.data, start)) if count <= 4096 else count
        for _ in range(count):
            if inner == STRING:
                self.at += 8 + struct.unpack_from("<Q", self.data, self.at)[0]
            else:
                self.value(inner)
        return count


def read_header(path: Path) -> GgufHeader:
    """Read the header of a GGUF file, or of the first of its parts.

    Raises Problem, one line, for a missing, empty, truncated, foreign or too new file and for a missing part.
    """
    parts = _parts(path)
    for part in parts:
        if not part.is_file():
            raise Problem(f"there is no file {part}; pull the weights again")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise Problem(f"{path} is not a GGUF file (it does not begin with 'GGUF'); pull the weights again")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = _Reader(data)
            reader.at = 4
            try:
                values = _values(reader, path)
            except (struct.error, OverflowError, RecursionError) as error:
                raise Problem(f"{path} is truncated or damaged ({error}); pull the weights again") from None
    return _header(values, sum(part.stat().st_size for part in parts))


def _parts(path: Path) -> list[Path]:
    split = PART.search(path.name)
    if not split:
        return [path]
    stem, count = path.name[: split.start()], int(split[2])
    return [path.with_name(f"{stem}-{number:05d}-of-{count:05d}.gguf") for number in range(1, count + 1)]


def _values(reader: _Reader, path: Path) -> dict[str, object]:
    version = reader.number("I")
    if not 2 <= version <= 3:
        raise Problem(f"{path} is GGUF version {version}, versions 2 and 3 can be read; convert it again")
    tensors, pairs = reader.number("Q"), reader.number("Q")
    values: dict[str, object] = {}
    for _ in range(pairs):
        key = reader.text()
        values[key] = reader.value(reader.number("I"))
    last = 0
    for _ in range(tensors):
        reader.text()
        for _ in range(reader.number("I")):
            reader.number("Q")
        reader.number("I")
        last = max(last, reader.number("Q"))
    if reader.at + last >= len(reader.data):
        raise struct.error("tensor data runs past the end of the file")
    if not isinstance(values.get("general.architecture"), str):
        raise struct.error("no general.architecture")
    return values


def _header(values: dict[str, object], size: int) -> GgufHeader:
    architecture = str(values["general.architecture"])

    def whole(name: str) -> int | None:
        value = values.get(f"{architecture}.{name}")
        return value if isinstance(value, int) else None

    tokens = values.get("tokenizer.ggml.tokens")
    layers, heads, width = whole("block_count") or 0, whole("attention.head_count"), whole("embedding_length") or 0
    kv_heads = values.get(f"{architecture}.attention.head_count_kv", heads)
    key = whole("attention.key_length") or (width // heads if heads else 0)
    value = whole("attention.value_length") or key
    kv_rows = sum(kv_heads) if isinstance(kv_heads, list) else layers * kv_heads if isinstance(kv_heads, int) else 0
    return GgufHeader(
        architecture=architecture,
        context=whole("context_length"),
        vocabulary=tokens if isinstance(tokens, int) else whole("vocab_size"),
        chat_template="tokenizer.chat_template" in values,
        kv_elements=kv_rows * (key + value),
        size=size,
    )
