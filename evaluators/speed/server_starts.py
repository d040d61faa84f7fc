"""Runs of several server starts as one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from evaluators.records import Run
from evaluators.speed.run_record import write_speed_run


def combine_starts(runs: Sequence[Run], folder: Path) -> Run:
    """One Run from those of several starts of a server, in their order, written to `folder`/<run id>/run.json: all
    values, how many each start gave, and the median of the starts' medians as score."""
    parts = [run.measurements[0] for run in runs]
    values = tuple(value for part in parts for value in part.values)
    medians = [median(value for value in part.values if value is not None) for part in parts]
    last = runs[-1]
    measured = parts[-1].model_copy(
        update={
            "values": values,
            "items": len(values),
            "of": len(values),
            "score": median(medians),
            "starts": tuple(len(part.values) for part in parts),
            "first_look": None,
        }
    )
    name = hashlib.sha256(" ".join(run.run_id for run in runs).encode()).hexdigest()[:16]
    run = last.model_copy(
        update={
            "run_id": f"{last.benchmark}-{name}",
            "started": runs[0].started,
            "requests_sent": sum(run.requests_sent for run in runs),
            "measurements": (measured,),
            "checks": last.checks | {"starts": f"{len(runs)} starts of the server"},
        }
    )
    write_speed_run(run, folder)
    return run
