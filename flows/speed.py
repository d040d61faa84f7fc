"""Speed runs of a verification: one artifact, two that take turns, or one at several depths."""

from __future__ import annotations

from evaluators.records import Artifact, Problem, Run
from evaluators.throughput import measure_depth, measure_ratio, measure_speed
from evaluators.weights import choose, pull
from flows.planning import Job
from flows.serving import Desk
from warehouse.home import Home

PAIRS = 11
"""Pairs of a ratio: the interval of their median leaves out the lowest and the highest, which a busy machine makes."""


def speed(job: Job, artifact: Artifact, desk: Desk, home: Home) -> Run:
    """Measure what a speed claim is about. Raises Problem if it cannot be measured here."""
    if job.benchmark.name.endswith("_ratio"):
        return _ratio(job, artifact, desk, home)
    server = desk.server(artifact)
    if job.benchmark.name == "speed_at_depth":
        return measure_depth(job.benchmark, artifact, server, job.settings, folder=home.runs)
    return measure_speed(job.benchmark, artifact, server, job.settings, folder=home.runs)


def _ratio(job: Job, artifact: Artifact, desk: Desk, home: Home) -> Run:
    names = job.settings.numerator, job.settings.denominator
    if None in names:
        raise Problem("the claim does not say what is compared with what; two quantizations can be compared here")
    over, under = (_side(artifact, str(side)) for side in names)
    with desk.pair(over, under) as (first, second):
        sides = (over, first), (under, second)
        return measure_ratio(job.benchmark, *sides, job.settings, folder=home.runs, runs=PAIRS)


def _side(artifact: Artifact, quantization: str) -> Artifact:
    """The artifact of the same release in this quantization."""
    try:
        choose(artifact.release, artifact.format, quantization)
    except Problem as problem:
        raise Problem(f"{quantization} cannot be compared here, only quantizations of one release: {problem}") from None
    return pull(artifact.release, artifact.format, quantization)
