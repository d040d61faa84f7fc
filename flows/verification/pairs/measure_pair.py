"""An artifact and its reference on the same items under one protocol, in steps that double, until the claims are
decided.

Each step is a run of its own on each side, which takes the answers of the earlier ones: nothing is paid for twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.backends import ModelServer
from evaluators.catalogue import Benchmark
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Origin, Run, RunStatus, Settings
from evaluators.run_manifest import write_manifest
from flows.options import VerifyOptions
from flows.runtime.progress_lines import say, shown
from flows.runtime.server_pool import ServerPool
from flows.verification.jobs import Job
from flows.verification.measure import ANSWER_ROOM, earlier_runs
from flows.verification.pairs.pair_run import pair_run
from flows.verification.pairs.reference_weights import reference_artifact
from flows.verification.run_noise_items import TWICE, flips_of, has_noise
from warehouse.claim_records import Criterion
from warehouse.home import Home
from warehouse.verdicts.early_stopping import budget_share
from warehouse.verdicts.pairs.judge_pair import decided_pair

FIRST_STEP = 200
"""Items of the first step."""


def measure_pair(
    job: Job, artifact: Artifact, pool: ServerPool, home: Home, criteria: Sequence[Criterion], options: VerifyOptions
) -> Run:
    """The run of the pair that a job asks for. Raises Unmeasurable if the reference is not to be had, UserError for
    what the user has to fix."""
    assert job.reference is not None
    reference = reference_artifact(job.reference, job.claims[0].model, artifact, options)
    settings = _fitting(job, pool, (artifact, reference))
    step = FIRST_STEP
    flips: dict[str, float] = {}
    repeated: set[str] = set()
    while True:
        sides: list[Run] = []
        for prefix, side in (("", artifact), ("reference_", reference)):
            server = pool.server(side)
            run = _answers(job, side, server, settings, home, criteria, options, limit=step)
            sides.append(run)
            if has_noise(job.benchmark, run) and run.measurements and side.key not in repeated:
                repeated.add(side.key)
                twice = _answers(
                    job, side, server, settings.model_copy(update={"repeats": 2}), home, criteria, options,
                    limit=min(TWICE, max(measurement.items for measurement in run.measurements)), again=True,
                )  # fmt: skip
                flips |= _flips(prefix, twice, criteria)
        paired = pair_run(sides[0], sides[1], job.reference, flips)
        of = max((measurement.of for measurement in paired.measurements), default=0)
        items = max((measurement.items for measurement in paired.measurements), default=0)
        share = 1.0 if options.full else options.budget or budget_share(of)
        most = max(round(of * share), 1)
        done = not options.full and decided_pair(job.claims, criteria, paired, job.benchmark)
        if paired.status is not RunStatus.finished or done or items >= most:
            return write_manifest(home.runs / paired.run_id, paired)
        say(f"  after {items:,} items of both: not decided")
        step = min(2 * step, most)


def _answers(
    job: Job, artifact: Artifact, server: ModelServer, settings: Settings, home: Home, criteria: Sequence[Criterion],
    options: VerifyOptions, *, limit: int, again: bool = False,
) -> Run:  # fmt: skip
    """The first items of the order on one side; `again`: a second time, under another arrangement."""
    known: Benchmark = job.benchmark
    what = " a second time" if again else ""
    with shown(f"{known.title}, {limit:,} items{what}, on {artifact.release.model} {artifact.quantization}") as tell:
        return run_benchmark(
            known,
            artifact,
            server,
            settings,
            folder=home.runs,
            order_seed=criteria[0].order_seed if criteria else 0,
            limit=None if known.items and limit >= known.items else limit,
            reuse=earlier_runs(home, artifact, known.name),
            progress=tell,
            protocol=job.protocol,
            sandbox=options.sandbox,
            rearranged=again,
        )


def _fitting(job: Job, pool: ServerPool, artifacts: Sequence[Artifact]) -> Settings:
    """The settings of both sides: a token limit that no claim states fits the smaller of the two contexts."""
    settings = job.settings
    if not settings.max_tokens or (job.protocol and job.protocol.origins.get("max_tokens") is Origin.claim):
        return settings
    rooms = [room for artifact in reversed(artifacts) if (room := pool.server(artifact).describe().context)]
    limit = min([settings.max_tokens, *(room * ANSWER_ROOM // 4 for room in rooms)])
    return settings.model_copy(update={"max_tokens": limit})


def _flips(prefix: str, twice: Run, criteria: Sequence[Criterion]) -> dict[str, float]:
    """Signals of the side whose items were answered twice: of the score that flips most, if several are compared."""
    rates = [flips for criterion in criteria if (flips := flips_of(twice, criterion)) is not None]
    if not rates:
        return {}
    rate, items = max(rates)
    return {f"{prefix}flip_rate": rate, f"{prefix}flip_items": float(items)}
