"""`claimcheck share`: exchange what is new with the store of several machines."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from evaluators.records import UserError
from flows.cli.output import print_json
from flows.config import configuration
from flows.options import Switch
from flows.runtime.plain_text import write_line
from warehouse.home import Home


def share_command(*, runs: Switch = False, json: Annotated[bool, Parameter(name="--json", negative=())] = False) -> int:
    """Exchange what is new with CLAIMCHECK_RUNS: what others did comes here, what was done here goes there.

    Parameters
    ----------
    runs
        Bring the runs of others too, with their answers; without it their claims and verdicts alone.
    json
        JSON instead of text.
    """
    from flows.sharing.sync import receive_home, send_home
    from warehouse.load import load_home

    settings = configuration()
    if settings.runs is None:
        raise UserError("CLAIMCHECK_RUNS is not set; name a folder that all machines see, or s3://bucket/claimcheck")
    home = Home(settings.home)
    home.make()
    came = receive_home(settings.runs, home.root, runs=runs)
    loaded = load_home(home)
    sent = send_home(home.root, settings.runs)
    if json:
        print_json({"received": came.__dict__, "sent": sent.__dict__})
    else:
        write_line(
            f"received {came.runs:,} runs and {came.files:,} files, sent {sent.runs:,} runs and {sent.files:,} files"
        )
    for name in came.damaged:
        write_line(
            f"damaged in {settings.runs}: {name}; remove it there, a machine that has it sends it again", sys.stderr
        )
    for line in loaded.damaged:
        write_line(f"damaged: {line}", sys.stderr)
    return 3 if came.damaged or loaded.damaged else 0
