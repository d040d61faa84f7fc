"""What is served for a release, and what can be seen to be wrong with a request before anything is started."""

from __future__ import annotations

from pathlib import Path

from evaluators.backends import LOOPBACK, open_server, port_is_free
from evaluators.backends.registry import backend, engine_version
from evaluators.catalogue import benchmark
from evaluators.records import Artifact, Release, UserError
from evaluators.weights import resolve
from flows.options import VerifyOptions
from flows.verification.weights_choice import choose_artifact
from warehouse.home import Home


def format_of(name: str) -> str | None:
    """Container that a backend serves. Raises UserError for an unknown backend."""
    return backend(name).format


def same_quantization(name: str, other: str) -> bool:
    """Whether two spellings name one quantization (`F16` and `f16`)."""
    return name.casefold().replace("-", "_") == other.casefold().replace("-", "_")


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
        claims = specification(release)
    except UserError:
        return None
    values = [claim.score for claim in claims if claim.benchmark == "total_parameters"]
    return round(values[0]) if values and values[0] else None


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
        check_attached(release, options)
        return
    if options.backend == "ollama" and engine_version("ollama", options.server) is None:
        raise UserError(f"no Ollama answers at {options.server.url or 'its usual address'}; start it or correct --url")
    choose_artifact(release, options, home)
