"""The weights that a claim about a pair compares with: BF16, another quantization, another release."""

from __future__ import annotations

from evaluators.backends import registry
from evaluators.records import Artifact, Release, UserError
from evaluators.weights import WeightsOption, choose_weights, pull, quantizations, resolve
from flows.options import VerifyOptions
from flows.verification.artifact import format_of, same_quantization
from flows.verification.ratio_sides import Unmeasurable
from warehouse.claims.text.pair_words import FULL_PRECISION
from warehouse.verdicts.comparability import FULL


def reference_artifact(said: str, model: str, artifact: Artifact, options: VerifyOptions) -> Artifact:
    """The reference of a claim about `model`, whose weights here are `artifact`, pulled: full precision from the same
    repository, else from the model's own; a quantization of the same repository; a release at full precision.

    Raises Unmeasurable with the reason if there are no such weights for the backend here.
    """
    if not registry.backend(options.backend).needs_artifact or options.backend == "attached":
        text = f"{options.backend} serves what it serves; a claim about a pair needs two artifacts, so name a --backend"
        raise Unmeasurable("server_failed", text)
    try:
        reference = _reference(said, model, artifact, options)
    except Unmeasurable:
        raise
    except UserError as problem:
        raise Unmeasurable("weights_missing", f"{said}, the reference, is not to be had: {problem}") from None
    if reference.key == artifact.key:
        text = f"both sides would be {reference.release.model} {reference.quantization}; there is nothing to compare"
        raise Unmeasurable("no_evaluator", text)
    return reference


def _reference(said: str, model: str, artifact: Artifact, options: VerifyOptions) -> Artifact:
    full = said == FULL_PRECISION or said.casefold() in FULL
    if "/" in said:
        release = resolve(said)
        return _pulled(release, _at_full(release, options.backend, None))
    if not full:
        choose_weights(artifact.release, artifact.format, said)
        return pull(artifact.release, artifact.format, said)
    named = None if said == FULL_PRECISION else said
    try:
        return _pulled(artifact.release, _at_full(artifact.release, options.backend, named))
    except Unmeasurable:
        if artifact.release.model == model:
            raise
    release = resolve(model, options.revision)
    return _pulled(release, _at_full(release, options.backend, named))


def _at_full(release: Release, backend: str, named: str | None) -> WeightsOption:
    """Weights of a release that hold it as it was made, of the wished format where there are several."""
    wanted = format_of(backend)
    fitting = [
        option
        for option in quantizations(release)
        if wanted in (None, option.format) and option.lacks is None and option.quantization.casefold() in FULL
    ]
    if not fitting:
        there = ", ".join(option.quantization for option in quantizations(release))
        text = f"{release.model} has no {wanted or ''} weights at full precision to compare with (it has {there})"
        raise Unmeasurable("weights_missing", text)
    alike = [option for option in fitting if named and same_quantization(option.quantization, named)]
    return (alike or fitting)[0]


def _pulled(release: Release, option: WeightsOption) -> Artifact:
    return pull(release, option.format, option.weights[0].name)
