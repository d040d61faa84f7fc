"""The two sides of a ratio claim: what it calls them, and what is served for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.backends import ServerOptions, read_hardware, registry
from evaluators.backends.registry import BACKENDS, named
from evaluators.records import Artifact, Hardware, Release, Settings, UserError
from evaluators.weights import WeightsOption, choose_weights, pull, quantizations, resolve
from evaluators.weights.memory import cache_room, usable_memory
from flows.options import VerifyOptions
from flows.verification.artifact import format_of, same_quantization
from warehouse.verdicts.comparability import FULL

SHARED = ("context", "slots", "threads", "kv_type", "flash_attention", "start_timeout")
"""VerifyOptions of the caller that hold for both sides; a backend that has one of them not says so."""
REMOTE = ("url", "further_urls", "key_variable", "model")
"""VerifyOptions that say where somebody else's server is."""


class Unmeasurable(UserError):
    """A ratio, or texts of a length, that cannot be measured here. `reason`: one of the reasons of `could_not_run`."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Side:
    """What is served for one side."""

    backend: str
    artifact: Artifact
    options: ServerOptions

    def __str__(self) -> str:
        return f"{self.artifact.release.model} {self.artifact.quantization} with {self.backend}"


def sides_of(stated: Settings, model: str, artifact: Artifact, options: VerifyOptions) -> tuple[Side, Side]:
    """Numerator and denominator of a claim about `model`, whose weights here are `artifact`, by what its settings call
    them: a backend, a quantization of the release, or another release (`org/name` or the path of a folder); no
    numerator means the release itself.

    What the claim leaves open is the same on both sides: the backend that the caller chose, and weights of the same
    precision. Raises Unmeasurable with the reason if there is no such pair here.
    """
    if stated.denominator is None:
        raise Unmeasurable("no_evaluator", "the claim does not say what is compared with what")
    over, under = (_side(said, model, artifact, options) for said in (stated.numerator, stated.denominator))
    if (over.backend, over.artifact.path) == (under.backend, under.artifact.path):
        raise Unmeasurable("no_evaluator", f"both sides of the ratio would be {over}; there is nothing to compare")
    machine = read_hardware()
    _refuse_too_large((over, under), machine)
    if machine.gpu:
        over, under = (_with_room(side) for side in (over, under))
    return over, under


def comparable(release: Release, backend: str, like: Artifact) -> WeightsOption:
    """The weights of `release` for this backend that compare best with `like`: of the same name, else of as many bits
    (the largest of these). Raises Unmeasurable if there are none."""
    wanted = format_of(backend)
    try:
        options = [
            option for option in quantizations(release) if wanted in (None, option.format) and option.lacks is None
        ]
    except UserError as problem:
        raise Unmeasurable("weights_missing", str(problem)) from None
    named = [option for option in options if same_quantization(option.quantization, like.quantization)]
    alike = [option for option in options if bits(option.quantization) == bits(like.quantization) is not None]
    if not (named or alike):
        there = ", ".join(option.quantization for option in options) or "none"
        raise Unmeasurable(
            "weights_missing",
            f"{release.model} has no {wanted or ''} weights for {backend} that compare with {like.quantization} "
            f"(it has {there}); name a quantization that both sides have with --quantization",
        )
    return (named or alike)[-1]


def bits(quantization: str) -> int | None:
    """Bits a weight takes by the name of its quantization (`Q4_K_M` 4, `bf16` 16); None if the name does not say."""
    name = quantization.casefold()
    if name in ("f32", "fp32", "float32"):
        return 32
    if name in FULL:
        return 16
    number = re.search(r"\d+", name)
    return int(number[0]) if number else 4 if name in ("awq", "gptq") else None


def _side(said: str | None, model: str, artifact: Artifact, options: VerifyOptions) -> Side:
    backend = options.backend if said is None else named(said)
    if backend is not None:
        return Side(backend, _weights(artifact, model, backend, options), _options_for(backend, options))
    assert said is not None
    if options.backend == "attached":
        raise Unmeasurable("server_failed", f"an attached server serves what it serves, not {said}; name a --backend")
    weights = _release(said, artifact, options) if "/" in said else _quantization(said, artifact)
    return Side(options.backend, weights, options.server)


def _quantization(said: str, artifact: Artifact) -> Artifact:
    try:
        choose_weights(artifact.release, artifact.format, said)
    except UserError as problem:
        text = f"{said} is no backend here ({', '.join(BACKENDS)}), no release, and no quantization of it: {problem}"
        raise Unmeasurable("no_evaluator", text) from None
    return pull(artifact.release, artifact.format, said)


def _release(said: str, artifact: Artifact, options: VerifyOptions) -> Artifact:
    try:
        release = resolve(said)
    except UserError as problem:
        raise Unmeasurable("weights_missing", f"{said} is not to be had: {problem}") from None
    return _pulled(release, comparable(release, options.backend, artifact))


def _weights(artifact: Artifact, model: str, backend: str, options: VerifyOptions) -> Artifact:
    """Weights of the release for a backend: those that were chosen, where it serves their format; else others from the
    same repository; else from the release that these were packed from."""
    if backend == options.backend or format_of(backend) in (None, artifact.format):
        return artifact
    if options.backend == "attached":
        text = "what the attached server serves is not known; state its quantization with --quantization"
        if artifact.quantization == "unknown":
            raise Unmeasurable("weights_missing", text)
    release = artifact.release
    if all(option.format != format_of(backend) for option in quantizations(release)) and release.model != model:
        release = resolve(model, options.revision)
    return _pulled(release, comparable(release, backend, artifact))


def _pulled(release: Release, option: WeightsOption) -> Artifact:
    return pull(release, option.format, option.weights[0].name)


def _options_for(backend: str, options: VerifyOptions) -> ServerOptions:
    """What the caller asked for, as far as it is meant for this backend, and the backend's own program."""
    if backend == options.backend:
        return options.server
    remote = not registry.backend(backend).needs_artifact and registry.backend(options.backend).needs_artifact
    names = SHARED + (REMOTE if remote else ())
    given = {name: getattr(options.server, name) for name in names}
    return ServerOptions(**given, executable=dict(options.executables).get(backend))


def _refuse_too_large(sides: Sequence[Side], machine: Hardware) -> None:
    have = usable_memory(machine)
    size = sum(file.size for side in sides for file in side.artifact.files)
    if have is not None and cache_room(size, have) <= 0:
        raise Unmeasurable(
            "memory",
            f"the sides take turns, so both must be in memory: {size / 2**30:.1f} GiB of weights do not fit "
            f"{have / 2**30:.1f} GiB; choose a smaller quantization",
        )


def _with_room(side: Side) -> Side:
    half = registry.backend(side.backend).half_a_device
    if not half or half[0] in side.options.extra:
        return side
    return Side(side.backend, side.artifact, side.options.model_copy(update={"extra": (*side.options.extra, *half)}))
