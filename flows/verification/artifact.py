"""Which artifact of a release to run when the user did not say."""

from __future__ import annotations

import hashlib

from evaluators.backends import LOOPBACK, port_is_free, read_hardware
from evaluators.backends.registry import backend
from evaluators.catalogue import benchmark
from evaluators.records import Artifact, Hardware, Release, UserError, WeightFile
from evaluators.weights import choose_weights, resolve
from flows.options import VerifyOptions

ROOM_FOR_CACHE = 0.8
"""Share of the memory that weights may take; the rest is for the KV cache and the program."""


def format_of(name: str) -> str | None:
    """Container that a backend serves. Raises UserError for an unknown backend."""
    return backend(name).format


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
    """What stands for the weights behind an attached server: nobody here can see them, so nothing is pulled.

    Known by the server's address and the model's name there; the quantization is the stated one, or `unknown`.
    """
    place = f"{options.server.url} {options.server.model or release.model}"
    digest = hashlib.sha256(place.encode()).hexdigest()
    return Artifact(
        release=release,
        format="safetensors",
        quantization=options.quantization or "unknown",
        path="",
        files=(WeightFile(name=place, size=0, sha256=digest),),
    )


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
        return
    source = resolve(options.weights) if options.weights else release
    quantization = options.quantization or choose_quantization(source, options.backend, read_hardware())
    choose_weights(source, wanted, quantization)
