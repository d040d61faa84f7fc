"""Speed runs of a verification: one artifact, two sides that take turns, or one artifact at several depths."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.records import Artifact, Run
from evaluators.servers import read_hardware
from evaluators.throughput import Decided, measure_depth, measure_ratio, measure_speed
from evaluators.throughput.key import hardware_name
from flows.options import Options
from flows.planning import Job
from flows.progress import say
from flows.serving import Desk
from flows.sides import sides_of
from warehouse.home import Home
from warehouse.records import Lock
from warehouse.verdicts.compare import SAME
from warehouse.verdicts.hardware import same_machine
from warehouse.verdicts.medians import look, straddles

PAIRS = 11
"""Pairs of a ratio: the interval of their median leaves out the lowest and the highest, which a busy machine makes."""


def speed(job: Job, artifact: Artifact, desk: Desk, home: Home, locks: Sequence[Lock], options: Options) -> Run:
    """Measure what a speed claim is about. Raises Problem if it cannot be measured here."""
    enough = decided(job, locks)
    if job.benchmark.name.endswith("_ratio"):
        return _ratio(job, artifact, desk, home, enough, options)
    say(f"{job.benchmark.title} on {artifact.quantization} with {desk.backend}")
    server = desk.server(artifact)
    if job.benchmark.name == "speed_at_depth":
        return measure_depth(job.benchmark, artifact, server, job.settings, folder=home.runs, decided=enough)
    return measure_speed(job.benchmark, artifact, server, job.settings, folder=home.runs, decided=enough)


def decided(job: Job, locks: Sequence[Lock]) -> Decided | None:
    """Whether runs decide all claims of the job, but for those about other hardware, which they cannot decide; None if
    there are no others."""
    here = hardware_name(read_hardware()) or ""
    named = {claim.claim_id: claim.settings.hardware for claim in job.claims}
    apart = {
        key for key, name in named.items() if name and name.casefold() not in SAME and not same_machine(name, here)
    }
    bars = [lock for lock in locks if lock.claim_id not in apart]
    if not bars:
        return None
    return lambda values: not any(straddles(look(values, len(values), bar.alpha), bar) for bar in bars)


def _ratio(job: Job, artifact: Artifact, desk: Desk, home: Home, enough: Decided | None, options: Options) -> Run:
    over, under = sides_of(job.settings, job.claims[0].model, artifact, options)
    say(f"{job.benchmark.title} of {over} over {under}")
    with desk.pair(over, under) as (first, second):
        sides = (over.artifact, first), (under.artifact, second)
        return measure_ratio(job.benchmark, *sides, job.settings, folder=home.runs, runs=PAIRS, decided=enough)
