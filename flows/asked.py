"""Options of a verification from the few words that a deployment or a command gives, and the settings in force."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.servers import ServerOptions
from flows.options import Options
from flows.settings import configuration


def options_of(
    *,
    revision: str | None = None,
    backend: str | None = None,
    quantization: str | None = None,
    benchmarks: Sequence[str] = (),
    full: bool = False,
    again: bool = False,
    url: str | None = None,
    served_model: str | None = None,
    key_variable: str | None = None,
) -> Options:
    """Options; what is not given is as CLAIMCHECK_* says. Raises Problem for a setting that does not fit."""
    settings = configuration()
    chosen = backend or settings.backend
    return Options(
        revision=revision,
        backend=chosen,
        quantization=quantization,
        benchmarks=tuple(benchmarks),
        full=full,
        again=again,
        order_seed=settings.order_seed,
        alpha=settings.alpha,
        server=ServerOptions(
            executable=dict(settings.executables).get(chosen),
            url=url,
            model=served_model,
            key_variable=key_variable,
        ),
        executables=settings.executables,
    )
