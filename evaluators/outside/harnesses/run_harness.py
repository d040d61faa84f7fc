"""One agent benchmark on one server: from the catalogue entry to a finished run folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median, stdev

from evaluators.backends import ModelServer
from evaluators.backends.fingerprint import with_fingerprint
from evaluators.backends.select import speaks
from evaluators.catalogue import Benchmark, Score
from evaluators.harness import keys, run_folder
from evaluators.harness.aggregate import SOFT
from evaluators.harness.progress import Progress
from evaluators.harness.run_chain import RunSubject, RunTurn, run_in_turn
from evaluators.outside.harnesses.harness import Endpoint, Harness, HarnessSetup, Scaffold, TaskLimits
from evaluators.outside.harnesses.harness_registry import harness_for
from evaluators.outside.harnesses.idle_server import idle_server
from evaluators.outside.harnesses.task_journal import TaskJournal, open_journal
from evaluators.outside.harnesses.task_loop import LoopEnd, LoopOrder, RunBudget, run_tasks
from evaluators.outside.outside_records import OutsideItem
from evaluators.outside.tool_calls import ToolFinding, check_tool_calls
from evaluators.records import (
    Artifact,
    ItemScore,
    ItemStatus,
    Measurement,
    Protocol,
    Run,
    RunStatus,
    ServerDescription,
    Settings,
    UserError,
)
from evaluators.run_lease import RunStore
from evaluators.stopping import RuleOfRun, RunAll, StoppingRule

PROBE = json.dumps([{"role": "user", "content": "List the files of the current folder."}])
"""What unseen weights are known by: their answer to this."""


def run_agent_benchmark(
    benchmark: Benchmark,
    artifact: Artifact,
    server: ModelServer,
    settings: Settings,
    *,
    home: Path,
    order_seed: int = 0,
    stop: StoppingRule | None = None,
    rule_of: RuleOfRun | None = None,
    progress: Callable[[Progress], None] | None = None,
    protocol: Protocol | None = None,
    sandbox: str | None = None,
    limits: TaskLimits | None = None,
    budget: RunBudget | None = None,
    user: Endpoint | None = None,
    user_key: str | None = None,
    store: RunStore | None = None,
) -> Run:
    """Run an agent benchmark on a server that is ready, and return its manifest.

    The run lives in `<home>/runs/<run_id>/`: a finished one is returned without a request, an interrupted or invalid
    one goes on where it was, one that was stopped before `stop` would stop it goes on in a folder of its own.
    `rule_of`: as for `run_benchmark`. `limits`: of one item; `budget`: of all together. `user`: the model that plays
    the user, where the benchmark has one, and the key of its server. `store`: runs of several machines; what another
    carries out is waited for, and the items that it has finished are taken over. Raises UserError for what the user can
    fix: no environment, no data, no sandbox, a run under way elsewhere.
    """
    rule, limits, folder = stop or RunAll(), limits or TaskLimits(), home / "runs"
    scratch = home / "harnesses" / "work" / benchmark.name
    harness = harness_for(HarnessSetup(benchmark, home, scratch, limits, sandbox, settings.temperature, user, user_key))
    description = server.describe()
    if not description.weights_seen:
        description = with_fingerprint(server, description, [PROBE], True, folder)
    scaffold = harness.scaffold()
    subject = RunSubject(
        benchmark=benchmark.name,
        artifact=artifact,
        server=description,
        settings=_in_force(settings, benchmark, harness, scaffold, artifact, description),
        protocol=protocol,
        evaluator="outside",
        evaluator_version=f"{scaffold.harness} {scaffold.version}",
        task_version=harness.data_version(),
        order_seed=order_seed,
    )

    def carry_out(turn: RunTurn) -> Run:
        journal = open_journal(turn.folder, turn.earlier)
        measuring = _Measuring(benchmark, harness, scaffold, server, journal, turn.rule, budget or RunBudget())
        return _conduct(subject.blank(turn), measuring, turn.watched(progress))

    named = _naming(subject, scaffold, may_stop=not isinstance(rule, RunAll))
    return run_in_turn(named, carry_out, folder=folder, rule=rule, rule_of=rule_of, store=store)


@dataclass(frozen=True)
class _Measuring:
    """What one run is carried out with."""

    benchmark: Benchmark
    harness: Harness
    scaffold: Scaffold
    server: ModelServer
    journal: TaskJournal
    rule: StoppingRule
    budget: RunBudget


def _naming(subject: RunSubject, scaffold: Scaffold, *, may_stop: bool) -> Callable[..., str]:
    """The run's id, but for what `run_in_turn` adds."""
    return partial(
        keys.run_id,
        subject.benchmark,
        subject.artifact,
        subject.server,
        subject.settings,
        task_version=subject.task_version,
        order_seed=subject.order_seed,
        harness_version=scaffold.digest,
        may_stop=may_stop,
        limit=None,
    )


def _in_force(
    settings: Settings,
    benchmark: Benchmark,
    harness: Harness,
    scaffold: Scaffold,
    artifact: Artifact,
    server: ServerDescription,
) -> Settings:
    """The settings as the run will really have them."""
    score = benchmark.scores[0]
    return settings.model_copy(
        update={
            "shots": 0,
            "prompt": "chat",
            "repeats": 1,
            "subset": "",
            "metric": settings.metric or score.metric,
            "filter": settings.filter or score.filter,
            "tools": scaffold.tools,
            "scaffold": scaffold.text,
            "judge": scaffold.user,
            "sandbox": harness.sandbox(),
            "harness": ", ".join(part for part in (f"{scaffold.harness} {scaffold.version}", scaffold.graders) if part),
            "max_tokens": scaffold.tokens,
            "quantization": artifact.quantization,
            "backend": server.backend,
            "backend_version": server.version,
            "hardware": server.hardware.gpu or server.hardware.cpu,
            "notes": (),
        }
    )


def _conduct(blank: Run, measuring: _Measuring, progress: Callable[[Progress], None]) -> Run:
    """Preflight, loop, tables, manifest."""
    journal, harness, server = measuring.journal, measuring.harness, measuring.server
    assert blank.server is not None
    endpoint = Endpoint(f"{server.url}/v1", blank.server.model, blank.server.slots)
    score = measuring.benchmark.score(blank.settings.metric, blank.settings.filter)
    calls = None
    if "tool_calls" in harness.needs and len(journal.items) < len(harness.items()):
        calls = check_tool_calls(server.url, endpoint.model, key=server.key, dialect=speaks(server))
    reused = len(journal.items)
    if calls and not calls.usable:
        end = LoopEnd((), len(harness.items()), calls.text)
    else:
        end = _loop(measuring, endpoint, score.key, blank.order_seed, progress)
    run = _manifest(blank, measuring, end, calls, reused)
    return run_folder.write_scores(journal.path.parent, run, _item_scores(end, score))


def _loop(
    measuring: _Measuring,
    endpoint: Endpoint,
    score: tuple[str, str],
    order_seed: int,
    progress: Callable[[Progress], None],
) -> LoopEnd:
    """The items, until the rule or the budget ends it."""
    with idle_server() as idle:
        order = LoopOrder(
            folder=measuring.journal.path.parent,
            endpoint=endpoint,
            idle=idle,
            key=measuring.server.key,
            alive=partial(_alive, measuring.server),
            rule=measuring.rule,
            score=score,
            order_seed=order_seed,
            budget=measuring.budget,
            progress=progress,
        )
        return run_tasks(measuring.harness, measuring.journal, order)


def _manifest(blank: Run, measuring: _Measuring, end: LoopEnd, calls: ToolFinding | None, reused: int) -> Run:
    """What came out. `reused`: items that were finished before this start."""
    journal = measuring.journal
    return blank.model_copy(
        update={
            "status": RunStatus.finished if end.reason is None else RunStatus.invalid,
            "reason": end.reason,
            "server_failed": end.server_failed,
            "started": datetime.fromisoformat(journal.started) if journal.started else blank.started,
            "finished": datetime.now(UTC),
            "attempts": max(1, journal.starts),
            "requests_sent": sum(item.turns or 0 for item in journal.items.values()),
            "requests_reused": reused,
            "measurements": (agent_measurement(measuring.benchmark, blank, end),) if end.prefix else (),
            "checks": _checks(measuring.scaffold, journal, end) | ({"tool_calls": calls.text} if calls else {}),
            "failed_checks": {"tool_calls": calls.text} if calls and not calls.usable else {},
            "signals": _signals(end),
        }
    )


def _item_scores(end: LoopEnd, score: Score) -> Iterator[ItemScore]:
    for position, item in enumerate(end.prefix):
        yield ItemScore(
            task=item.id,
            doc_id=0,
            position=position,
            metric=score.metric,
            filter=score.filter,
            value=item.score,
            status=item.status,
        )


def _alive(server: ModelServer) -> bool:
    """Whether it answers; one of ours that died is started again."""
    if server.alive():
        return True
    try:
        server.restart()
    except UserError:
        return False
    return server.alive()


def agent_measurement(benchmark: Benchmark, run: Run, end: LoopEnd) -> Measurement:
    """The mean over the items of the finished prefix that have a score, with bounds for those in doubt."""
    items = end.prefix
    score = benchmark.score(run.settings.metric, run.settings.filter)
    known = [item.score for item in items if item.score is not None]
    sure = sum(item.score or 0.0 for item in items if item.status not in SOFT)
    doubt = sum(item.status in SOFT for item in items)
    return Measurement(
        benchmark=benchmark.name,
        metric=score.metric,
        filter=score.filter,
        score=sum(known) / len(known) if known else None,
        stderr=stdev(known) / len(known) ** 0.5 if len(known) > 1 else None,
        unit=benchmark.unit,
        items=len(items),
        of=end.total,
        values=tuple(item.score for item in items),
        order_seed=run.order_seed,
        stopped_early=len(items) < end.total,
        low=sure / len(items),
        high=(sure + doubt) / len(items),
        **{status.value: sum(item.status is status for item in items) for status in SOFT},
    )


def _checks(scaffold: Scaffold, journal: TaskJournal, end: LoopEnd) -> dict[str, str]:
    checks = {
        "scaffold": scaffold.model_dump_json(exclude_none=True),
        "infrastructure": f"{sum(journal.failures.values())} attempts failed and were tried again, "
        f"{sum(item.status is ItemStatus.failed for item in end.prefix)} tasks have no score",
    }
    for name in ("gold", "nothing"):
        controls = [outcomes[name] for outcomes in journal.controls.values() if name in outcomes]
        if controls:
            right = sum(outcome.item.score == 1.0 for outcome in controls)
            checks[f"control_{name}"] = f"{right} of {len(controls)} tasks solved"
    if end.refused:
        checks["refused"] = f"{len(end.refused)} tasks whose controls failed, e.g. {end.refused[0]}"
    if end.stopped_by:
        checks["ended_by"] = "the stopping rule" if end.stopped_by == "rule" else f"the budget of {end.stopped_by}"
    return checks


def _signals(end: LoopEnd) -> dict[str, float]:
    """Numbers about the tasks, by the names that `answers/answer_statistics.py` lists."""
    items: Sequence[OutsideItem] = end.prefix
    turns = [item.turns for item in items if item.turns is not None]
    signals = {} if not turns else {"median_turns": float(median(turns))}
    return signals if end.chance is None else signals | {"chance": end.chance}
