"""Where a site is written: a local folder or an fsspec address, only where something changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO

from evaluators.user_error import CannotWrite, UserError

MANIFEST = "files.json"
"""Path -> SHA-256 of every file of the site (of a PNG: of its SVG); the next writing leaves alone what is the same."""


class Destination:
    """A folder of files that are replaced one by one, each whole; files of an earlier site that are not written again
    go away at the end. A folder that holds other files is refused.

    Raises UserError if the folder is not ours, cannot be written, or its file system needs a package that is missing.
    """

    def __init__(self, to: str) -> None:
        import fsspec

        try:
            self._files, self.root = fsspec.core.url_to_fs(to)
        except (ImportError, ValueError) as error:
            raise UserError(f"cannot write to {to}: {error}") from error
        self._local = type(self._files).__name__ == "LocalFileSystem"
        self._folders: set[str] = set()
        self._before = self._read_manifest(to)
        self._now: dict[str, str] = {}
        self.written = 0

    def __enter__(self) -> Destination:
        if not self._before:  # first: a folder that a kill or a full disk leaves half done is ours all the same
            self._put(MANIFEST, b"{}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the manifest, and remove what the site has no more; after an error keep both, old and new."""
        gone = set(self._before) - set(self._now) if kind is None else set()
        for path in gone:
            if self._files.exists(self._place(path)):
                self._files.rm_file(self._place(path))
        manifest = self._now if kind is None else {**self._before, **self._now}
        self._put(MANIFEST, json.dumps(manifest, indent=0, sort_keys=True).encode())

    def write(self, path: str, content: bytes | str) -> bool:
        """Write one file below the root; False if it was the same already."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        return self._write(path, hashlib.sha256(data).hexdigest(), lambda: data)

    def write_from(self, path: str, source: str, make: Callable[[str], bytes]) -> bool:
        """Write what `make` gives for a source; it is not called if the file was made from the same source already."""
        return self._write(path, hashlib.sha256(source.encode("utf-8", "replace")).hexdigest(), lambda: make(source))

    def write_parts(self, path: str, parts: Iterable[bytes]) -> bool:
        """Write one large file part by part, without holding it whole; False if it was the same already."""
        with TemporaryFile() as whole:
            digest = hashlib.sha256()
            for part in parts:
                digest.update(part)
                whole.write(part)
            whole.seek(0)
            return self._write(path, digest.hexdigest(), lambda: whole)

    def _write(self, path: str, key: str, make: Callable[[], bytes | BinaryIO]) -> bool:
        same = self._before.get(path) == key and (not self._local or Path(self._place(path)).exists())
        if not same:
            self._put(path, make())
            self.written += 1
        self._now[path] = key
        return not same

    @property
    def files(self) -> int:
        """Files of the site so far."""
        return len(self._now)

    def _place(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _put(self, path: str, data: bytes | BinaryIO) -> None:
        address = self._place(path)
        try:
            if not self._local:
                self._files.pipe_file(address, data if isinstance(data, bytes) else data.read())
                return
            folder = os.path.dirname(address)  # noqa: PTH120 (ten thousand files: pathlib is slower)
            if folder not in self._folders:
                Path(folder).mkdir(parents=True, exist_ok=True)
                self._folders.add(folder)
            part = f"{address}.part"
            with open(part, "wb") as file:  # noqa: PTH123
                if isinstance(data, bytes):
                    file.write(data)
                else:
                    shutil.copyfileobj(data, file)
            os.replace(part, address)  # noqa: PTH105
        except OSError as error:
            with contextlib.suppress(OSError):
                os.remove(f"{address}.part")  # noqa: PTH107
            raise CannotWrite(
                f"cannot write {address}: {error.strerror or error}; free some space or give another folder with --to"
            ) from error

    def _read_manifest(self, to: str) -> dict[str, str]:
        address = self._place(MANIFEST)
        try:
            if self._files.exists(address):
                manifest = json.loads(self._files.cat_file(address))
                return {str(path): str(key) for path, key in manifest.items() if _inside(str(path))}
            if self._local and Path(self.root).exists() and any(Path(self.root).iterdir()):
                raise UserError(f"{to} holds other files; give an empty or a new folder with --to")
        except (OSError, ValueError, AttributeError) as error:
            raise UserError(f"cannot read {to}: {str(error).splitlines()[0]}; give another folder with --to") from error
        return {}


def _inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts
