"""From the claims about a release to the runs that can judge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evaluators.catalogue import Benchmark, benchmark, catalogue
from evaluators.code.date_windows import read_window
from evaluators.protocols.agent_protocols import agent_protocols
from evaluators.protocols.plausible_protocols import Plausible, plausible_protocols
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.protocols.repeats_words import place_repeats
from evaluators.protocols.vendor_habits import habits_of
from evaluators.records import Protocol, Settings, UserError
from evaluators.tasks.long_context.text_length import read_length
from flows.options import RunOptions
from warehouse.claim_records import Claim, Criterion
from warehouse.claims.text.thinking_budget import thinking_budget, within_budget
from warehouse.number_text import PAIR_UNITS
from warehouse.verdicts.scaffold_names import scaffold_program
from warehouse.verdicts.unplaced_words import unplaced_sentence, unplaced_words

SPEED_KEY = {"prompt_tokens", "generation_tokens", "depth", "concurrency", "numerator", "denominator"}
"""Settings of a speed claim that decide what is measured."""
UNKNOWN_KIND = ReleaseKind(kind="unknown", thinking="unknown")
"""Of a release whose files were not read."""


@dataclass(frozen=True)
class Job:
    """One benchmark under one protocol on one artifact, for all claims that it can judge."""

    benchmark: Benchmark
    """What is run; for a claim about a benchmark by log-likelihood it may be the formulation with generated answers."""
    quantization: str | None
    """Quantization that the claims name; None: the one that the caller chose."""
    claims: tuple[Claim, ...]
    settings: Settings
    """Settings of the run; for a speed what the claims state of its key (lengths, depth, concurrency, sides)."""
    protocols: Mapping[str, tuple[Protocol, ...]] = field(default_factory=dict)
    """By claim id: the claim's protocols that this run serves; they differ in the score that is compared."""

    reference: str | None = None
    """What the artifact is compared with on the same items, as the claims call it; None: with nothing."""

    @property
    def protocol(self) -> Protocol | None:
        """The protocol that the run is known by; None for speeds."""
        first = next((served[0] for served in self.protocols.values()), None)
        if first is None:
            return None
        scores = (first.settings.filter, first.settings.metric)
        name = ", ".join(part for part in first.name.split(", ") if part not in scores)
        return first.model_copy(update={"name": name, "settings": self.settings})


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
    """Benchmarks and speed measurements that need a server, those of one artifact together, in the order in which they
    are run: what may decide a claim at once comes before what is only needed if it does not."""
    specification: tuple[Claim, ...]
    """Claims that the release's own files decide."""
    refused: tuple[Refusal, ...]
    """Claims that cannot be run, with the reason."""
    plausible: Mapping[str, Plausible] = field(default_factory=dict)
    """By claim id: the protocols of the claim."""


def plan_jobs(
    claims: Iterable[Claim],
    only: Sequence[str] = (),
    *,
    kind: ReleaseKind | None = None,
    options: RunOptions | None = None,
    anywhere: bool = False,
) -> JobPlan:
    """Group claims by what has to be run. `only`: catalogue names to keep; empty keeps all. `kind`: of the release;
    None: not known. `anywhere`: as if this machine had what containers need, which is for plans only."""
    scores: list[tuple[Claim, Benchmark]] = []
    speeds: dict[tuple[str, str | None, Settings], list[Claim]] = {}
    specification: list[Claim] = []
    refused: list[Refusal] = []
    for claim in claims:
        if only and claim.benchmark not in only:
            continue
        entry = catalogue().get(claim.benchmark or "")
        if entry is None:
            refused.append(Refusal(claim, "unknown_benchmark", f"{claim.benchmark_text} is not in the catalogue"))
        elif claim.interval is None:
            refused.append(Refusal(claim, "no_number", f"{claim.said!r} is not a number that can be tested"))
        elif entry.evaluator == "specification":
            specification.append(claim)
        elif (entry.evaluator == "lm-eval" or entry.harness) and entry.cannot_run is None:
            if (refusal := _refusal(claim, entry, options.sandbox if options else None)) is not None:
                refused.append(refusal)
            elif (lacking := _budget_lacks(claim, entry, kind or UNKNOWN_KIND)) is not None:
                refused.append(Refusal(claim, "no_protocol", lacking))
            elif not anywhere and (lacking := machine_lacks(entry)) is not None:
                refused.append(Refusal(claim, "tools_missing", lacking))
            else:
                scores.append((claim, entry))
        elif entry.evaluator == "speed" and entry.cannot_run is None:
            stated = Settings(**claim.settings.model_dump(include=SPEED_KEY))
            speeds.setdefault((entry.name, claim.settings.quantization, stated), []).append(claim)
        else:
            needs = f"; it needs {entry.needs}" if entry.needs else ""
            refused.append(
                Refusal(claim, "no_evaluator", (entry.cannot_run or "nothing here runs it").rstrip(".") + needs)
            )
    scores, alone = _with_scaffolds(scores)
    refused += alone
    plausible = {claim.claim_id: _protocols(claim, entry, kind or UNKNOWN_KIND, options) for claim, entry in scores}
    refused += [
        Refusal(claim, "no_protocol", "; ".join(plausible[claim.claim_id].missing) or "no protocol can be run here")
        for claim, _ in scores
        if not plausible[claim.claim_id].protocols
    ]
    jobs = _score_jobs([claim for claim, _ in scores], plausible)
    jobs += [
        Job(catalogue()[name], quantization, tuple(group), stated)
        for (name, quantization, stated), group in speeds.items()
    ]
    return JobPlan(
        jobs=tuple(sorted(jobs, key=lambda job: (job.quantization or "", job.benchmark.evaluator == "speed"))),
        specification=tuple(specification),
        refused=tuple(refused),
        plausible=plausible,
    )


def _with_scaffolds(scores: list[tuple[Claim, Benchmark]]) -> tuple[list[tuple[Claim, Benchmark]], list[Refusal]]:
    """Claims with another scaffold than the harness that runs their benchmark are shown beside a run that is made for
    others, and are no reason for one: it cannot judge them."""
    run_for = {entry.name for claim, entry in scores if entry.harness and not other_scaffold(claim, entry)}
    kept = [(claim, entry) for claim, entry in scores if not other_scaffold(claim, entry) or entry.name in run_for]
    refused = [
        Refusal(
            claim,
            "tools_missing",
            f"the claim was made with the scaffold {claim.settings.scaffold}; {entry.harness}, which runs "
            f"{entry.title} here, cannot judge it",
        )
        for claim, entry in scores
        if other_scaffold(claim, entry) and entry.name not in run_for
    ]
    return kept, refused


def other_scaffold(claim: Claim, entry: Benchmark) -> bool:
    """Whether a claim about an agent benchmark names another scaffold than the one that runs it here."""
    stated = claim.settings.scaffold
    return entry.harness is not None and stated is not None and scaffold_program(stated) != entry.harness


def _refusal(claim: Claim, entry: Benchmark, sandbox: str | None) -> Refusal | None:
    """Why a claim about scores cannot be judged by any run; None if it can."""
    stated = claim.settings
    if is_pair(claim) and (lacking := _pair_lacks(claim, entry)):
        return Refusal(claim, "no_evaluator", lacking)
    if not entry.items and not entry.windowed:
        text = f"the catalogue lacks the number of items of {entry.title}; add `items` to its YAML"
        return Refusal(claim, "no_item_count", text)
    if words := unplaced_words(stated):
        return Refusal(claim, "unplaced_words", unplaced_sentence(words))
    if entry.windowed:
        if stated.subset and read_window(stated.subset) is None:
            text = f"{stated.subset!r} is no date window, and {entry.title} is undefined without one"
            return Refusal(claim, "no_evaluator", text)
    elif entry.sized:
        if read_length(stated.subset or "") is None:
            text = f"{stated.subset or 'nothing'!r} is no length, and {entry.title} is undefined without one"
            return Refusal(claim, "no_evaluator", text)
    elif stated.subset and stated.subset.casefold() not in ("all", "whole", "full", "overall", "test"):
        return Refusal(claim, "no_evaluator", f"only the whole of {entry.title} is run, not {stated.subset}")
    for name in ("tools", "scaffold", "judge"):
        value = getattr(stated, name)
        if entry.harness and name in ("tools", "scaffold"):
            continue  # the harness brings them; what differs is shown
        if value and value.casefold() not in ("none", "no", "without"):
            return Refusal(claim, "tools_missing", f"the claim was made with {name} {value}, which is not here")
    try:
        placed = place_repeats(stated, entry)
        entry.score(placed.metric, placed.filter)
    except UserError as problem:
        return Refusal(claim, "no_score", str(problem))
    if entry.sandboxed and (lacking := _sandbox_missing(sandbox)):
        return Refusal(claim, "sandbox_missing", lacking)
    return None


def _budget_lacks(claim: Claim, entry: Benchmark, kind: ReleaseKind) -> str | None:
    """Why a claim with a budget of thinking cannot be run as a limit of the whole answer; None if it can."""
    if thinking_budget(claim.settings) is None:
        return None
    if entry.harness:
        return f"a budget of thinking, which {entry.harness} cannot be told"
    if not kind.has_template:
        return "a budget of thinking, and no chat template tells whether the model is told of it"
    return "the chat template tells the model its budget of thinking; no run here does" if kind.tells_budget else None


def is_pair(claim: Claim) -> bool:
    """Whether a claim is about what an artifact keeps of a reference's score."""
    return claim.interval is not None and claim.interval.unit in PAIR_UNITS


def _pair_lacks(claim: Claim, entry: Benchmark) -> str | None:
    """Why a claim about a pair cannot be tested; None if it can."""
    if claim.settings.denominator is None:
        return "the claim does not say what the artifact is compared with"
    if claim.settings.numerator is not None:
        return "the artifact of a claim about a pair is named by its quantization, not by a numerator"
    return f"tasks of {entry.title} are not given to two artifacts in turn" if entry.harness else None


def machine_lacks(entry: Benchmark) -> str | None:
    """What this machine lacks for a benchmark that runs in containers, in one line; None if nothing."""
    from evaluators.outside.harnesses.docker_engine import docker_lacks

    return docker_lacks(entry)


def _sandbox_missing(kind: str | None) -> str | None:
    """Why no generated code can be run here; None if it can. Probes the machine once a process."""
    from evaluators.sandbox.box import SandboxError
    from evaluators.sandbox.choose_sandbox import choose_sandbox

    try:
        choose_sandbox(kind)
    except SandboxError as error:
        return str(error)
    return None


def _protocols(claim: Claim, entry: Benchmark, kind: ReleaseKind, options: RunOptions | None) -> Plausible:
    if entry.harness:
        return agent_protocols(entry, claim.settings, options.asked if options else None)
    return plausible_protocols(
        entry,
        kind,
        within_budget(claim.settings),
        user=options.asked if options else None,
        only=options.protocol if options else (),
        habits=habits_of(claim.model),
    )


def _score_jobs(claims: Sequence[Claim], plausible: Mapping[str, Plausible]) -> list[Job]:
    """One job for all claims with equal requests, in the order of the best rank that a claim gives it."""
    grouped: dict[tuple[str, str | None, str | None, Settings], dict[str, list[Protocol]]] = {}
    rank: dict[tuple[str, str | None, str | None, Settings], int] = {}
    known = {claim.claim_id: claim for claim in claims}
    for claim in claims:
        for number, protocol in enumerate(plausible[claim.claim_id].protocols):
            requests = protocol.settings.model_copy(update={"metric": None, "filter": None})
            reference = claim.settings.denominator if is_pair(claim) else None
            key = (protocol.benchmark or claim.benchmark or "", claim.settings.quantization, reference, requests)
            grouped.setdefault(key, {}).setdefault(claim.claim_id, []).append(protocol)
            rank[key] = min(rank.get(key, number), number)
    return [
        Job(
            benchmark=catalogue()[name],
            quantization=quantization,
            claims=tuple(known[claim_id] for claim_id in served),
            settings=settings,
            protocols={claim_id: tuple(protocols) for claim_id, protocols in served.items()},
            reference=reference,
        )
        for (name, quantization, reference, settings), served in sorted(
            grouped.items(), key=lambda entry: rank[entry[0]]
        )
    ]


def make_criteria(
    claims: Iterable[Claim], options: RunOptions, numbers: Mapping[str, int] | None = None
) -> dict[str, Criterion]:
    """The acceptance criterion of each claim that leaves no protocol open, by claim id; to be stored before the run.
    `numbers`: by claim id, the runs that judged it before."""
    from warehouse.verdicts import make_criterion

    return {
        claim.claim_id: make_criterion(
            claim,
            benchmark(claim.benchmark or ""),
            order_seed=options.order_seed or 0,
            alpha=options.alpha,
            runs_before=(numbers or {}).get(claim.claim_id, 0),
        )
        for claim in claims
    }


def protocol_criteria(
    job: Job,
    plan: JobPlan,
    options: RunOptions,
    *,
    order_seed: int | None = None,
    numbers: Mapping[str, int] | None = None,
    predictions: Mapping[tuple[str, str], str] | None = None,
) -> dict[tuple[str, str], Criterion]:
    """The acceptance criteria of a job about scores, by claim id and protocol name; to be stored before the run.
    `order_seed`: of the weights that are run, where the options name none. `numbers`: by claim id, the runs that judged
    it before. `predictions`: hashes of the frozen control variates, by metric and filter.

    Raises UserError where the catalogue does not know enough of the benchmark."""
    from warehouse.verdicts import make_criterion, with_predictions

    plain = {
        (claim.claim_id, protocol.name): make_criterion(
            claim,
            job.benchmark,
            order_seed=order_seed or 0,
            alpha=options.alpha,
            runs_before=(numbers or {}).get(claim.claim_id, 0),
            settings=protocol.settings,
            plausible=plan.plausible[claim.claim_id].count,
            protocol=protocol.name,
        )
        for claim in job.claims
        for protocol in job.protocols[claim.claim_id]
    }
    known = predictions or {}
    return {key: with_predictions(criterion, known.get(criterion.score_key)) for key, criterion in plain.items()}
