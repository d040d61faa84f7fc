"""What a server must know of a GGUF file: enough to refuse a bad one before it starts, and to size its context."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluators.records import UserError
from evaluators.weights import gguf_header
from evaluators.weights.architecture import Architecture, architecture_of_gguf
from evaluators.weights.naming import split_of
from evaluators.weights.sources import LocalSource


@dataclass(frozen=True)
class ModelFileHeader:
    """What a GGUF header says about its model."""

    architecture: Architecture
    """Sizes that its KV cache hangs on."""
    context: int | None
    """Tokens it was trained on."""
    vocabulary: int | None
    """Number of tokens."""
    chat_template: bool
    """Whether the file brings a chat template."""
    size: int
    """Bytes of all parts."""


def read_header(path: Path) -> ModelFileHeader:
    """Read the header of a GGUF file, or of the first of its parts.

    Raises UserError, one line, for a missing, empty, truncated, foreign or too new file and for a missing part.
    """
    parts = _parts(path)
    for part in parts:
        if not part.is_file():
            raise UserError(f"there is no file {part}; pull the weights again")
    header = gguf_header.read_gguf_header(LocalSource.of(path, str(path)))
    return _summary(header, sum(part.stat().st_size for part in parts))


def _parts(path: Path) -> list[Path]:
    stem, _, count = split_of(path.name)
    if count <= 1:
        return [path]
    stem = stem.removesuffix(".gguf")
    return [path.with_name(f"{stem}-{number:05d}-of-{count:05d}.gguf") for number in range(1, count + 1)]


def _summary(header: gguf_header.GgufHeader, size: int) -> ModelFileHeader:
    def whole(name: str) -> int | None:
        value = header.get(name)
        return value if isinstance(value, int) else None

    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return ModelFileHeader(
        architecture=architecture_of_gguf(header),
        context=whole("context_length"),
        vocabulary=tokens.length if isinstance(tokens, gguf_header.Long) else whole("vocab_size"),
        chat_template="tokenizer.chat_template" in header.metadata,
        size=size,
    )
