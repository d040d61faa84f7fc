"""Output whose reader may be gone: a worker that is killed leaves its flow run behind, which goes on without it."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any, TextIO


class LastingStream:
    """A text stream that drops what cannot be written, since what is said matters less than what is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if anybody reads."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on, if anybody reads."""
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def outlive_readers() -> None:
    """Go on when standard output and standard error are closed at the other end."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, LastingStream):
            setattr(sys, name, LastingStream(stream))
