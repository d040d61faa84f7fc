"""`claimcheck speed`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.output import console, print_json
from flows.config import configuration

if TYPE_CHECKING:
    from flows.compare_backends import SpeedRow

Json = Annotated[bool, Parameter(name="--json", negative=())]
Several = Annotated[tuple[str, ...], Parameter(negative=())]


def speed(
    release: str,
    /,
    *,
    backend: Several = ("llama.cpp",),
    benchmark: Several = ("output_speed", "prompt_speed", "time_to_first_token"),
    quantization: str | None = None,
    revision: str | None = None,
    prompt_tokens: int | None = None,
    generation_tokens: int | None = None,
    depth: Annotated[tuple[int, ...], Parameter(negative=())] = (0,),
    streams: int | None = None,
    runs: int = 7,
    threads: int | None = None,
    context: int | None = None,
    url: str | None = None,
    llama_bench: str | None = None,
    plot: Path | None = None,
    json: Json = False,
) -> int:
    """Measure the speed of a release on this machine, backends side by side.

    Parameters
    ----------
    release
        `org/name` on the hub, or a folder laid out like a hub repository.
    backend
        llama.cpp, vllm, ollama or attached (may be given several times).
    benchmark
        output_speed, prompt_speed, time_to_first_token or total_throughput (may be given several times).
    quantization
        Quantization to run, e.g. Q4_K_M; without it the most exact one that fits this machine.
    revision
        Branch, tag or commit.
    prompt_tokens
        Length of the prompt; 512 without it, shortened to the context.
    generation_tokens
        Length of the answer; 128 without it.
    depth
        Tokens already in the context (may be given several times).
    streams
        Requests at a time.
    runs
        Independent runs, at least 7.
    threads
        CPU threads of the server.
    context
        Tokens of context a request may use.
    url
        Attached and Ollama: base URL of the server.
    llama_bench
        Path of llama-bench; without it the one on PATH, if there is one.
    plot
        Also draw it: a file that ends in .html (one file, no network needed), .png or .svg.
    json
        JSON instead of a table.
    """
    from evaluators.backends import ServerOptions
    from evaluators.records import Settings
    from evaluators.weights import resolve
    from flows.compare_backends import ComparisonRequest, compare_backends
    from flows.compare_backends import plot as draw
    from warehouse.home import Home
    from warehouse.reports.speed_plot import FORMATS, other_plot_format

    if plot is not None and plot.suffix.lower() not in FORMATS:
        raise other_plot_format(plot)
    settings = configuration()
    request = ComparisonRequest(
        backends=tuple(dict.fromkeys(backend)),
        quantization=quantization,
        benchmarks=tuple(dict.fromkeys(benchmark)),
        settings=Settings(prompt_tokens=prompt_tokens, generation_tokens=generation_tokens, concurrency=streams),
        depths=tuple(sorted(set(depth))),
        runs=runs,
        executables=settings.executables,
        server=ServerOptions(threads=threads, context=context, url=url),
        bench=llama_bench,
    )
    rows = compare_backends(resolve(release, revision), request, Home(settings.home))
    if plot is not None:
        draw(rows, plot)
    if json:
        print_json([row.model_dump() for row in rows])
    else:
        print_speeds(rows)
    return 0 if any(row.median is not None for row in rows) else 1


def print_speeds(rows: Sequence[SpeedRow]) -> None:
    """The table: one line a backend, kind of speed and depth."""
    from rich.table import Table
    from rich.text import Text

    from evaluators.catalogue import catalogue
    from warehouse.number_text import interval, number

    out = console()
    machine = next((row.hardware for row in rows if row.hardware), None)
    table = Table(title=f"on {machine}" if machine else None, title_justify="left")
    for name in ("speed", "backend", "kind", "quantization", "lengths", "median", "interval", "runs", "note"):
        table.add_column(name, justify="right" if name in ("median", "runs") else "left", no_wrap=True)
    notes = list(dict.fromkeys(row.problem for row in rows if row.problem))
    for row in rows:
        title = catalogue()[row.benchmark].title if row.benchmark in catalogue() else row.benchmark
        table.add_row(
            title, row.backend, row.kind, row.quantization or "—", lengths(row), number(row.median, row.unit),
            interval(row.low, row.high, row.unit), str(row.runs or "—"),
            Text(f"({notes.index(row.problem) + 1})" if row.problem else "", style="magenta"),
        )  # fmt: skip
    out.print(table)
    for index, note in enumerate(notes):
        out.print(Text(f"({index + 1}) {note}", style="magenta"))
    for version in dict.fromkeys(f"{row.backend} {row.version}, by {row.client}" for row in rows if row.version):
        out.print(Text(version, style="dim"))


def lengths(row: SpeedRow) -> str:
    """Prompt, answer, depth and streams in short, as llama-bench writes them: `pp512 tg128 @ d4096 x4`."""
    parts = [
        f"pp{row.prompt_tokens}" if row.prompt_tokens else "",
        f"tg{row.generation_tokens}" if row.generation_tokens else "",
        f"@ d{row.depth}" if row.depth else "",
        f"x{row.concurrency}" if row.concurrency > 1 else "",
    ]
    return " ".join(part for part in parts if part)
