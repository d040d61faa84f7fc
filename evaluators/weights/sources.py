"""Bytes of a file by position: a local file, or a file on the hub through range requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from evaluators.records import UserError
from evaluators.weights.hub import TIMEOUT, api, hub_errors, patient


class FileSource(Protocol):
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

    source: FileSource
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


@dataclass(frozen=True)
class HubSource:
    """A file on the hub at a commit."""

    model: str
    commit: str
    name: str
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`. Raises UserError if the hub refuses or does not honour the range."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        url = hf_hub_url(self.model, self.name, revision=self.commit, endpoint=api().endpoint)
        wanted = f"bytes={offset}-{offset + length - 1}"
        headers = {**build_hf_headers(library_name="claimcheck"), "Range": wanted, "Accept-Encoding": "identity"}

        def ask() -> bytes:
            with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT) as response:
                hf_raise_for_status(response)
                if response.status_code != 206 and (offset or self.size > length):
                    raise UserError(
                        f"the hub sends no part of {self.name} of {self.model} (no range requests); pull it"
                    )
                return response.read()

        with hub_errors(self.model, self.commit):
            return patient(ask)
