"""From the claims about a release to the runs that can judge them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluators.catalogue import Benchmark, benchmark, catalogue
from evaluators.records import Settings, UserError
from flows.options import VerifyOptions
from warehouse.claim_records import Claim, Criterion

SPEED_KEY = {"prompt_tokens", "generation_tokens", "depth", "concurrency", "numerator", "denominator"}
"""Settings of a speed claim that decide what is measured."""


@dataclass(frozen=True)
class Job:
    """One benchmark on one artifact, for all claims that it can judge."""

    benchmark: Benchmark
    quantization: str | None
    """Quantization that the claims name; None: the one that the caller chose."""
    claims: tuple[Claim, ...]
    settings: Settings
    """What the claims state of a speed's key (lengths, depth, concurrency, the two sides of a ratio)."""


@dataclass(frozen=True)
class Refusal:
    """A claim that no run can judge."""

    claim: Claim
    reason: str
    """One of the fixed reasons of `could_not_run`."""
    text: str


@dataclass(frozen=True)
class JobPlan:
    """What to run for the claims of a release."""

    jobs: tuple[Job, ...]
    """Benchmarks and speed measurements that need a server, those of one artifact together."""
    specification: tuple[Claim, ...]
    """Claims that the release's own files decide."""
    refused: tuple[Refusal, ...]
    """Claims that cannot be run, with the reason."""


def plan_jobs(claims: Iterable[Claim], only: Sequence[str] = (), sandbox: str | None = None) -> JobPlan:
    """Group claims by what has to be run. `only`: catalogue names to keep; empty keeps all. `sandbox`: what the user
    wants generated code to run in; None: the best that is here."""
    grouped: dict[tuple[str, str | None, Settings], list[Claim]] = {}
    specification: list[Claim] = []
    refused: list[Refusal] = []
    for claim in claims:
        if only and claim.benchmark not in only:
            continue
        found = catalogue().get(claim.benchmark or "")
        if found is None:
            refused.append(Refusal(claim, "unknown_benchmark", f"{claim.benchmark_text} is not in the catalogue"))
        elif claim.interval is None:
            refused.append(Refusal(claim, "no_number", f"{claim.said!r} is not a number that can be tested"))
        elif found.evaluator == "specification":
            specification.append(claim)
        elif found.evaluator == "lm-eval" and (lacking := _lacks(found, claim)):
            refused.append(Refusal(claim, "no_score", lacking))
        elif found.sandboxed and (lacking := _sandbox_missing(sandbox)):
            refused.append(Refusal(claim, "sandbox_missing", lacking))
        elif found.evaluator in ("lm-eval", "speed") and found.cannot_run is None:
            key = SPEED_KEY if found.evaluator == "speed" else set()
            stated = Settings(**claim.settings.model_dump(include=key))
            grouped.setdefault((found.name, claim.settings.quantization, stated), []).append(claim)
        else:
            needs = f"; it needs {found.needs}" if found.needs else ""
            refused.append(Refusal(claim, "no_evaluator", (found.cannot_run or "nothing here runs it") + needs))
    jobs = [
        Job(catalogue()[name], quantization, tuple(group), stated)
        for (name, quantization, stated), group in grouped.items()
    ]
    return JobPlan(
        jobs=tuple(sorted(jobs, key=lambda job: (job.quantization or "", job.benchmark.evaluator == "speed"))),
        specification=tuple(specification),
        refused=tuple(refused),
    )


def _lacks(found: Benchmark, claim: Claim) -> str | None:
    """Why the benchmark has no score that the claim could be about; None if it has one."""
    try:
        found.score(claim.settings.metric, claim.settings.filter)
    except UserError as problem:
        return str(problem)
    return None


def _sandbox_missing(kind: str | None) -> str | None:
    """Why no generated code can be run here; None if it can. Probes the machine once a process."""
    from evaluators.sandbox.box import SandboxError
    from evaluators.sandbox.choose_sandbox import choose_sandbox

    try:
        choose_sandbox(kind)
    except SandboxError as error:
        return str(error)
    return None


def make_criteria(claims: Iterable[Claim], options: VerifyOptions) -> dict[str, Criterion]:
    """The bar of each claim, by claim id; to be stored before the run."""
    from warehouse.verdicts import make_criterion

    return {
        claim.claim_id: make_criterion(
            claim, benchmark(claim.benchmark or ""), order_seed=options.order_seed, alpha=options.alpha
        )
        for claim in claims
    }


def non_deciding_claims(job: Job) -> set[str]:
    """Ids of the claims that state other settings than the run will have: judged with it, but not worth an item.

    Empty if that would leave no claim to run for.
    """
    protocol = job.benchmark.protocol.model_dump()
    fields = set(job.benchmark.decides) - {"metric", "filter"}
    apart = {
        claim.claim_id
        for claim in job.claims
        for name, stated in claim.settings.model_dump(include=fields, exclude_none=True).items()
        if protocol[name] is not None and stated != protocol[name]
    }
    return apart if len(apart) < len(job.claims) else set()
