"""All rows as one JSON and one CSV, put together from those of the releases, on disk."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

PART = 1 << 20
"""Bytes that are read at a time."""


class WholeTable:
    """Collects the rows of each release as they are written."""

    def __init__(self) -> None:
        self._json: BinaryIO = TemporaryFile()  # noqa: SIM115 (closed on leaving)
        self._csv: BinaryIO = TemporaryFile()  # noqa: SIM115
        self._empty = True

    def __enter__(self) -> WholeTable:
        return self

    def __exit__(self, *error: object) -> None:
        self._json.close()
        self._csv.close()

    def add(self, json: bytes, csv: bytes) -> None:
        """The rows of one release: a JSON list, and a CSV whose first line is the heading."""
        self._json.write((b"[" if self._empty else b",\n") + json[1:-1])
        self._csv.write(csv if self._empty else csv[csv.index(b"\n") + 1 :])
        self._empty = False

    def json_parts(self) -> Iterator[bytes]:
        """The whole as a JSON list."""
        yield from _parts(self._json)
        yield b"]\n"

    def csv_parts(self) -> Iterator[bytes]:
        """The whole as CSV with one heading."""
        yield from _parts(self._csv)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(PART):
        yield part
