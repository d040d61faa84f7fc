"""Small files packed together: thousands of claims and verdicts cost a few transfers instead of one each."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluators.files import read_plain, write_atomic
from flows.sharing.file_store import FileStore

BEFORE = (("sources", ".gz"), ("claims", ".jsonl"), ("criteria", ".json"), ("hub_scans", ".json"),
          ("weeks", ".json"), ("predictions", ".json"), ("predictions", ".frozen"))  # fmt: skip
AFTER = (("verdicts", ".json"),)
"""Folders of a home and the endings of their files, which never change; verdicts go last, since they refer to runs."""
PACK = 8 * 2**20
"""Bytes of small files in a pack."""
MANY = 200
"""Packs from which on they are packed again into fewer: a new machine reads them all."""
SMALL_FILE = re.compile(
    r"(sources|claims|criteria|hub_scans|verdicts|weeks|predictions)/[\w][\w.-]*\.(gz|jsonl|json|frozen)"
)


class Known:
    """Which files a home has sent to a store or received from it, kept in the home, so that neither is asked again."""

    def __init__(self, home: Path, store: FileStore) -> None:
        name = hashlib.sha256(store.address.encode()).hexdigest()[:16]
        self.path = home / ".sync" / f"{name}.json"
        try:
            known = json.loads(read_plain(self.path))
            self.packs, self.files = set(known["packs"]), set(known["files"])
        except (OSError, ValueError, KeyError, TypeError):
            self.packs, self.files = set[str](), set[str]()

    def save(self) -> None:
        """Keep it."""
        write_atomic(self.path, json.dumps({"packs": sorted(self.packs), "files": sorted(self.files)}).encode())


def small_files(home: Path, folders: Iterable[tuple[str, str]]) -> list[str]:
    """Names below a home of the files in these folders."""
    names = []
    for folder, ending in folders:
        paths = (home / folder).glob(f"*{ending}") if (home / folder).is_dir() else ()
        names += [f"{folder}/{path.name}" for path in paths if not path.name.startswith(".")]
    return sorted(names)


def send_small(home: Path, store: FileStore, known: Known, folders: Iterable[tuple[str, str]]) -> int:
    """Pack what the store does not have yet. Returns how many files that were."""
    new = [name for name in small_files(home, folders) if name not in known.files]
    if not new:
        return 0
    old = _old_layout(store, folders)
    known.files |= old & set(new)
    new = [name for name in new if name not in old]
    for batch in _batches(home, new):
        content = pack({name: read_plain(home / name) for name in batch})
        name = _name_of(content)
        store.write(name, content)
        known.packs.add(name)
        known.files |= set(batch)
        known.save()
    return len(new)


def receive_small(store: FileStore, home: Path, known: Known) -> tuple[list[str], list[str]]:
    """Unpack what the home does not have yet. Returns the names of the files that were new, and the packs that are
    damaged, which cost what they hold."""
    names = [name for name in store.listing("packs") if name not in known.packs and name.endswith(".tar.gz")]
    contents: dict[str, bytes] = {}
    damaged = []
    for name, content in store.read_all(names):
        try:
            if name != _name_of(content):
                raise ValueError("not what was sent")
            contents |= {file: text for file, text in unpack(content) if not (home / file).exists()}
        except ValueError:
            damaged.append(name)
            continue
        known.packs.add(name)
        known.files |= set(contents)
    lacking = [name for name in _old_layout(store, (*BEFORE, *AFTER)) if not (home / name).exists()]
    contents |= dict(store.read_all(sorted(lacking)))
    known.files |= set(lacking)
    last = tuple(folder for folder, _ in AFTER)
    for name in sorted(contents, key=lambda file: (file.startswith(last), file)):
        path = home / name
        write_atomic(path, contents[name], synced=False)
    if contents:
        os.sync()  # once for all: waiting for the disk after each file would take most of the time
    if names:
        known.save()
    if len(names) > MANY:
        _repack(store, [name for name in names if name not in damaged])
    return sorted(contents), damaged


def pack(files: dict[str, bytes]) -> bytes:
    """A compressed archive that depends on names and contents only."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            archive.addfile(entry, io.BytesIO(files[name]))
    return gzip.compress(buffer.getvalue(), compresslevel=6, mtime=0)


def unpack(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of an archive; what is no small file of a home is left out. Raises ValueError for what is no
    archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for entry in archive:
                if entry.isfile() and SMALL_FILE.fullmatch(entry.name):
                    reader = archive.extractfile(entry)
                    yield entry.name, reader.read() if reader else b""
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"a pack is damaged: {error}") from error


def _name_of(content: bytes) -> str:
    """The name of a pack: its hash."""
    return f"packs/{hashlib.sha256(content).hexdigest()[:32]}.tar.gz"


def _old_layout(store: FileStore, folders: Iterable[tuple[str, str]]) -> set[str]:
    """Files that lie one by one, as earlier versions left them."""
    return {name for folder, ending in folders for name in store.listing(folder) if name.endswith(ending)}


def _batches(home: Path, names: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for name in names:
        batch.append(name)
        size += (home / name).stat().st_size
        if size >= PACK:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _repack(store: FileStore, names: list[str]) -> None:
    """Put many packs into few. Who reads at this moment misses nothing: it finds the new ones when it looks again."""
    files: dict[str, bytes] = {}
    for _, content in store.read_all(names):
        files |= dict(unpack(content))
    whole = sorted(files)
    for start in range(0, len(whole), 5000):
        content = pack({name: files[name] for name in whole[start : start + 5000]})
        new = _name_of(content)
        store.write(new, content)
        names = [name for name in names if name != new]
    store.remove(names)
