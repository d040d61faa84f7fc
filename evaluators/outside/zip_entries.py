"""Single entries of a zip file, unpacked within bounds and never to disk; zstd too, which `zipfile` lacks before 3.14.

Names of entries are compared, never used as paths.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from evaluators.user_error import UserError

ZSTD = 93
LARGEST_ENTRY = 64_000_000
"""Unpacked bytes of an entry that are given out."""
LOCAL_HEADER = 30
"""Bytes of the fixed part of an entry's own header, which ends with the lengths of its name and its extra field."""


@contextmanager
def open_entry(path: Path, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """An entry as a stream that refuses to give more than `LARGEST_ENTRY` bytes.

    Raises UserError for a method that cannot be unpacked, and ValueError or OSError for a broken entry.
    """
    if entry.compress_type == ZSTD:
        import pyarrow as pa

        with path.open("rb") as file:
            file.seek(entry.header_offset)
            fixed = file.read(LOCAL_HEADER)
            if len(fixed) < LOCAL_HEADER or fixed[:4] != b"PK\x03\x04":
                raise ValueError(f"entry {entry.filename[:80]!r} is broken")
            file.seek(sum(struct.unpack("<HH", fixed[26:30])), io.SEEK_CUR)
            part = pa.BufferReader(file.read(min(entry.compress_size, LARGEST_ENTRY)))
            with pa.CompressedInputStream(part, "zstd") as stream:
                yield cast("IO[bytes]", _Bounded(stream, str(path), entry.filename))
        return
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UserError(f"{path}: {entry.filename[:80]!r} is packed with method {entry.compress_type}; pack it anew")
    with zipfile.ZipFile(path) as archive, archive.open(entry) as plain:
        yield cast("IO[bytes]", _Bounded(plain, str(path), entry.filename))


class _Bounded:
    """A stream that ends with a UserError once it has given too much."""

    def __init__(self, stream: Any, path: str, name: str) -> None:
        self._stream, self._path, self._name, self._given = stream, path, name, 0

    def read(self, size: int = -1) -> bytes:
        most = LARGEST_ENTRY - self._given + 1
        part = bytes(self._stream.read(most if size < 0 else min(size, most)))
        self._given += len(part)
        if self._given > LARGEST_ENTRY:
            raise UserError(f"{self._path}: {self._name[:80]!r} unpacks to more than {LARGEST_ENTRY:,} bytes")
        return part
