"""Files that strangers wrote: whatever is wrong with one is one line that names it, in bounded time and memory."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn

from evaluators.user_error import UserError

LARGEST = 64 * 2**20
"""Bytes of a config, index, tokenizer or card."""
LARGEST_NUMBER = 2**53
"""No size in a config is larger."""
MOST_ELEMENTS = 2**53
"""No tensor has more."""
NO_LIMIT = frozenset(str(number) for number in (int(1e30), int(1e20), 2**63 - 1, 2**64 - 1))
"""What libraries write for no limit, mostly as a tokenizer's `model_max_length`: transformers' VERY_LARGE_INTEGER and
LARGE_INTEGER, and the largest whole numbers of 64 bits. Mamba's `time_step_limit` has the word `Infinity`."""
BROKEN = (
    TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError, EOFError,
    AssertionError, struct.error,
)  # fmt: skip
"""What reading a file raises whose writer did not keep to its format."""


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a weights file, as its header tells."""

    name: str
    shape: tuple[int, ...]
    type: str
    """Element type, e.g. `BF16`, or in ggml's words `Q4_K`."""
    begin: int
    """First byte in the file."""
    size: int
    """Bytes."""

    @property
    def elements(self) -> int:
        """Number of values."""
        return prod(self.shape)


@contextmanager
def stranger_file(name: str, part: str = "", *, size: int | None = None) -> Iterator[None]:
    """Turn what a broken file raises into a UserError that names it. `part`: what of it is read. `size`: bytes of the
    file, where its end tells that it is truncated."""
    try:
        yield
    except BROKEN as error:
        if size is not None and isinstance(error, EOFError):
            text = f"{name} ends inside its header ({size} bytes): it is truncated; fetch it again"
            raise UserError(text) from None
        said = " ".join(str(error).split())[:120]
        reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
        state = f"has a damaged {part}" if part else "is damaged"
        raise UserError(f"{name} {state} ({reason}); fetch it again") from None


def object_of(text: str, name: str) -> dict[str, Any]:
    """The JSON object of a file; None for a number that says no limit (NO_LIMIT, Infinity). Other numbers beyond
    LARGEST_NUMBER and NaN are refused. Raises UserError."""
    if len(text) > LARGEST:
        raise UserError(f"{name} has {len(text):,} characters, more than {LARGEST:,}; fetch it again")
    with stranger_file(name):
        content = json.loads(text.removeprefix("\ufeff"), parse_int=_whole, parse_float=_real, parse_constant=_constant)
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
        return content
    raise AssertionError


def default_template(stated: Any) -> str | None:
    """The chat template that tokenizer files state: alone, or the default of several named ones. None: none."""
    if isinstance(stated, list):
        stated = {str(entry.get("name")): entry.get("template") for entry in stated if isinstance(entry, dict)}
    if isinstance(stated, dict):
        stated = stated.get("default") or next(iter(stated.values()), None)
    return stated if isinstance(stated, str) and stated else None


def _whole(text: str) -> int | None:
    if text in NO_LIMIT:
        return None
    if len(text) > 20 or abs(value := int(text)) > LARGEST_NUMBER:
        _refuse(text[:30])
    return value


def _constant(text: str) -> None:
    if text == "NaN":
        _refuse(text)


def _real(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text[:30])


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"the number {text}")
