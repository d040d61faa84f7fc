"""The same artifact on several backends of this machine: one row a backend and kind of speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluators.backends import ServerOptions, registry
from evaluators.catalogue import benchmark
from evaluators.records import (
    Artifact,
    Measurement,
    Record,
    Release,
    Run,
    RunStatus,
    ServerDescription,
    Settings,
    UserError,
)
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.verification.artifact import format_of
from flows.verification.weights_choice import choose_option
from warehouse.home import Home
from warehouse.verdicts.statistics.median import median_interval


class SpeedRow(Record):
    """One speed of one backend."""

    benchmark: str
    """Catalogue name."""
    backend: str
    """Serving engine."""
    kind: str
    """`served` (streams from a running server) or `bare` (llama-bench)."""
    version: str | None = None
    """Version of the backend."""
    quantization: str | None = None
    """Quantization that was run."""
    hardware: str | None = None
    """The machine."""
    prompt_tokens: int | None = None
    """Length of the prompt."""
    generation_tokens: int | None = None
    """Length of the answer."""
    depth: int = 0
    """Tokens already in the context."""
    concurrency: int = 1
    """Streams at a time."""
    median: float | None = None
    """Median of the independent runs."""
    low: float | None = None
    """Lower end of its interval."""
    high: float | None = None
    """Upper end of its interval."""
    confidence: float | None = None
    """Level of the interval."""
    unit: str | None = None
    """`tok/s` or `s`."""
    runs: int = 0
    """Independent runs."""
    problem: str | None = None
    """Why the number cannot be trusted, or why there is none."""
    client: str | None = None
    """Program that measured."""
    run_id: str | None = None
    """The run, for served speed."""


class ComparisonRequest(Record):
    """What to compare."""

    backends: tuple[str, ...] = ("llama.cpp",)
    quantization: str | None = None
    """None: the most exact one that fits, by backend."""
    benchmarks: tuple[str, ...] = ("output_speed", "prompt_speed", "time_to_first_token")
    settings: Settings = Settings()
    """Lengths and streams."""
    depths: tuple[int, ...] = (0,)
    runs: int = 7
    executables: tuple[tuple[str, str], ...] = ()
    """Backend, path of its program."""
    server: ServerOptions = ServerOptions()
    bench: str | None = None
    """Path of llama-bench; None: the one that is found, or none."""


def compare_backends(release: Release, request: ComparisonRequest, home: Home) -> list[SpeedRow]:
    """Measure every backend in turn, each alone on the machine. What fails becomes a row that says why.
    Raises UserError
    for an unknown backend or benchmark."""
    from evaluators.speed.llama_bench import find_llama_bench
    from evaluators.speed.measure_speed import quantity_of

    for name in request.benchmarks:
        quantity_of(name)
    rows: list[SpeedRow] = []
    for backend in request.backends:
        format_of(backend)
        try:
            artifact = _artifact(release, backend, request.quantization)
            served, flags = _served(artifact, backend, request, home)
            rows += served
            if backend == "llama.cpp" and (bench := find_llama_bench(request.bench)):
                threads = flags.get("threads", "")
                rows += _bare(artifact, bench, request, served, int(threads) if threads.isdigit() else None)
        except UserError as problem:
            rows.append(SpeedRow(benchmark=request.benchmarks[0], backend=backend, kind="served", problem=str(problem)))
            say(f"{backend}: {problem}")
    return rows


def _artifact(release: Release, backend: str, quantization: str | None) -> Artifact:
    from evaluators.hardware import read_hardware, without_gpus
    from evaluators.weights import pull

    options = ServerOptions()
    spread = registry.backend(backend).spread(options)
    machine = read_hardware() if spread else without_gpus(read_hardware())
    chosen = choose_option(release, format_of(backend), quantization, machine, options, spread)
    return pull(release, chosen.option.format, chosen.name)


def _served(
    artifact: Artifact, backend: str, request: ComparisonRequest, home: Home
) -> tuple[list[SpeedRow], dict[str, str]]:
    """The rows of one backend, and the flags its server ran with."""
    from evaluators.speed import measure_speed

    executable = dict(request.executables).get(backend)
    slots = max(request.settings.concurrency or 1, request.server.slots or 1)
    options = request.server.model_copy(update={"slots": slots, "executable": executable})
    rows = []
    with ServerPool(backend, options, home.root / "logs") as pool:
        server = pool.server(artifact, one_copy=True)
        about = server.describe()
        same = _lengths(request, artifact, about)
        for name in request.benchmarks:
            for depth in request.depths:
                title = f"{benchmark(name).title} of {artifact.quantization} with {backend}"
                title += f" at a depth of {depth:,}" if len(request.depths) > 1 else ""
                settings = same.model_copy(update={"depth": depth})
                say(title)
                try:
                    with shown(title) as tell:
                        run = measure_speed(
                            benchmark(name),
                            artifact,
                            server,
                            settings,
                            folder=home.runs,
                            runs=request.runs,
                            progress=tell,
                        )
                except UserError as problem:
                    missing = SpeedRow(benchmark=name, backend=backend, kind="served", depth=depth)
                    rows.append(missing.model_copy(update={"problem": str(problem)}))
                else:
                    rows.append(row_of(run.settings, run.measurements[0], "served", run=run))
    return rows, about.flags


def _lengths(request: ComparisonRequest, artifact: Artifact, server: ServerDescription) -> Settings:
    """Lengths that fit at every depth, so that depths can be compared; as wished where there is one depth only, or
    where the greatest does not fit anyway."""
    from evaluators.speed.conditions import complete_conditions

    if len(request.depths) < 2:
        return request.settings
    deepest = request.settings.model_copy(update={"depth": max(request.depths)})
    try:
        conditions = complete_conditions(deepest, artifact, server, client="")
    except UserError:
        return request.settings
    fitting = conditions.model_dump(include={"prompt_tokens", "generation_tokens"})
    return request.settings.model_copy(update=fitting)


def _bare(
    artifact: Artifact, bench: str, request: ComparisonRequest, served: Sequence[SpeedRow], threads: int | None
) -> list[SpeedRow]:
    """llama-bench with the lengths and the threads of what was served: its generation begins where the prompt ends."""
    from evaluators.speed.conditions import GENERATION, PROMPT
    from evaluators.speed.llama_bench import run_llama_bench

    say(f"llama-bench on {artifact.quantization}")
    prompt = max((row.prompt_tokens or 0 for row in served), default=0) or PROMPT
    generation = max((row.generation_tokens or 0 for row in served if row.benchmark == "output_speed"), default=0)
    tests = []
    if "prompt_speed" in request.benchmarks:
        tests += run_llama_bench(
            bench, artifact, prompt_tokens=prompt, generation_tokens=0, depths=request.depths, runs=request.runs,
            threads=threads,
        )  # fmt: skip
    if "output_speed" in request.benchmarks:
        filled = [depth + prompt for depth in request.depths]
        tests += run_llama_bench(
            bench, artifact, prompt_tokens=0, generation_tokens=generation or GENERATION, depths=filled,
            runs=request.runs, threads=threads,
        )  # fmt: skip
    rows = [(row_of(test.settings, test.measurement, "bare"), test.problem) for test in tests]
    return [row.model_copy(update={"problem": problem}) for row, problem in rows]


def row_of(settings: Settings, measured: Measurement, kind: str, *, run: Run | None = None) -> SpeedRow:
    """The row of one measurement."""
    values = [value for value in measured.values if value is not None]
    interval = median_interval(values) if values else None
    return SpeedRow(
        benchmark=measured.benchmark,
        backend=settings.backend or "unknown",
        kind=kind,
        version=settings.backend_version,
        quantization=settings.quantization,
        hardware=settings.hardware,
        prompt_tokens=settings.prompt_tokens,
        generation_tokens=settings.generation_tokens,
        depth=settings.depth or 0,
        concurrency=settings.concurrency or 1,
        median=interval.value if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        confidence=interval.confidence if interval else None,
        unit=measured.unit,
        runs=len(values),
        problem=run.reason if run and run.status is not RunStatus.finished else None,
        client=measured.evidence.get("client"),
        run_id=run.run_id if run else None,
    )


def plot(rows: Sequence[SpeedRow], path: Path) -> None:
    """Draw the rows: one offline HTML file, PNG or SVG, by the path's ending. Raises UserError for another ending."""
    from warehouse.reports.speed_plot import draw_plot, save_plot

    save_plot(draw_plot([row.model_dump() for row in rows if row.median is not None]), path)
