"""Speed runs of a verification: one artifact, two sides that take turns, or one artifact at several depths."""

from __future__ import annotations

from evaluators.records import Artifact, Run
from evaluators.throughput import measure_depth, measure_ratio, measure_speed
from flows.options import Options
from flows.planning import Job
from flows.progress import say
from flows.serving import Desk
from flows.sides import sides_of
from warehouse.home import Home

PAIRS = 11
"""Pairs of a ratio: the interval of their median leaves out the lowest and the highest, which a busy machine makes."""


def speed(job: Job, artifact: Artifact, desk: Desk, home: Home, options: Options) -> Run:
    """Measure what a speed claim is about. Raises Problem if it cannot be measured here."""
    if job.benchmark.name.endswith("_ratio"):
        return _ratio(job, artifact, desk, home, options)
    say(f"{job.benchmark.title} on {artifact.quantization} with {desk.backend}")
    server = desk.server(artifact)
    if job.benchmark.name == "speed_at_depth":
        return measure_depth(job.benchmark, artifact, server, job.settings, folder=home.runs)
    return measure_speed(job.benchmark, artifact, server, job.settings, folder=home.runs)


def _ratio(job: Job, artifact: Artifact, desk: Desk, home: Home, options: Options) -> Run:
    over, under = sides_of(job.settings, job.claims[0].model, artifact, options)
    say(f"{job.benchmark.title} of {over} over {under}")
    with desk.pair(over, under) as (first, second):
        sides = (over.artifact, first), (under.artifact, second)
        return measure_ratio(job.benchmark, *sides, job.settings, folder=home.runs, runs=PAIRS)
