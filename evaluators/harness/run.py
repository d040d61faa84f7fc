"""One benchmark on one server: from the catalogue entry to a finished run folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from evaluators.answer_spelling import respelled
from evaluators.backends import ModelServer
from evaluators.backends.client import Client, GaveUp, ServerLost
from evaluators.backends.fingerprint import with_fingerprint
from evaluators.backends.llama_cpp.llama_loglikelihood import LlamaLoglikelihood
from evaluators.backends.openai_api import sampling
from evaluators.backends.reply_reader import one_line
from evaluators.backends.retry import RetryLimits
from evaluators.backends.select import ByKind, chat_template, choose_protocols, speaks
from evaluators.backends.served_model import ServedModel
from evaluators.backends.server import ASSUMED
from evaluators.catalogue import Benchmark
from evaluators.code.code_scoring import CodeGrading, code_grading, sandbox_for, score_code, unscorable_code
from evaluators.code.date_windows import items_within
from evaluators.harness import keys, run_folder
from evaluators.harness.aggregate import measurements
from evaluators.harness.answers.answer_statistics import read_signals
from evaluators.harness.concurrency import MOST, Concurrency
from evaluators.harness.context_budget import check_context_budget
from evaluators.harness.engine import Work, execute
from evaluators.harness.journal import Journal
from evaluators.harness.preflight import Findings, Probe, run_preflight
from evaluators.harness.progress import Progress
from evaluators.harness.requests import Item, build_items, data_hash
from evaluators.harness.reuse import keyed_requests, take_over
from evaluators.harness.run_async import run_blocking
from evaluators.harness.scoreboard import Board
from evaluators.harness.scoring import Scored, score, unscorable
from evaluators.harness.settings import complete_settings, in_force, repeats_of
from evaluators.harness.tasks import LoadedTasks, add_chat_filter, load_tasks
from evaluators.records import (
    Artifact,
    Protocol,
    RequestKind,
    Response,
    Run,
    RunStatus,
    ServerDescription,
    Settings,
    UserError,
)
from evaluators.run_lease import LeaseLost, RunLease, RunStore, held
from evaluators.stopping import RunAll, StoppingRule
from evaluators.tasks.long_context.served_tokens import text_size
from evaluators.tasks.long_context.text_length import texts_of

SERVED = "served"
"""The journal's note of what the answers said they come from."""


def run_benchmark(
    benchmark: Benchmark,
    artifact: Artifact,
    server: ModelServer,
    settings: Settings,
    *,
    folder: Path,
    order_seed: int = 0,
    stop: StoppingRule | None = None,
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
    with in a folder of its own, which takes its answers. `stop`: asked every 32 items; None runs all. `limit`: first
    n items of the fixed order, for smoke tests. `reuse`: folders of earlier runs, answers are taken by request key.
    `limits`: timeouts, retries, allowed failures. `checks`: False leaves the preflight out (tests of the engine).
    `protocol`: the one that `settings` are of, for its name and the origins of the settings. `rearranged`: send the
    requests in reversed order and to half of the slots, to answer items again under another arrangement.
    `sandbox`: kind to run generated code in, the best that holds its probes if None; `none` must be asked for.
    `store`: runs of several machines; what another carries out is waited for, and what it has paid for is taken over.
    Raises UserError for what the user can mend: unknown task, no data, no room in the context, run in use elsewhere, no
    sandbox.
    """
    chosen = sandbox_for(sandbox) if benchmark.sandboxed else None
    rule = stop if stop is not None else RunAll()
    limits = limits or RetryLimits()
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
        description = with_fingerprint(server, description, prompts, settings.prompt == "chat" and not text, folder)
    repeats, together = repeats_of(settings, loaded, copies=rearranged)
    settings = in_force(settings, loaded, items, artifact, description, repeats)
    settings = settings.model_copy(update={"sandbox": chosen.kind if chosen else None})
    task_version = f"{loaded.version()} sha256:{data_hash(items)}"
    run_id_after = partial(
        keys.run_id,
        benchmark.name,
        artifact,
        description,
        settings,
        task_version=task_version,
        order_seed=order_seed,
        harness_version=str(settings.harness),
        may_stop=not isinstance(rule, RunAll),
        limit=limit,
    )

    def carry_out(
        run_id: str, first: str | None, place: Path, reuse: Sequence[Path], tell: Callable[[Progress], None]
    ) -> Run:
        blank = Run(
            run_id=run_id,
            release=artifact.release,
            artifact=artifact,
            server=description,
            benchmark=benchmark.name,
            evaluator="lm-eval",
            evaluator_version=str(settings.harness).removeprefix("lm-eval "),
            task_version=task_version,
            settings=settings,
            protocol=protocol.name if protocol else None,
            origins=protocol.origins if protocol else {},
            checks={"release_kind": protocol.kind} if protocol and protocol.kind else {},
            order_seed=order_seed,
            continues=first,
            status=RunStatus.interrupted,
            started=datetime.now(UTC),
        )
        conduct = _Conduct(benchmark, server, description, dialect, settings, loaded, items, whole, limits, rearranged)
        if chosen is not None:
            with code_grading(chosen) as conduct.grading:
                return conduct.run(blank, place, rule, repeats, together, limit, reuse, tell, checks)
        return conduct.run(blank, place, rule, repeats, together, limit, reuse, tell, checks)

    run_id: str = run_id_after()
    first, earlier = None, []
    while True:
        if store is not None:
            store.fetch(run_id, folder / run_id)
        if (run := run_folder.finished(folder / run_id)) is not None:
            if limit is not None or isinstance(rule, RunAll) or not run_folder.goes_on(run, rule):
                return run
            first = first or run_id
            earlier.append(folder / run_id)
            run_id = run_id_after(continues=run_id)
            continue
        place = folder / run_id
        place.mkdir(parents=True, exist_ok=True)
        try:
            with held(store, run_id, place) as lease, FileLock(place / "run.lock", timeout=0):
                if run_folder.finished(place) is not None:
                    continue  # made elsewhere meanwhile; the rule tells whether that is enough
                return carry_out(run_id, first, place, (*earlier, *reuse), _watched(progress, lease))
        except LeaseLost:
            continue  # it is waited for, and what was done here is kept
        except Timeout:
            raise UserError(f"run {run_id} is under way in another process; wait for it or end it") from None


def _watched(progress: Callable[[Progress], None] | None, lease: RunLease) -> Callable[[Progress], None]:
    """Tells of progress, and ends the run where another machine has taken it over."""

    def tell(state: Progress) -> None:
        lease.check()
        if progress is not None:
            progress(state)

    return tell


def _load_tasks(
    benchmark: Benchmark, server: ModelServer, about: ServerDescription, dialect: str, settings: Settings
) -> LoadedTasks:
    """The benchmark's tasks; those with texts of a length have them made with the tokenizer of the served model."""
    if not benchmark.sized:
        return load_tasks(benchmark)
    with texts_of(text_size(benchmark, server, about, dialect, settings)):
        return load_tasks(benchmark)


def in_flight(slots: int) -> int:
    """Requests to keep at a server of `slots` slots: so many wait there that none of them idles until we have heard
    that it is free. Slots that began together end together, so for a few slots it is one for each."""
    slots = max(1, slots)
    return slots + max(min(slots, 4), slots // 8)


class _Conduct:
    """What stays the same while one run is carried out."""

    def __init__(
        self,
        benchmark: Benchmark,
        server: ModelServer,
        description: ServerDescription,
        dialect: str,
        settings: Settings,
        loaded: LoadedTasks,
        items: list[Item],
        whole: int,
        limits: RetryLimits,
        rearranged: bool,
    ) -> None:
        self.benchmark, self.server, self.description = benchmark, server, description
        self.dialect, self.settings = dialect, settings
        self.loaded, self.items, self.whole, self.limits = loaded, items, whole, limits
        self.served = ServedModel()
        """Which model the answers name."""
        self.broken: list[str] = []
        """Documents whose scoring failed, with the error."""
        self.grading: CodeGrading | None = None
        """Set while a run is under way whose answers are programs."""
        kinds = {RequestKind(item.instances[0].request_type) for item in items}
        self.protocol: ByKind = choose_protocols(description, kinds, settings, dialect)
        pinned = isinstance(self.protocol.loglikelihood, LlamaLoglikelihood)
        slots = max(1, description.slots // 2) if rearranged else description.slots
        self.rearranged = rearranged
        self.slots = slots if pinned else in_flight(slots)
        """Jobs at a time; where choices are pinned to a slot, each slot has a queue of its own."""
        self.most = MOST if description.flags.get("slots") == ASSUMED and not pinned and not rearranged else None
        """Jobs at a time that a server may be led up to which does not say how many it takes."""

    def client(self) -> Client:
        """A client for the run's server; to be made inside a running event loop."""
        return Client(self.server, self.limits, self.served)

    def run(
        self,
        blank: Run,
        place: Path,
        rule: StoppingRule,
        repeats: int,
        together: bool,
        limit: int | None,
        reuse: Sequence[Path],
        progress: Callable[[Progress], None] | None,
        checks: bool,
    ) -> Run:
        requests = keyed_requests(blank, self.protocol, self.settings, repeats)
        journal = Journal(place / run_folder.JOURNAL)
        try:
            attempts = journal.begin_attempt()
            started = datetime.fromisoformat(journal.note_start(blank.started.isoformat()))
            taken = take_over(blank, self.protocol, self.settings, journal, self.items, requests, reuse)
            self.served = ServedModel(journal.note(SERVED))
            board = Board(len(self.items), rule)
            before = sum(1 for _ in journal.finished())
            complete = before >= sum(len(requests(item)) for item in self.items)
            found = Findings() if complete else run_blocking(self._prepare(checks))
            self.protocol.routes.clear()
            journal.set_note(SERVED, self.served.as_text())
            reason = found.reason
            if reason is None:
                work = Work(
                    requests=requests,
                    score=lambda item, answers: self._score(item, answers, repeats, together),
                    protocol=self.protocol,
                    client=self.client,
                    concurrency=Concurrency(self.slots, self.most),
                    backwards=self.rearranged,
                    scorers=self.grading.scorers if self.grading else None,
                )
                try:
                    reason = execute(self.items, work, journal, board, self.limits, progress)
                finally:
                    journal.set_note(SERVED, self.served.as_text())
                reason = reason or self.served.changed()
            if reason is None and board.failed > self.limits.allowed_failed * max(board.counted, 1):
                reason = f"{board.failed} of {board.counted} items failed"
            run = blank.model_copy(
                update={
                    "status": RunStatus.finished if reason is None else RunStatus.invalid,
                    "reason": reason,
                    "started": started,
                    "finished": datetime.now(UTC),
                    "attempts": attempts,
                    "requests_sent": journal.counter("sent"),
                    "requests_reused": before,
                    "measurements": tuple(
                        measurements(
                            self.benchmark, self.loaded, self.items, board, blank.order_seed, self.whole,
                        )
                        if board.counted
                        else ()
                    ),
                    "failed_checks": found.failed,
                    "greedy_repeats": found.greedy_repeats,
                    "checks": blank.checks
                    | found.checks
                    | self._breakage()
                    | (self.grading.checks() if self.grading else {})
                    | self.served.checks()
                    | ({"reused": f"{taken} answers of earlier runs"} if taken else {}),
                }
            )  # fmt: skip
            responses = (response for _, response in journal.responses())
            characters = {(item.task, item.doc_id): len(str(item.instances[0].args[0])) for item in self.items}
            signals = read_signals(run, responses, board, self.protocol.routes, found.prompt, characters)
            if any(item.instances[0].request_type == RequestKind.generate for item in self.items[:1]):
                signals |= respelled(journal.items(board.counted), (response for _, response in journal.responses()))
            run = run.model_copy(update={"signals": signals})
            if reason is None and (reason := self._distorted(signals)) is not None:
                run = run.model_copy(update={"status": RunStatus.invalid, "reason": reason})
            unusable = self.served.changed() or self._distorted(signals)
            if unusable:  # no later run may take these answers
                run = run.model_copy(update={"checks": run.checks | {run_folder.UNUSABLE: unusable}})
            run_folder.write_prompts(place, self.items[: board.counted])
            run_folder.write_run_folder(place, run, journal, board.counted)
            if reason is None or unusable:
                journal.remove()
            return run
        finally:
            journal.close()

    def _distorted(self, signals: dict[str, float]) -> str | None:
        """Why numbers about the answers make the run unsound; None if they do not."""
        cut, underflow = signals.get("prompt_cut_share", 0.0), signals.get("underflow_share", 0.0)
        if cut > self.limits.allowed_distorted:
            return f"the server cut {cut:.1%} of the prompts without saying so; serve with a longer context"
        if underflow > self.limits.allowed_distorted:
            return f"{underflow:.1%} of the log-probabilities are below the smallest number; the weights may be damaged"
        return None

    def _breakage(self) -> dict[str, str]:
        return {"scoring": f"{len(self.broken)} items cannot be scored, e.g. {self.broken[0]}"} if self.broken else {}

    def _score(self, item: Item, answers: Sequence[Response], repeats: int, together: bool) -> Scored:
        """One document's score; a metric that breaks on an answer costs that item only."""
        task = self.loaded.tasks[item.task]
        try:
            return (score_code if self.grading else score)(task, item, answers, repeats, together)
        except Exception as error:
            self.broken.append(f"{item.task} document {item.doc_id}: {type(error).__name__}: {error}")
            return (
                unscorable_code(task, item, repeats, together) if self.grading else unscorable(task, repeats, together)
            )

    async def _prepare(self, checks: bool) -> Findings:
        """Read what the protocols need and, with `checks`, examine the server."""
        client = self.client()
        found = Findings()
        try:
            await self.protocol.prepare(client)
            budget = await check_context_budget(
                client, self.items, self.description, self.dialect, self.settings.prompt == "chat"
            )
            if checks:
                protocol = self.protocol
                found = await run_preflight(
                    Probe(
                        client, protocol.generation, protocol.loglikelihood, self.description, self.settings,
                        self.dialect, self.items,
                    )
                )  # fmt: skip
            found.checks |= budget
        except (GaveUp, ServerLost) as error:
            found.fail("answers", f"the server does not answer: {error}")
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            found.fail(
                "answers", f"the server's answers cannot be read: {type(error).__name__}: {one_line(str(error))}"
            )
        finally:
            await client.close()
        return found
