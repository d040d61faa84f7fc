"""What is served for a release, and what can be seen to be wrong with a request before anything is started."""

from __future__ import annotations

import hashlib

from evaluators.backends import LOOPBACK, port_is_free
from evaluators.backends.registry import backend
from evaluators.catalogue import benchmark
from evaluators.records import Artifact, Release, UserError, WeightFile
from evaluators.weights import resolve
from flows.options import VerifyOptions
from flows.verification.weights_choice import choose_artifact
from warehouse.home import Home


def format_of(name: str) -> str | None:
    """Container that a backend serves. Raises UserError for an unknown backend."""
    return backend(name).format


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


def check_request(model: str, options: VerifyOptions, home: Home) -> None:
    """Raise UserError, one line, if this verification cannot work: the release, its weights, a benchmark, a
    port."""
    for name in options.benchmarks:
        if benchmark(name).cannot_run:
            raise UserError(f"{name} cannot be run: {benchmark(name).cannot_run}")
    backend(options.backend)
    if options.backend == "attached" and not options.server.url:
        raise UserError("an attached server needs its address; give --url")
    given = dict(zip(options.server.extra, options.server.extra[1:], strict=False)).get("--port")
    if given and not port_is_free(int(given)):
        raise UserError(f"port {given} on {LOOPBACK} is in use; end what uses it or choose another --port")
    release = resolve(model, options.revision)
    if options.backend == "attached":
        return
    choose_artifact(release, options, home)
