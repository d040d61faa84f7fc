"""Bytes of a file by position: a local file, or a file on the hub through range requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Source(Protocol):
    """A file that can be read in pieces."""

    @property
    def name(self) -> str:
        """Name for messages."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end of the file."""


@dataclass(frozen=True)
class LocalSource:
    """A file on this machine."""

    path: Path
    name: str
    size: int

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> LocalSource:
        """The file at `path`, called `name` in messages."""
        return cls(path, name or path.name, path.stat().st_size)

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


@dataclass
class Window:
    """Reads forward through a source in growing blocks, so that a header on the hub costs few requests."""

    source: Source
    block: int = 1 << 20
    _start: int = 0
    _bytes: bytes = field(default=b"", repr=False)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`. Raises EOFError if the file ends before."""
        if offset + length > self.source.size:
            raise EOFError(f"{self.source.name} ends at byte {self.source.size}")
        begin = offset - self._start
        if begin < 0 or begin + length > len(self._bytes):
            wanted = min(max(length, self.block), self.source.size - offset)
            self._bytes, self._start, begin = self.source.read(offset, wanted), offset, 0
            self.block = min(self.block * 2, 16 << 20)
            if len(self._bytes) < length:
                raise EOFError(f"{self.source.name} ends at byte {offset + len(self._bytes)}")
        return self._bytes[begin : begin + length]
