"""What can be seen to be wrong before anything is started or written."""

from __future__ import annotations

import shutil
from pathlib import Path

from evaluators.catalogue import benchmark
from evaluators.records import Problem
from evaluators.servers import LOOPBACK, port_is_free, read_hardware
from evaluators.weights import choose, resolve
from flows.choosing import choose_quantization, format_of
from flows.options import Options
from warehouse.home import Home
from warehouse.store import reading

SPACE = 100 * 1000**2
"""Bytes that a verification needs beside the weights, at least."""


def check_home(home: Path) -> None:
    """Raise Problem if the home folder's disk has no room for a run, or if its database is not ours."""
    folder = home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < SPACE:
        left = f"{free / 1000**2:.0f} MB"
        raise Problem(f"{folder} has {left} left, too little for a run; free some space or set CLAIMCHECK_HOME")
    with reading(Home(home)):
        pass


def check(model: str, options: Options) -> None:
    """Raise Problem, one line, if this verification cannot work: the release, its weights, a benchmark, a
    port."""
    for name in options.benchmarks:
        if benchmark(name).cannot_run:
            raise Problem(f"{name} cannot be run: {benchmark(name).cannot_run}")
    wanted = format_of(options.backend)
    if options.backend == "attached" and not options.server.url:
        raise Problem("an attached server needs its address; give --url")
    given = dict(zip(options.server.extra, options.server.extra[1:], strict=False)).get("--port")
    if given and not port_is_free(int(given)):
        raise Problem(f"port {given} on {LOOPBACK} is in use; end what uses it or choose another --port")
    release = resolve(model, options.revision)
    if options.backend == "attached":
        return
    source = resolve(options.weights) if options.weights else release
    quantization = options.quantization or choose_quantization(source, options.backend, read_hardware())
    choose(source, wanted, quantization)
