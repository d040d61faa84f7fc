"""What the runs of a verification are expected to take, for the line that says when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.backends import read_hardware
from evaluators.records import UserError
from flows.options import VerifyOptions
from flows.runtime.whole_run import ExpectedRun
from flows.verification.jobs import JobPlan
from flows.verification.run_costs import run_costs
from flows.verification.typical_speed import USUAL_BITS, stated_size, typical_speed
from warehouse.claim_records import Claim
from warehouse.home import Home
from warehouse.queries.verification import costs


def expected_runs(
    model: str, claims: Sequence[Claim], work: JobPlan, options: VerifyOptions, home: Home, weights: int | None
) -> list[ExpectedRun]:
    """The runs of a plan in its order. weights: bytes of what is served; None: not known. Empty where a benchmark is
    not known well enough, which is told where it is run."""
    size = stated_size(model, claims)
    held = weights or size.parameters * USUAL_BITS / 8
    speed = typical_speed(read_hardware(), held, size.active / size.parameters, options.backend, options.server)
    try:
        runs = run_costs(work, options, costs(home, model, options.backend), speed)
    except UserError:
        return []
    return [ExpectedRun(run.title, run.items, run.seconds, run.first) for run in runs]
