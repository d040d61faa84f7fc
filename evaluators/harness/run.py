"""One benchmark on one server: from the catalogue entry to a finished run folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from evaluators.backends import ModelServer
from evaluators.backends.fingerprint import with_fingerprint
from evaluators.backends.openai_api import sampling
from evaluators.backends.replicas.recognition import ask_replicas
from evaluators.backends.retry import RetryLimits
from evaluators.backends.select import chat_template, speaks
from evaluators.catalogue import Benchmark
from evaluators.code.code_scoring import code_grading, sandbox_for
from evaluators.code.date_windows import items_within
from evaluators.harness import keys
from evaluators.harness.execution import Execution
from evaluators.harness.progress import Progress
from evaluators.harness.requests import Item, build_items, data_hash
from evaluators.harness.run_chain import NamedRun, RunSubject, RunTurn, run_in_turn
from evaluators.harness.settings import complete_settings, in_force, repeats_of
from evaluators.harness.tasks import LoadedTasks, add_chat_filter, load_tasks, take_tasks
from evaluators.records import (
    Artifact,
    Protocol,
    Run,
    ServerDescription,
    Settings,
)
from evaluators.run_lease import RunStore
from evaluators.stopping import RuleOfRun, RunAll, StoppingRule
from evaluators.tasks.long_context.served_tokens import text_size
from evaluators.tasks.long_context.text_length import texts_of


def run_benchmark(
    benchmark: Benchmark,
    artifact: Artifact,
    server: ModelServer,
    settings: Settings,
    *,
    folder: Path,
    order_seed: int = 0,
    stop: StoppingRule | None = None,
    rule_of: RuleOfRun | None = None,
    limit: int | None = None,
    reuse: Sequence[Path] = (),
    progress: Callable[[Progress], None] | None = None,
    limits: RetryLimits | None = None,
    checks: bool = True,
    protocol: Protocol | None = None,
    rearranged: bool = False,
    sandbox: str | None = None,
    store: RunStore | None = None,
) -> Run:
    """Run a benchmark through lm-eval's tasks on a server that is ready, and return its manifest.

    `folder`: root of all runs; this one lives in `folder/<run_id>/`. A finished one is returned without a request, an
    interrupted one is resumed, an invalid one tried again; one that was stopped before `stop` would stop it is gone on
    with in a folder of its own, which takes its answers. `stop`: asked every 32 items; None runs all. `rule_of`: what
    is asked in place of it whether a finished run is to go on, and from then on. `limit`: first n items of the fixed
    order, for smoke tests. `reuse`: folders of earlier runs, answers are taken by request key.
    `limits`: timeouts, retries, allowed failures. `checks`: False leaves the preflight out (tests of the engine).
    `protocol`: the one that `settings` are of, for its name and the origins of the settings. `rearranged`: send the
    requests in reversed order and to half of the slots, to answer items again under another arrangement.
    `sandbox`: kind to run generated code in, the best that holds its probes if None; `none` must be asked for.
    `store`: runs of several machines; what another carries out is waited for, and what it has paid for is taken over.
    Raises UserError for what the user can fix: unknown task, no data, no room in the context, run in use elsewhere, no
    sandbox.
    """
    chosen = sandbox_for(sandbox) if benchmark.sandboxed else None
    rule = stop if stop is not None else RunAll()
    asked = _asked(benchmark, artifact, server, settings, folder, order_seed, limit, rearranged)
    asked = replace(asked, settings=asked.settings.model_copy(update={"sandbox": chosen.kind if chosen else None}))
    named = _named(benchmark, artifact, asked, order_seed, may_stop=not isinstance(rule, RunAll), limit=limit)
    subject = _subject(benchmark, artifact, asked, order_seed, protocol)

    def carry_out(turn: RunTurn) -> Run:
        execution = Execution(
            benchmark, server, asked.description, asked.dialect, asked.settings, asked.loaded, asked.items,
            asked.whole, limits or RetryLimits(), rearranged,
        )  # fmt: skip
        with code_grading(chosen) if chosen else nullcontext() as execution.grading:
            return execution.run(
                subject.blank(turn), turn.folder, turn.rule, asked.repeats, asked.together, (*turn.earlier, *reuse),
                turn.watched(progress), checks,
            )  # fmt: skip

    return run_in_turn(named, carry_out, folder=folder, rule=rule, rule_of=rule_of, limit=limit, store=store)


@dataclass(frozen=True)
class _Asked:
    """What a run asks, of which server, and how."""

    description: ServerDescription
    """Of the server; where nobody has seen its weights, with its fingerprint."""
    dialect: str
    settings: Settings
    """In force."""
    loaded: LoadedTasks
    items: list[Item]
    whole: int
    """Items of the whole benchmark."""
    repeats: int
    together: bool
    """Whether an item is scored once over its `repeats` answers."""

    @cached_property
    def task_version(self) -> str:
        """Of the tasks and their data."""
        return f"{self.loaded.version()} sha256:{data_hash(self.items)}"


def _asked(
    benchmark: Benchmark,
    artifact: Artifact,
    server: ModelServer,
    settings: Settings,
    folder: Path,
    order_seed: int,
    limit: int | None,
    rearranged: bool,
) -> _Asked:
    """Load the tasks, build the items and complete the settings. Parameters as for `run_benchmark`."""
    description = server.describe()
    dialect = speaks(server)
    settings = complete_settings(benchmark, settings)
    loaded = _load_tasks(benchmark, server, description, dialect, settings)
    if settings.prompt == "chat":
        add_chat_filter(loaded, benchmark)
    text = any(task.get_config("output_type") != "generate_until" for task in loaded.tasks.values())
    template = chat_template(server, dialect, settings, text)
    items = build_items(
        loaded, settings, order_seed=order_seed, generation=sampling.overrides(settings), chat_template=template
    )
    if benchmark.windowed:
        items = items_within(items, settings.subset)
    whole, items = len(items), items[:limit]
    if not description.weights_seen:
        prompts = [str(item.instances[0].args[0]) for item in items]
        chat = settings.prompt == "chat" and not text
        description = with_fingerprint(server, description, prompts, chat, folder, ask_replicas)
    repeats, together = repeats_of(settings, loaded, copies=rearranged)
    settings = in_force(settings, loaded, items, artifact, description, repeats)
    return _Asked(description, dialect, settings, loaded, items, whole, repeats, together)


def _named(
    benchmark: Benchmark, artifact: Artifact, asked: _Asked, order_seed: int, *, may_stop: bool, limit: int | None
) -> NamedRun:
    """How the run is named, and those that go on with it."""
    return partial(
        keys.run_id,
        benchmark.name,
        artifact,
        asked.description,
        asked.settings,
        task_version=asked.task_version,
        order_seed=order_seed,
        harness_version=str(asked.settings.harness),
        may_stop=may_stop,
        limit=limit,
    )


def _subject(
    benchmark: Benchmark, artifact: Artifact, asked: _Asked, order_seed: int, protocol: Protocol | None
) -> RunSubject:
    """What the manifest says before anything is asked."""
    return RunSubject(
        benchmark=benchmark.name,
        artifact=artifact,
        server=asked.description,
        settings=asked.settings,
        protocol=protocol,
        evaluator="lm-eval",
        evaluator_version=str(asked.settings.harness).removeprefix("lm-eval "),
        task_version=asked.task_version,
        order_seed=order_seed,
    )


def _load_tasks(
    benchmark: Benchmark, server: ModelServer, about: ServerDescription, dialect: str, settings: Settings
) -> LoadedTasks:
    """The benchmark's tasks; those with texts of a length have them made with the tokenizer of the served model."""
    if not benchmark.sized:
        return take_tasks(benchmark)
    with texts_of(text_size(benchmark, server, about, dialect, settings)):
        return load_tasks(benchmark)
