"""The flow `verify_release`: a release's claims, its weights, the runs, the verdicts.

Each step calls one plain function. Runs without a Prefect server, and against one when PREFECT_API_URL is set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.cache_policies import NO_CACHE

from evaluators.backends.registry import engine_version, named
from evaluators.harness.tasks import forget_tasks
from evaluators.protocols.release_kind import ReleaseKind, kind_words, read_release_kind
from evaluators.records import Artifact, Protocol, Release, Run, UserError
from evaluators.run_manifest import read_manifest
from evaluators.user_error import CannotWrite
from flows.options import VerifyOptions
from flows.predictions.frozen_predictions import frozen_for
from flows.runtime.disk_space import check_room
from flows.runtime.notify import new_verdicts, save_and_tell
from flows.runtime.prefect_run import step, write_page
from flows.runtime.progress_lines import pulling, say
from flows.runtime.server_pool import ServerPool
from flows.runtime.under_way import under_way
from flows.runtime.whole_run import whole_run_of
from flows.verification.artifact import artifact_elsewhere, same_quantization
from flows.verification.expected_runs import expected_runs
from flows.verification.failures import failure_reason
from flows.verification.import_results import judge_imported_runs
from flows.verification.jobs import Job, make_criteria, plan_jobs, protocol_criteria
from flows.verification.judge import judge_pairs, judge_run, refuse
from flows.verification.measure import measure, measure_specification
from flows.verification.measure_agents import CriteriaOfRun
from flows.verification.open_claims import OpenClaims, find_unloadable, nothing_to_serve
from flows.verification.read_claims import Page, keep, read_pages
from flows.verification.variant_runs import beside_claim, measure_variants
from flows.verification.verdict_report import (
    Summary,
    artifact_key,
    artifact_rows,
    summarise,
    verdicts_markdown,
)
from flows.verification.weights_choice import WeightsChoice, choose_artifact
from warehouse.claim_records import Claim, Criterion, Verdict
from warehouse.home import Home
from warehouse.load import load_home, save_criteria
from warehouse.queries.claim_runs import last_numbers, numbers_of_chain, numbers_of_run, order_seed_of
from warehouse.queries.scheduling import last_verdicts
from warehouse.queries.verification import claims_of, settled
from warehouse.reports.markdown_text import as_markdown_text
from warehouse.verdicts import could_not_run


@step(network=True)
def find_release(model: str, revision: str | None) -> Release:
    """The release at its commit."""
    from evaluators.weights import resolve

    return resolve(model, revision)


@step(network=True)
def read_claims(release: Release) -> list[Page]:
    """The release's own claims."""
    return read_pages(release)


@step(network=True)
def read_specification(release: Release, quantization: str | None, home: Path) -> Run:
    """What the release's own files say."""
    return measure_specification(release, quantization, Home(home))


@step(network=True, task_run_name="pull {quantization}")
def pull_artifact(release: Release, format: str | None, quantization: str) -> Artifact:
    """The weights, every file checked."""
    from evaluators.weights import pull

    with pulling() as tell:
        return pull(release, format, quantization, progress=tell)


@step(network=True)
def find_kind(release: Release, artifact: Artifact) -> ReleaseKind:
    """What kind of release it is, by its own files."""
    return read_release_kind(release, artifact)


@step(cache_policy=NO_CACHE, task_run_name="{job.benchmark.name} on {artifact.quantization}")
def evaluate(
    job: Job,
    artifact: Artifact,
    criteria: list[Criterion],
    options: VerifyOptions,
    home: Home,
    pool: ServerPool,
    criteria_of: CriteriaOfRun | None,
) -> str:
    """One benchmark on one artifact. Returns the id of its run, which lies whole in its folder."""
    return measure(job, artifact, pool, home, criteria, options, criteria_of).run_id


@flow(name="verify_release", flow_run_name="{model}", validate_parameters=False)
def verify_release(model: str, home: Path = Path("claimcheck-data"), options: VerifyOptions | None = None) -> Summary:
    """Verify the claims about one release and leave the verdicts in the warehouse.

    Raises UserError for input that the user has to fix; what fails on the way becomes `could_not_run` with its reason.
    """
    options, home_paths, began = options or VerifyOptions(), Home(Path(home)), datetime.now(UTC)
    release = find_release(model, options.revision)
    pages = read_claims(release)
    choice = None if options.backend == "attached" else choose_artifact(release, options, home_paths, find_release)
    new = keep(pages, home_paths)
    claims = claims_of(home_paths, release.model)
    say(f"{release.model} @ {release.commit[:12]}: {len(claims)} claims; {new} numbers in its files are new here")
    # what the files decide waits neither for the weights nor for the device
    verdicts = _specification(release, plan_jobs(claims, options.benchmarks).specification, home_paths, options)
    early = plan_jobs(claims, options.benchmarks, options=options)
    judged = () if options.again else last_verdicts(home_paths, [claim.claim_id for claim in claims])
    unloadable = find_unloadable(early, judged)
    unserved = choice is None or nothing_to_serve(early, unloadable)
    artifact = artifact_elsewhere(release, options) if choice is None or unserved else _pulled(choice)
    kind = find_kind(release, artifact)
    say(f"  {kind_words(kind)}")
    work = plan_jobs(claims, options.benchmarks, kind=kind, options=options)
    verdicts += refuse(work.refused, home_paths)
    runs = expected_runs(release.model, claims, work, options, home_paths, choice.option.size if choice else None)
    with (
        under_way(home_paths, release.model),
        ServerPool(options.backend, options.server, home_paths.root / "logs") as pool,
        whole_run_of(runs) as whole,
    ):
        state = OpenClaims(work, unloadable=unloadable)
        for number, job in enumerate(work.jobs):
            with whole.running(number):
                if job.protocols:
                    verdicts += _score_job(artifact, job, state, pool, home_paths, options)
                else:
                    verdicts += _job(artifact, job, pool, home_paths, options)
    forget_tasks()
    left = state.left({claim.claim_id: claim for claim in claims}, datetime.now(UTC))
    _tell(home_paths, claims, left, options)
    verdicts += left
    loaded = load_home(home_paths)
    judge_imported_runs(home_paths, release.model, options.alpha)
    summary = summarise(home_paths, release, verdicts, loaded.damaged, began=began)
    key, told = artifact_key(release.model), as_markdown_text(release.model)
    write_page(key, table=artifact_rows(summary), about=told)
    write_page(f"{key}-page", markdown=verdicts_markdown(summary))
    return summary


def _pulled(choice: WeightsChoice) -> Artifact:
    """The chosen weights, on this machine."""
    say(str(choice))
    return pull_artifact(choice.source, choice.option.format, choice.name)


def _specification(release: Release, claims: Sequence[Claim], home: Home, options: VerifyOptions) -> list[Verdict]:
    """Verdicts on claims that the release's own files decide."""
    criteria = make_criteria(claims, options)
    todo = _open(claims, criteria, home, options, artifact="")
    if not todo:
        return []
    save_criteria(home, [criteria[claim.claim_id] for claim in todo])
    verdicts = []
    for quantization in dict.fromkeys(claim.settings.quantization for claim in todo):
        group = [claim for claim in todo if claim.settings.quantization == quantization]
        try:
            run = read_specification(release, quantization, home.root)
        except CannotWrite:
            raise
        except UserError as problem:
            now = datetime.now(UTC)
            verdicts += [could_not_run(claim, "not_stated_in_files", str(problem), now=now) for claim in group]
        else:
            load_home(home)
            verdicts += judge_run(group, criteria, run, home)
    save_and_tell(home, todo, verdicts)
    return verdicts


def _score_job(
    artifact: Artifact, job: Job, state: OpenClaims, pool: ServerPool, home: Home, options: VerifyOptions
) -> list[Verdict]:
    """Verdicts on the claims about scores that this run settles. What fails here counts as a protocol that was not
    judged, and never ends the flow."""
    todo = state.of_job(job)
    try:
        if job.benchmark.name in state.unloadable:
            state.load(job)
        artifact = _quantized(artifact, job, options)
        if not options.again and artifact.key:  # what a server of unseen weights serves is known only when asked
            todo = _open_scores(todo, state, home, options, artifact)
        if not todo:
            return []
        state.load(job)
        check_room(home.root)
        asked = [(claim, protocol) for claim in todo for protocol in job.protocols[claim.claim_id]]
        judged = _judged_scores(asked, artifact, job, state, pool, home, options)
    except Exception as error:
        reason, text = failure_reason(error, home.root, job.benchmark.title)
        now = datetime.now(UTC)
        judged = [
            (claim, protocol, could_not_run(claim, reason, text, now=now))
            for claim in todo
            for protocol in job.protocols[claim.claim_id]
        ]
    verdicts = []
    for claim in todo:
        parts = [
            (protocol, verdict) for judged_claim, protocol, verdict in judged if judged_claim.claim_id == claim.claim_id
        ]
        if (verdict := state.add(claim, parts, datetime.now(UTC))) is not None:
            verdicts.append(verdict)
        elif len(parts) == 1 or job.protocol:
            say(f"  {parts[0][1].headline} ({parts[0][0].name}; other protocols are left)")
    _tell(home, todo, verdicts, options)
    return verdicts


def _judged_scores(
    asked: Sequence[tuple[Claim, Protocol]],
    artifact: Artifact,
    job: Job,
    state: OpenClaims,
    pool: ServerPool,
    home: Home,
    options: VerifyOptions,
) -> list[tuple[Claim, Protocol, Verdict]]:
    """Store the criteria of claims under protocols, run the job, and judge each pair of them by that run."""
    todo = list({claim.claim_id: claim for claim, _ in asked}.values())
    criteria_as, numbers = _criteria_of_job(asked, todo, artifact, job, state, home, options)

    def criteria_of(run_id: str) -> list[Criterion]:
        return criteria_as(numbers | numbers_of_chain(home, todo, run_id))

    criteria = criteria_as(numbers)
    save_criteria(home, criteria)
    run = _run(job, artifact, criteria, options, home, pool, criteria_of)
    load_home(home)
    criteria = criteria_of(run.continues or run.run_id)
    save_criteria(home, criteria)
    claims = [claim for claim, _ in asked]
    verdicts = judge_pairs(list(zip(claims, criteria, strict=True)), run, home)
    if options.variants and (job.benchmark.variants or job.benchmark.windowed):
        others = measure_variants(job, run, artifact, pool, home)
        verdicts = [
            beside_claim(verdict, criterion, job, run, others, home)
            for verdict, criterion in zip(verdicts, criteria, strict=True)
        ]
    return [(claim, protocol, verdict) for (claim, protocol), verdict in zip(asked, verdicts, strict=True)]


def _criteria_of_job(
    asked: Sequence[tuple[Claim, Protocol]],
    todo: Sequence[Claim],
    artifact: Artifact,
    job: Job,
    state: OpenClaims,
    home: Home,
    options: VerifyOptions,
) -> tuple[Callable[[Mapping[str, int]], list[Criterion]], dict[str, int]]:
    """The criteria of the pairs by the number that each claim's test has, and the numbers of a run that is made now."""
    version = engine_version(options.backend, options.server)
    numbers = numbers_of_run(home, todo, artifact.key, options.backend, version)
    seed = _order_seed(job, artifact, home, options)
    plain = protocol_criteria(job, state.plan, options, order_seed=seed, numbers=numbers)
    engine = f"{options.backend} {version}"
    predicted = frozen_for(home, job, artifact, plain.values(), engine, choose=not options.full)

    def criteria_as(numbers: Mapping[str, int]) -> list[Criterion]:
        known = protocol_criteria(job, state.plan, options, order_seed=seed, numbers=numbers, predictions=predicted)
        return [known[claim.claim_id, protocol.name] for claim, protocol in asked]

    return criteria_as, numbers


def _open_scores(
    todo: Sequence[Claim], state: OpenClaims, home: Home, options: VerifyOptions, artifact: Artifact
) -> list[Claim]:
    """Claims without a standing verdict against the criteria of any of their protocols. Those that have one are not
    asked for again."""
    fresh = [claim for claim in todo if claim.claim_id not in state.parts]
    asked, numbers = {claim.claim_id for claim in fresh}, last_numbers(home, fresh)
    engine = f"{options.backend} {engine_version(options.backend, options.server)}"
    criteria: list[Criterion] = []
    for job in state.plan.jobs:
        if asked.isdisjoint(job.protocols):
            continue
        try:
            seed = _order_seed(job, artifact, home, options)
            plain = protocol_criteria(job, state.plan, options, order_seed=seed, numbers=numbers)
            predicted = frozen_for(home, job, artifact, plain.values(), engine, choose=False)
            known = protocol_criteria(job, state.plan, options, order_seed=seed, numbers=numbers, predictions=predicted)
        except UserError:  # told where that job is run
            continue
        criteria += [criterion for (claim_id, _), criterion in known.items() if claim_id in asked]
    done = settled(home, fresh, criteria, artifact=artifact.key, backend=options.backend, full=options.full)
    state.settled |= done
    return [claim for claim in todo if claim.claim_id not in done]


def _order_seed(job: Job, artifact: Artifact, home: Home, options: VerifyOptions) -> int:
    """Seed of the fixed random order: the asked one, else that of the weights."""
    return order_seed_of(home, artifact, job.benchmark.name) if options.order_seed is None else options.order_seed


def _tell(home: Home, claims: Sequence[Claim], verdicts: Sequence[Verdict], options: VerifyOptions) -> None:
    """Store verdicts, tell the webhook and the user."""
    new = list(verdicts) if options.again else new_verdicts(home, verdicts)
    save_and_tell(home, [claim for claim in claims if any(verdict.claim_id == claim.claim_id for verdict in new)], new)
    told = {verdict.claim_id for verdict in new}
    for verdict in verdicts:
        say(f"  {verdict.headline}" if verdict.claim_id in told else f"  already verified: {verdict.headline}")


def _quantized(artifact: Artifact, job: Job, options: VerifyOptions) -> Artifact:
    """The artifact, or the one of the quantization that the job's claims name."""
    if not job.quantization or options.backend == "attached":
        return artifact
    if same_quantization(job.quantization, artifact.quantization):
        return artifact
    return pull_artifact(artifact.release, artifact.format, job.quantization)


def _job(artifact: Artifact, job: Job, pool: ServerPool, home: Home, options: VerifyOptions) -> list[Verdict]:
    """Verdicts on the claims of one benchmark. What fails here is their reason, and never ends the flow."""
    numbers = last_numbers(home, job.claims)
    criteria = make_criteria(job.claims, options, numbers)
    todo: Sequence[Claim] = job.claims
    try:
        artifact = _quantized(artifact, job, options)
        several = job.benchmark.name.endswith("_ratio")  # two artifacts: the criterion names them
        backend = named(job.settings.numerator or "") or options.backend
        known = None if several else artifact.key
        todo = _open(job.claims, criteria, home, options, artifact=known, backend=backend)
        if not todo:
            say(f"{job.benchmark.title}: already verified, nothing to run")
            return []
        check_room(home.root)
        criteria |= make_criteria(todo, options, {claim_id: number + 1 for claim_id, number in numbers.items()})
        to_judge = [criteria[claim.claim_id] for claim in todo]
        save_criteria(home, to_judge)
        run = _run(job, artifact, to_judge, options, home, pool)
        load_home(home)
        verdicts = judge_run(todo, criteria, run, home)
    except Exception as error:
        reason, text = failure_reason(error, home.root, job.benchmark.title)
        now = datetime.now(UTC)
        verdicts = [could_not_run(claim, reason, text, now=now) for claim in todo]
    save_and_tell(home, todo, verdicts)
    for verdict in verdicts:
        say(f"  {verdict.headline}")
    return verdicts


def _run(
    job: Job,
    artifact: Artifact,
    criteria: list[Criterion],
    options: VerifyOptions,
    home: Home,
    pool: ServerPool,
    criteria_of: CriteriaOfRun | None = None,
) -> Run:
    """The run of a job. The engine is asked in any case: it pays for nothing that is finished."""
    run_id = evaluate(job, artifact, criteria, options, home, pool, criteria_of)
    path = home.runs / run_id / "run.json"
    run = read_manifest(path.parent)
    if run is None:
        raise UserError(f"the run {run_id} left no manifest; run the same command again")
    return run


def _open(
    claims: Sequence[Claim],
    criteria: Mapping[str, Criterion],
    home: Home,
    options: VerifyOptions,
    *,
    artifact: str | None,
    backend: str | None = None,
) -> list[Claim]:
    """The claims that still need a verdict."""
    if options.again:
        return list(claims)
    asked = backend or options.backend
    done = settled(home, claims, list(criteria.values()), artifact=artifact, backend=asked, full=options.full)
    return [claim for claim in claims if claim.claim_id not in done]
