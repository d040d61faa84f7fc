"""A folder or an fsspec URL such as `s3://bucket/claimcheck`, by relative names."""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evaluators.records import UserError

BATCH = 64
"""Files that are transferred at a time."""


@contextmanager
def store_errors(address: str | Path) -> Iterator[None]:
    """Turn what a store may raise into one line with the next step."""
    try:
        yield
    except (OSError, ImportError, ValueError) as error:
        raise UserError(f"cannot use {address} ({error}); check the address and the rights") from error


class FileStore:
    """Files below one address. An object store shows a file when it is whole; a folder gets each by renaming it.

    Every method may raise OSError; `store_errors` makes one line of it.
    """

    def __init__(self, address: str | Path) -> None:
        import fsspec

        with store_errors(address):
            self.files: Any
            self.files, self.root = fsspec.core.url_to_fs(str(address))
        self.address = str(address)
        self.files.use_listings_cache = False
        self.local = "file" in self.files.protocol

    def path(self, name: str) -> str:
        """The whole path of a relative name."""
        return posixpath.join(self.root, name)

    def listing(self, folder: str) -> list[str]:
        """Names of all files below a folder, in one walk of the store; none if there is no such folder."""
        self.files.invalidate_cache()
        try:
            paths = self.files.find(self.path(folder), detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        below = self.files._strip_protocol(self.root).rstrip("/") + "/"
        names = (self.files._strip_protocol(path).removeprefix(below) for path in paths)
        return sorted(name for name in names if not posixpath.basename(name).startswith("."))

    def read(self, name: str) -> bytes | None:
        """Content of a file; None if there is none."""
        try:
            return bytes(self.files.cat_file(self.path(name)))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read_all(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Files side by side; one that is gone meanwhile is left out."""
        for start in range(0, len(names), BATCH):
            paths = {self.path(name): name for name in names[start : start + BATCH]}
            contents = self.files.cat(list(paths), on_error="return")
            for path, content in contents.items():
                if isinstance(content, FileNotFoundError | NotADirectoryError):
                    continue
                if isinstance(content, BaseException):
                    raise content
                yield paths.get(path) or paths["/" + path.lstrip("/")], bytes(content)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, over what may be there."""
        if not self.local:
            self.files.pipe_file(self.path(name), content)
            return
        with self._replacing(name) as temporary:
            temporary.write_bytes(content)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file only if there is none. False if there is: of several that try, one gets True."""
        path = self.path(name)
        try:
            if self.local:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                with Path(path).open("xb") as file:
                    file.write(content)
            else:
                self.files.pipe_file(path, content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            if not _says_it_exists(error):
                raise
            return False
        # a store that knows no condition took the last of several: it is the one that reads its own words
        return self.read(name) == content

    def upload(self, files: Mapping[Path, str]) -> None:
        """Copy local files to the store, side by side."""
        pairs = list(files.items())
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            if not self.local:
                self.files.put([str(path) for path, _ in batch], [self.path(name) for _, name in batch])
                continue
            for path, name in batch:
                with self._replacing(name) as temporary:
                    self.files.get_file(str(path), str(temporary))

    def download(self, files: Mapping[str, Path]) -> None:
        """Copy files of the store to local paths, side by side. Raises FileNotFoundError if one is gone."""
        pairs = list(files.items())
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            self.files.get([self.path(name) for name, _ in batch], [str(path) for _, path in batch])

    def remove(self, names: Sequence[str]) -> None:
        """Delete files; those that are gone already are no error."""
        for start in range(0, len(names), 500):
            with suppress(FileNotFoundError):
                self.files.rm([self.path(name) for name in names[start : start + 500]])

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _says_it_exists(error: OSError) -> bool:
    """Whether a refusal means that the file is there: S3 says so by the status 412, or 409 while another writes it."""
    codes = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
    seen: BaseException | None = error
    while seen is not None:
        answer = getattr(seen, "response", None)
        if isinstance(answer, dict) and str(answer.get("Error", {}).get("Code")) in codes:
            return True
        seen = seen.__cause__ or seen.__context__
    return any(code in str(error) for code in ("PreconditionFailed", "pre-conditions", "ConditionalRequestConflict"))
