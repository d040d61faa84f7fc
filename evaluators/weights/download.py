"""One file from the hub into the shared hub cache; a transfer that broke off goes on where it stopped."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock

from evaluators.records import Release, UserError
from evaluators.weights.file_entries import FileEntry
from evaluators.weights.hashes import check_hash, git_sha1, remember
from evaluators.weights.hub import TIMEOUT, api, hub_errors, patient

Progress = Callable[[str, int, int], None]
"""Called with file name, bytes so far and bytes in all."""


def repository_folder(model: str) -> Path:
    """Folder of a model in the hub cache (`$HF_HUB_CACHE`)."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=model, repo_type="model")


def snapshot_path(release: Release, name: str) -> Path:
    """Where the hub cache has a file of a release."""
    return repository_folder(release.model) / "snapshots" / release.commit / name


def download_file(release: Release, entry: FileEntry, progress: Progress | None = None) -> tuple[Path, str]:
    """Path in the hub cache and SHA-256 (hex) of one file at the release's commit; fetched if it is not there yet.

    huggingface_hub 2.4 starts a broken transfer anew (its temporary file is unique to the process), so the content is
    streamed with its own `http_get` into a file that outlives us, and resumed from there; the hash is taken on the way.
    The finished blob is put where the client looks for it, and the client links it. Files above what the hub sends
    over plain HTTP (50 GB) go through the client whole (Xet).
    Raises UserError if the hub refuses, cannot be reached or sends something else than it states.
    """
    target = snapshot_path(release, entry.name)
    if not target.exists():
        from huggingface_hub import constants

        probe(release, entry)
        name = entry.sha256 or entry.git_sha1
        if name and entry.size <= constants.MAX_HTTP_DOWNLOAD_SIZE:
            _stream(release, entry, repository_folder(release.model) / "blobs" / name, progress)
        with hub_errors(release.model, release.commit):
            _link(release, entry)
    elif progress:
        progress(entry.name, entry.size, entry.size)
    return target, check_hash(target, entry)


def probe(release: Release, entry: FileEntry) -> None:
    """Ask the hub for one file's headers, without retries, so that a refusal or a dead network shows at once.

    Raises UserError if the hub refuses or cannot be reached, or if it serves another commit than was asked for.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(release.model, entry.name, revision=release.commit, endpoint=api().endpoint)
    with hub_errors(release.model, release.commit):
        metadata = patient(lambda: get_hf_file_metadata(url, timeout=TIMEOUT, library_name="claimcheck"))
    if metadata.commit_hash != release.commit:
        raise UserError(
            f"the hub serves {release.model} at {metadata.commit_hash}, not at {release.commit}; resolve it again"
        )


def _link(release: Release, entry: FileEntry) -> None:
    from huggingface_hub import hf_hub_download

    patient(lambda: hf_hub_download(release.model, entry.name, revision=release.commit, library_name="claimcheck"))


def _stream(release: Release, entry: FileEntry, blob: Path, progress: Progress | None) -> None:
    blob.parent.mkdir(parents=True, exist_ok=True)
    partial = blob.with_name(f"{blob.name}.claimcheck.incomplete")
    criterion = blob.parents[2] / ".locks" / blob.parents[1].name / f"{blob.name}.claimcheck.lock"
    criterion.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(criterion):
        if blob.exists():
            return
        with partial.open("ab+") as file:
            sink = HashingFile(file, entry.name, entry.size, progress)
            if sink.done > entry.size:
                sink.seek(0)
                sink.truncate()
            with hub_errors(release.model, release.commit):
                patient(lambda: _get(release, entry, sink))
        came = sink.digest if entry.sha256 else git_sha1(partial)
        if came != blob.name:
            partial.unlink()
            raise UserError(
                f"{entry.name} of {release.model} came with hash {came[:16]}…, the hub says {blob.name[:16]}…: "
                f"refused and deleted; pull again"
            )
        partial.replace(blob)
        remember(blob, sink.digest)


def _get(release: Release, entry: FileEntry, sink: HashingFile) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, silent_tqdm

    url = hf_hub_url(release.model, entry.name, revision=release.commit, endpoint=api().endpoint)
    headers = build_hf_headers(library_name="claimcheck")
    headers["Accept-Encoding"] = "identity"
    file: Any = sink
    criterion: Any = silent_tqdm
    http_get(url, file, resume_size=sink.done, headers=headers, expected_size=entry.size, tqdm_class=criterion)


class HashingFile(io.RawIOBase):
    """A file for writing at its end that keeps the SHA-256 of all it holds and reports progress."""

    def __init__(self, file: BinaryIO, name: str, total: int, progress: Progress | None) -> None:
        self.file, self.name, self.total, self.progress = file, name, total, progress
        self.hash = hashlib.sha256()
        self.done = 0
        file.seek(0)
        while piece := file.read(1 << 20):
            self.hash.update(piece)
            self.done += len(piece)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the content so far."""
        return self.hash.hexdigest()

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Append."""
        self.file.write(piece)
        self.file.flush()
        self.hash.update(piece)
        self.done += len(piece)
        if self.progress:
            self.progress(self.name, self.done, self.total)
        return len(piece)

    def tell(self) -> int:
        """Bytes so far."""
        return self.done

    def seek(self, offset: int, whence: int = 0) -> int:
        """Only to the beginning: the server ignored the range and sends all again."""
        if offset or whence:
            raise OSError("a download can only go on or begin anew")
        return 0

    def truncate(self, size: int | None = None) -> int:
        """Begin anew."""
        self.file.truncate(0)
        self.hash, self.done = hashlib.sha256(), 0
        return 0
