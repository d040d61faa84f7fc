"""From a release to an artifact on this machine: the files it needs, each checked."""

from __future__ import annotations

import shutil
from pathlib import Path

from evaluators.records import Artifact, Problem, Release, WeightFile
from evaluators.weights.check import check_content, check_no_remote_code
from evaluators.weights.choose import Offer, choose, quantizations
from evaluators.weights.download import Progress, fetch, snapshot_path
from evaluators.weights.fit import fits
from evaluators.weights.hashes import sha256
from evaluators.weights.sizes import size_text
from evaluators.weights.use import holding, make_room

SPARE = 1 << 30
"""Bytes of disk that a pull leaves free."""


def pull(
    release: Release,
    format: str | None = None,
    quantization: str | None = None,
    *,
    progress: Progress | None = None,
    budget: int | None = None,
    memory: int | None = None,
) -> Artifact:
    """The artifact of a release on this machine, every file checked.

    format: `safetensors` or `gguf`; quantization: as the files say, or a file's name; None takes the only one there is
    (safetensors before GGUF). progress: called with (file name, bytes so far, bytes in all). budget: bytes that pulled
    artifacts may take together; the least recently used ones that nobody uses are deleted to stay below it. memory:
    bytes of GPU memory or RAM that have to hold the weights with a KV cache for 8192 tokens, checked before fetching.

    Only the files of that artifact are fetched, at the release's commit, into the shared hub cache; what is there
    already is not fetched again, a broken transfer goes on. Raises Problem, one line: no such artifact, pickles, remote
    code, not enough disk, a wrong hash, a damaged or truncated file, the hub refuses or cannot be reached.
    """
    offer = choose(release, format, quantization)
    check_no_remote_code(release, offer)
    if memory is not None:
        check_memory(release, offer, memory)
    if release.location == "hub":
        files, path = _from_hub(release, offer, progress, budget)
    else:
        files, path = _from_folder(release, offer)
    return Artifact(release=release, format=offer.format, quantization=offer.quantization, path=str(path), files=files)


def _from_hub(
    release: Release, offer: Offer, progress: Progress | None, budget: int | None
) -> tuple[tuple[WeightFile, ...], Path]:
    lacking = [entry for entry in offer.files if not snapshot_path(release, entry.name).exists()]
    missing = sum(entry.size for entry in lacking)
    files = []
    with holding(release):
        if lacking:
            check_disk(release, offer, missing, free_disk())
            if budget is not None:
                make_room(release, missing, budget)
        for entry in offer.files:
            path, digest = fetch(release, entry, progress)
            files.append(WeightFile(name=entry.name, size=path.stat().st_size, sha256=digest))
        for entry in offer.weights:
            check_content(snapshot_path(release, entry.name), entry.name)
    first = snapshot_path(release, offer.weights[0].name)
    return tuple(files), first if offer.format == "gguf" else first.parent


def _from_folder(release: Release, offer: Offer) -> tuple[tuple[WeightFile, ...], Path]:
    folder = Path(release.location)
    for entry in offer.weights:
        check_content(folder / entry.name, entry.name)
    files = tuple(
        WeightFile(name=entry.name, size=entry.size, sha256=entry.sha256 or sha256(folder / entry.name))
        for entry in offer.files
    )
    first = folder / offer.weights[0].name
    return files, first if offer.format == "gguf" else folder


def free_disk() -> int:
    """Bytes free where the hub cache lies."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free


def check_disk(release: Release, offer: Offer, missing: int, free: int) -> None:
    """Raises Problem, with the largest offer that would fit, if `missing` bytes and `SPARE` are more than `free`."""
    if missing + SPARE <= free:
        return
    smaller = [other for other in quantizations(release) if other.size + SPARE <= free]
    hint = f"the largest that fits is {smaller[-1]}" if smaller else "free some space or move HF_HUB_CACHE"
    raise Problem(
        f"{release.model} {offer} needs {size_text(missing)} of disk, {size_text(free)} are free and "
        f"{size_text(SPARE)} stay spare; {hint}"
    )


def check_memory(release: Release, offer: Offer, memory: int) -> None:
    """Raises Problem, with the arithmetic and the largest offer that fits, if the memory will not hold an offer."""
    needed = fits(release, memory, offer.format, offer.weights[0].name)
    if not needed.fits:
        raise Problem(f"{release.model} {needed}")
