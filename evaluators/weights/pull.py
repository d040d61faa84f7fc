"""From a release to an artifact on this machine: the files it needs, each checked."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import yaml

from evaluators.records import Artifact, Release, UserError, WeightFile
from evaluators.weights.cache import evict_unused, holding
from evaluators.weights.download import Progress, download_file, snapshot_path
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.hashes import sha256
from evaluators.weights.memory import fits
from evaluators.weights.naming import size_text
from evaluators.weights.repo_files import json_file
from evaluators.weights.safetensors_header import read_safetensors_header
from evaluators.weights.sources import LocalSource
from evaluators.weights.weights_options import WeightsOption, choose_weights, quantizations

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
    already is not fetched again, a broken transfer goes on. Raises UserError, one line: no such artifact,
    pickles, remote
    code, not enough disk, a wrong hash, a damaged or truncated file, the hub refuses or cannot be reached.
    """
    option = choose_weights(release, format, quantization)
    check_no_remote_code(release, option)
    if memory is not None:
        check_memory(release, option, memory)
    if release.location == "hub":
        files, path = _from_hub(release, option, progress, budget)
    else:
        files, path = _from_folder(release, option)
    return Artifact(
        release=release, format=option.format, quantization=option.quantization, path=str(path), files=files
    )


def _from_hub(
    release: Release, option: WeightsOption, progress: Progress | None, budget: int | None
) -> tuple[tuple[WeightFile, ...], Path]:
    lacking = [entry for entry in option.files if not snapshot_path(release, entry.name).exists()]
    missing = sum(entry.size for entry in lacking)
    files = []
    with holding(release):
        if lacking:
            check_disk(release, option, missing, free_disk())
            if budget is not None:
                evict_unused(release, missing, budget)
        for entry in option.files:
            path, digest = download_file(release, entry, progress)
            files.append(WeightFile(name=entry.name, size=path.stat().st_size, sha256=digest))
        for entry in option.weights:
            check_content(snapshot_path(release, entry.name), entry.name)
    first = snapshot_path(release, option.weights[0].name)
    return tuple(files), first if option.format == "gguf" else first.parent


def _from_folder(release: Release, option: WeightsOption) -> tuple[tuple[WeightFile, ...], Path]:
    folder = Path(release.location)
    for entry in option.weights:
        check_content(folder / entry.name, entry.name)
    files = tuple(
        WeightFile(name=entry.name, size=entry.size, sha256=entry.sha256 or sha256(folder / entry.name))
        for entry in option.files
    )
    first = folder / option.weights[0].name
    return files, first if option.format == "gguf" else folder


def free_disk() -> int:
    """Bytes free where the hub cache lies."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free


def check_disk(release: Release, option: WeightsOption, missing: int, free: int) -> None:
    """Raises UserError, with the largest offer that would fit, if `missing` bytes and `SPARE` are more than `free`."""
    if missing + SPARE <= free:
        return
    smaller = [other for other in quantizations(release) if other.size + SPARE <= free]
    hint = f"the largest that fits is {smaller[-1]}" if smaller else "free some space or move HF_HUB_CACHE"
    raise UserError(
        f"{release.model} {option} needs {size_text(missing)} of disk, {size_text(free)} are free and "
        f"{size_text(SPARE)} stay spare; {hint}"
    )


def check_memory(release: Release, option: WeightsOption, memory: int) -> None:
    """Raises UserError, with the arithmetic and the largest offer that fits, if the memory will not hold an offer."""
    needed = fits(release, memory, option.format, option.weights[0].name)
    if not needed.fits:
        raise UserError(f"{release.model} {needed}")


CODE_CONFIGS = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")


@cache
def native_types() -> frozenset[str]:
    """Values of `model_type` that are served without code of the release."""
    raw = yaml.safe_load(Path(__file__).with_name("native_types.yaml").read_text(encoding="utf-8"))
    return frozenset(raw["types"])


def check_no_remote_code(release: Release, option: WeightsOption) -> None:
    """Raises UserError if a safetensors artifact needs Python code of its repository (`auto_map`): it is never run.

    A model of a kind that transformers has itself (`native_types.yaml`) needs none: DeepSeek's repositories still hold
    what V3 was published with.
    """
    if option.format != "safetensors":
        return
    names = {entry.name for entry in option.others}
    for name in CODE_CONFIGS:
        if name not in names:
            continue
        config = json_file(release, name)
        if config.get("auto_map") and not (name == "config.json" and config.get("model_type") in native_types()):
            raise UserError(
                f"{release.model} brings its own code (auto_map in {name}), which is never run; choose a GGUF of it"
            )


def check_content(path: Path, name: str) -> None:
    """Raises UserError if a weight file's header is damaged or its tensors do not lie within the file."""
    if name.lower().endswith(".gguf"):
        read_gguf_header(LocalSource.of(path, name))
    elif name.endswith(".safetensors"):
        read_safetensors_header(LocalSource.of(path, name))
