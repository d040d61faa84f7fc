"""What can be seen to be wrong before anything is started or written."""

from __future__ import annotations

from evaluators.catalogue import benchmark
from evaluators.records import Problem
from evaluators.servers import read_hardware
from evaluators.weights import choose, resolve
from flows.choosing import choose_quantization, format_of
from flows.options import Options


def check(model: str, options: Options) -> None:
    """Raise Problem, one line, if this verification cannot work: the release, its weights, a benchmark."""
    for name in options.benchmarks:
        if benchmark(name).cannot_run:
            raise Problem(f"{name} cannot be run: {benchmark(name).cannot_run}")
    wanted = format_of(options.backend)
    if options.backend == "attached" and not options.server.url:
        raise Problem("an attached server needs its address; give --url")
    release = resolve(model, options.revision)
    quantization = options.quantization or choose_quantization(release, options.backend, read_hardware())
    choose(release, wanted, quantization)
