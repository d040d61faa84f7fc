"""How long the texts of a run are: read from a claim's words, and in force while its tasks are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from evaluators.records import UserError

SHORTEST, LONGEST = 512, 16 * 2**20
WORDS = re.compile(
    r"(?i)@?\s*(?:at\s+)?(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)\s*([km])?(?:i?\s*(?:tokens?|context|ctx|length))*"
)
FRAME = 128
"""Tokens for what a chat template puts around a text, and for a BOS token."""


@dataclass(frozen=True)
class TextSize:
    """The size of the texts of one run."""

    tokens: int
    """Tokens of text, frame and answer together, which is how RULER counts a length."""
    answer: int
    """Tokens that an answer may have."""
    count: Callable[[str], int]
    """Tokens of a text, by the tokenizer of the model."""
    counted_by: str
    """Names the tokenizer: equal names count alike."""


_SIZE: ContextVar[TextSize | None] = ContextVar("size", default=None)


def read_length(text: str) -> int | None:
    """Tokens that a claim's words mean: `128K` and `131,072` are 131,072, `1M` is 1,048,576. None where they are no
    length, or none that a text can have."""
    match = WORDS.fullmatch(text.strip())
    if match is None:
        return None
    number, unit = float(match[1].replace(",", "")), (match[2] or "").casefold()
    tokens = number * {"": 1, "k": 1024, "m": 1024 * 1024}[unit]
    return int(tokens) if SHORTEST <= tokens <= LONGEST else None


@contextmanager
def texts_of(size: TextSize) -> Iterator[None]:
    """Tasks that are loaded inside have texts of this size."""
    token = _SIZE.set(size)
    try:
        yield
    finally:
        _SIZE.reset(token)


def current_size() -> TextSize:
    """The size in force. Raises UserError where none is: the texts exist for a served model only."""
    size = _SIZE.get()
    if size is None:
        raise UserError("its texts are made to a length when a model is served; they cannot be loaded before")
    return size
