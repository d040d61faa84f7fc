"""Which artifact of a release to run when the user did not say."""

from __future__ import annotations

from pathlib import Path

from evaluators.backends import LOOPBACK, open_server, port_is_free, read_hardware
from evaluators.backends.ollama import ollama_url
from evaluators.backends.registry import engine_version
from evaluators.catalogue import benchmark
from evaluators.records import Artifact, Hardware, Release, UserError
from evaluators.weights import choose_weights, resolve
from flows.options import VerifyOptions

FORMAT = {"llama.cpp": "gguf", "ollama": "gguf", "vllm": "safetensors", "attached": None}
ROOM_FOR_CACHE = 0.8
"""Share of the memory that weights may take; the rest is for the KV cache and the program."""


def format_of(backend: str) -> str | None:
    """Container that a backend serves. Raises UserError for an unknown backend."""
    try:
        return FORMAT[backend]
    except KeyError:
        raise UserError(f"unknown backend {backend}; choose one of {', '.join(FORMAT)}") from None


def choose_quantization(release: Release, backend: str, hardware: Hardware) -> str:
    """The most exact quantization of the backend's format that this machine's memory will hold.

    Raises UserError if the release has none, or none that fits.
    """
    from evaluators.weights import quantizations

    wanted = format_of(backend)
    offers = [offer for offer in quantizations(release) if wanted in (None, offer.format) and offer.lacks is None]
    if not offers:
        raise UserError(
            f"{release.model} has no {wanted} files; name one that has some with --weights, or another --backend"
        )
    memory = hardware.gpu_memory * hardware.gpus if hardware.gpu_memory else hardware.memory
    fitting = [offer for offer in offers if memory is None or offer.size <= ROOM_FOR_CACHE * memory]
    if not fitting:
        raise UserError(f"no artifact of {release.model} fits this machine; the smallest is {offers[0]}")
    return fitting[-1].quantization


def same_quantization(one: str, other: str) -> bool:
    """Whether two spellings name one quantization (`F16` and `f16`)."""
    return one.casefold().replace("-", "_") == other.casefold().replace("-", "_")


def artifact_elsewhere(release: Release, options: VerifyOptions) -> Artifact:
    """What stands for the weights behind an attached server: nobody here can see them, so there are no files, no hash
    and no format; the quantization is the stated one, or `unknown`."""
    return Artifact(
        release=release, format="unknown", quantization=options.quantization or "unknown", path="", files=()
    )


SAME_SIZE = 0.05
"""Difference in the number of parameters that ways of counting make (embeddings, heads), as a share."""


def check_attached(release: Release, options: VerifyOptions) -> None:
    """Raise UserError if the attached server cannot be used: it does not answer, its key is not set or refused, it does
    not offer the model, or it tells of another model than the release is."""
    with open_server("attached", None, options.server, Path()) as server:
        told = server.describe()
    known = _parameters(release)
    if told.parameters and known and abs(told.parameters / known - 1) > SAME_SIZE:
        raise UserError(
            f"{options.server.url} says that its model {told.model} has {told.parameters:,} parameters, "
            f"{release.model} has {known:,}; it serves another model"
        )


def _parameters(release: Release) -> int | None:
    """Parameters of the release by its files' headers; None where they do not say."""
    from evaluators.specification import specification

    try:
        found = specification(release)
    except UserError:
        return None
    values = [one.score for one in found if one.benchmark == "total_parameters"]
    return round(values[0]) if values and values[0] else None


def check_request(model: str, options: VerifyOptions) -> None:
    """Raise UserError, one line, if this verification cannot work: the release, its weights, a benchmark, a
    port."""
    for name in options.benchmarks:
        if benchmark(name).cannot_run:
            raise UserError(f"{name} cannot be run: {benchmark(name).cannot_run}")
    wanted = format_of(options.backend)
    if options.backend == "attached" and not options.server.url:
        raise UserError("an attached server needs its address; give --url")
    given = dict(zip(options.server.extra, options.server.extra[1:], strict=False)).get("--port")
    if given and not port_is_free(int(given)):
        raise UserError(f"port {given} on {LOOPBACK} is in use; end what uses it or choose another --port")
    release = resolve(model, options.revision)
    if options.backend == "attached":
        check_attached(release, options)
        return
    if options.backend == "ollama" and engine_version("ollama", options.server) is None:
        raise UserError(f"no Ollama answers at {options.server.url or ollama_url()}; start it or correct --url")
    source = resolve(options.weights) if options.weights else release
    quantization = options.quantization or choose_quantization(source, options.backend, read_hardware())
    choose_weights(source, wanted, quantization)
