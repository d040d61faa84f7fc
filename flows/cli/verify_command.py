"""`claimcheck verify` and `claimcheck demo`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from evaluators.user_error import UserError
from flows.cli.output import print_claims, print_json
from flows.config import configuration
from warehouse.home import Home

if TYPE_CHECKING:
    from flows.config import Options

Json = Annotated[bool, Parameter(name="--json", negative=())]
Switch = Annotated[bool, Parameter(negative=())]


def verify(
    release: str,
    /,
    *,
    revision: str | None = None,
    backend: str | None = None,
    weights: str | None = None,
    quantization: str | None = None,
    benchmark: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    full: Switch = False,
    again: Switch = False,
    url: str | None = None,
    model: str | None = None,
    key_variable: str | None = None,
    context: int | None = None,
    slots: int | None = None,
    threads: int | None = None,
    port: int | None = None,
    sandbox: str | None = None,
    strict: Switch = False,
    json: Json = False,
) -> int:
    """Verify the claims about a release: serve its weights, run the benchmarks, judge.

    Parameters
    ----------
    release
        `org/name` on the hub, or a folder laid out like a hub repository.
    revision
        Branch, tag or commit.
    backend
        llama.cpp, vllm, ollama or attached.
    weights
        Repository or folder to take the weights from, e.g. a packer's GGUF of this release.
    quantization
        Quantization to run, e.g. Q4_K_M; without it the most exact one that fits this machine.
    benchmark
        Only this benchmark (may be given several times).
    full
        Run whole benchmarks instead of stopping when the claims are decided.
    again
        Judge claims again that have a verdict already.
    url
        Attached and Ollama: base URL of the server.
    model
        Attached and Ollama: name of the model on that server.
    key_variable
        Attached: environment variable that holds the API key.
    context
        Tokens of context a request may use.
    slots
        Requests at a time.
    threads
        CPU threads of the server.
    port
        Port of the server on 127.0.0.1; without it a free one.
    sandbox
        What to run generated code in: bwrap, nsjail, landlock or seatbelt; without it the best that holds its probes.
        none runs it unprotected and marks every row.
    strict
        Exit with 1 if a discrepancy is flagged.
    json
        JSON instead of a table.
    """
    from evaluators.backends import ServerOptions
    from flows.config import Options

    settings = configuration()
    chosen = backend or settings.backend
    executable = dict(settings.executables).get(chosen)
    options = Options(
        revision=revision,
        backend=chosen,
        weights=weights,
        quantization=quantization,
        benchmarks=benchmark,
        full=full,
        again=again,
        order_seed=settings.order_seed,
        alpha=settings.alpha,
        sandbox=sandbox or settings.sandbox,
        server=ServerOptions(
            url=url, model=model, key_variable=key_variable, context=context, slots=slots, threads=threads,
            executable=executable, extra=("--port", str(port)) if port else (),
        ),
        executables=settings.executables,
    )  # fmt: skip
    return run(release, options, strict=strict, json=json)


def demo(*, full: Switch = False, json: Json = False) -> int:
    """Verify the release that comes with claimcheck, on this machine, in about a minute.

    Parameters
    ----------
    full
        Run whole benchmarks instead of stopping when the claims are decided.
    json
        JSON instead of a table.
    """
    from flows.config import Options
    from flows.demo import RELEASE
    from flows.runtime.progress_lines import say

    settings = configuration()
    from evaluators.backends import ServerOptions

    server = ServerOptions(executable=settings.llama_server)
    options = Options(
        full=full,
        order_seed=settings.order_seed,
        alpha=settings.alpha,
        sandbox=settings.sandbox,
        server=server,
        executables=settings.executables,
    )
    code = run(str(RELEASE), options, strict=False, json=json)
    if not json:
        say("\n`claimcheck table --ids` lists the claims, `claimcheck show ID` says everything about one.")
    return code


def run(release: str, options: Options, *, strict: bool, json: bool) -> int:
    """Check the input, run the flow, print the table. Returns the exit code."""
    from flows.runtime.prefect_server import local_api
    from flows.verification.artifact import check_request

    home = configuration().home
    check_home(home)
    check_request(release, options)
    with local_api(home) as ready:
        from flows.verify import verify_release

        ready()
        summary = verify_release(release, home, options)
    rows = [row for row in summary.rows if not options.benchmarks or row["benchmark"] in options.benchmarks]
    if json:
        print_json({"release": summary.release.model_dump(), "judged": summary.judged, "claims": rows})
    else:
        if not summary.rows:
            print(f"no claims about {summary.release.model} are known; `claimcheck claims import` or `add` brings some")
            return 0
        if not summary.judged:
            print("already verified: every claim has a verdict, and no request was paid for")
            unsound = sum(row["outcome"] == "invalid_run" for row in rows)
            if unsound:
                print(f"{unsound} of them rest on an unsound run; --again runs and judges anew")
        print_claims(rows)
    return 3 if summary.failed else 1 if strict and summary.flagged else 0


SPACE = 100 * 1000**2
"""Bytes that a verification needs beside the weights, at least."""


def check_home(home: Path) -> None:
    """Raise UserError if the home folder's disk has no room for a run, or if its database is not ours."""
    folder = home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < SPACE:
        left = f"{free / 1000**2:.0f} MB"
        raise UserError(f"{folder} has {left} left, too little for a run; free some space or set CLAIMCHECK_HOME")
    from warehouse.store import reading

    with reading(Home(home)):
        pass
