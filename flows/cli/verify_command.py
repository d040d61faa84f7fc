"""`claimcheck verify` and `claimcheck demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli.measured_table import print_claims
from flows.cli.output import print_json
from flows.config import configuration
from flows.options import Switch, VerifyOptions
from flows.runtime.plain_text import write_line
from flows.runtime.progress_lines import say
from warehouse.home import Home

Json = Annotated[bool, Parameter(name="--json", negative=())]


def verify(
    release: str,
    /,
    *,
    options: Annotated[VerifyOptions, Parameter(name="*")] | None = None,
    strict: Switch = False,
    json: Json = False,
) -> int:
    """Serve a release, run the benchmarks of its claims, and judge them.

    Parameters
    ----------
    release
        `org/name` on the hub, or a folder laid out like a hub repository.
    strict
        Exit with 1 if a discrepancy is flagged.
    json
        JSON instead of a table.
    """
    return run(release, options or VerifyOptions(), strict=strict, json=json)


def demo(*, full: Switch = False, json: Json = False) -> int:
    """Verify the release that comes with claimcheck, on this machine, in a minute or two.

    Parameters
    ----------
    full
        Run whole benchmarks instead of stopping when the claims are decided.
    json
        JSON instead of a table.
    """
    from flows.demo import RELEASE

    code = run(str(RELEASE), VerifyOptions(backend="llama.cpp", full=full), strict=False, json=json)
    if not json:
        say("\n`claimcheck table --ids` lists the claims, `claimcheck show ID` says everything about one.")
    return code


def run(release: str, options: VerifyOptions, *, strict: bool, json: bool) -> int:
    """Check the input, run the flow, print the table. Returns the exit code."""
    from flows.runtime.prefect_server import set_defaults
    from flows.verification.artifact import check_request

    home = configuration().home
    check_home(home)
    check_request(release, options, Home(home))
    set_defaults()
    from flows.runtime.prefect_run import run_flow
    from flows.verify import verify_release

    summary = run_flow(verify_release, release, home, options)
    rows = [row for row in summary.rows if not options.benchmarks or row["benchmark"] in options.benchmarks]
    if json:
        print_json({"release": summary.release.model_dump(), "judged": summary.judged, "claims": rows})
    else:
        if not summary.rows:
            write_line(
                f"no claims about {summary.release.model} are known; `claimcheck claims import` or `add` brings some"
            )
            return 0
        if not summary.judged:
            write_line("already verified: every claim has a verdict, and no request was paid for")
            unsound = sum(row["outcome"] == "invalid_run" for row in rows)
            if unsound:
                write_line(f"{unsound} of them rest on an unsound run; --again runs and judges anew")
        print_claims(rows)
    for line in summary.damaged:
        say(f"damaged: {line}")
    if summary.damaged:
        say(f"{len(summary.damaged):,} damaged files were left out; `claimcheck rebuild` puts them aside")
    for line in summary.lost:
        say(f"lost: {line}")
    return 3 if summary.failed or summary.damaged or summary.lost else 1 if strict and summary.flagged else 0


def check_home(home: Path) -> None:
    """Raise UserError if a new home folder's disk has no room for a run, or if its database is not ours."""
    from flows.runtime.disk_space import check_room
    from warehouse.store import has_database, reading

    try:
        new = not has_database(Home(home))
    except OSError:  # such a name cannot be
        new = True
    if new:
        check_room(home)

    with reading(Home(home)):
        pass
