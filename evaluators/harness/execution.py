"""One run while it is carried out: preflight, requests, scores, the finished folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from evaluators.backends import ModelServer
from evaluators.backends.client import Client, GaveUp, ServerLost
from evaluators.backends.llama_cpp.llama_loglikelihood import LlamaLoglikelihood
from evaluators.backends.remote import COMEBACK
from evaluators.backends.replicas.server_group import Replica, ServerGroup, replicas_of
from evaluators.backends.reply_reader import one_line
from evaluators.backends.retry import RetryLimits, patience_with
from evaluators.backends.select import ByKind, choose_protocols
from evaluators.backends.served_model import ServedModel
from evaluators.backends.server import ASSUMED
from evaluators.catalogue import Benchmark
from evaluators.code.code_scoring import CodeGrading, score_code, unscorable_code
from evaluators.harness import run_folder
from evaluators.harness.aggregate import measurements
from evaluators.harness.answers.answer_statistics import read_signals
from evaluators.harness.answers.crossed_answers import crossed
from evaluators.harness.answers.second_reading import misread, respelled
from evaluators.harness.concurrency import MOST, Concurrency, in_flight
from evaluators.harness.dealing.lane import Lane
from evaluators.harness.engine import Work, execute
from evaluators.harness.journal import Journal, fix_journal
from evaluators.harness.preflight.context_budget import check_context_budget
from evaluators.harness.preflight.run_preflight import UNANSWERED, Findings, Probe, run_preflight
from evaluators.harness.progress import Progress
from evaluators.harness.requests import Item
from evaluators.harness.reuse import keyed_requests, take_over
from evaluators.harness.run_async import run_blocking
from evaluators.harness.scoreboard import Board
from evaluators.harness.scorers.item_scoring import ItemScoring, ThreadScorers
from evaluators.harness.scorers.scoring_processes import ScoringProcesses, processes_can_score
from evaluators.harness.scoring import Scored, score, score_or_note, unscorable
from evaluators.harness.tasks import LoadedTasks
from evaluators.records import (
    Measurement,
    RequestKind,
    Response,
    Run,
    RunStatus,
    ServerDescription,
    Settings,
)
from evaluators.stopping import StoppingRule

SERVED = "served"
"""The journal's note of what the answers said they come from."""


class Execution:
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
        self.grading: CodeGrading | None = None
        """Set while a run is under way whose answers are programs."""
        kinds = {RequestKind(item.instances[0].request_type) for item in items}
        self.rearranged = rearranged
        self.replicas = replicas_of(server, description)
        self.protocols = [choose_protocols(replica.about, kinds, settings, dialect) for replica in self.replicas]
        """By server: each knows what it has read from its own."""
        self.protocol: ByKind = self.protocols[0]
        self.lanes: list[Lane] = []

    def client(self, replica: Replica) -> Client:
        """A client for one of the run's servers; to be made inside a running event loop."""
        patience = patience_with(replica.server.url, self.limits)
        return Client(replica.server, self.limits, self.served, patience=patience, waits=len(self.replicas) == 1)

    def open_lanes(self) -> list[Lane]:
        """How each server is asked, and what is kept under way there."""
        group = self.server if isinstance(self.server, ServerGroup) and len(self.replicas) > 1 else None
        self.lanes = [
            Lane(
                self.client(replica),
                protocol,
                self._concurrency(replica.about, protocol),
                partial(group.returned, replica) if group else None,
                getattr(replica.server, "patience", COMEBACK),
            )
            for replica, protocol in zip(self.replicas, self.protocols, strict=True)
        ]
        return self.lanes

    def _concurrency(self, about: ServerDescription, protocol: ByKind) -> Concurrency:
        """Jobs at a time; where choices are pinned to a slot, each slot has a queue of its own. A server that does not
        say how many it takes may be led up to more."""
        pinned = isinstance(protocol.loglikelihood, LlamaLoglikelihood)
        slots = max(1, about.slots // 2) if self.rearranged else about.slots
        raised = about.flags.get("slots") == ASSUMED and not pinned and not self.rearranged
        return Concurrency(slots if pinned else in_flight(slots), MOST if raised else None)

    @property
    def routes(self) -> Counter[str]:
        """Log-likelihood requests by route, to all servers."""
        return sum((protocol.routes for protocol in self.protocols), Counter())

    def run(
        self,
        blank: Run,
        folder: Path,
        rule: StoppingRule,
        repeats: int,
        together: bool,
        reuse: Sequence[Path],
        progress: Callable[[Progress], None] | None,
        checks: bool,
    ) -> Run:
        """Carry the run out and leave it in its folder. `blank`: its manifest before anything is done. `together`:
        whether an item is scored once over its `repeats` answers. Raises what ends the run without a manifest."""
        requests = keyed_requests(blank, self.protocol, self.settings, repeats)
        lost = fix_journal(folder / run_folder.JOURNAL)
        journal = Journal(folder / run_folder.JOURNAL)
        try:
            blank = blank.model_copy(
                update={
                    "attempts": journal.begin_attempt(),
                    "started": datetime.fromisoformat(journal.note_start(blank.started.isoformat())),
                    "checks": blank.checks | ({"journal": lost} if lost else {}),
                }
            )
            taken = take_over(blank, self.protocol, self.settings, journal, self.items, requests, reuse)
            if taken:
                reused = {"reused": f"{taken} answers of earlier runs"}
                blank = blank.model_copy(update={"checks": blank.checks | reused})
            self.served = ServedModel(journal.note(SERVED))
            board = Board(len(self.items), rule)
            before = sum(1 for _ in journal.finished())
            complete = before >= sum(len(requests(item)) for item in self.items)
            findings = Findings() if complete else run_blocking(self._prepare(checks))
            for protocol in self.protocols:
                protocol.routes.clear()
            journal.set_note(SERVED, self.served.as_text())
            reason, failed = findings.reason, UNANSWERED in findings.failed
            if reason is None:
                work = Work(
                    requests=requests,
                    scoring=self._scoring(repeats, together),
                    protocol=self.protocol,
                    lanes=self.open_lanes,
                    backwards=self.rearranged,
                )
                reason, failed = self._execute(work, journal, board, progress)
            if reason is None and board.failed > self.limits.allowed_failed * max(board.counted, 1):
                reason = f"{board.failed} of {board.counted} items failed"
            run = blank.model_copy(update={"reason": reason, "server_failed": failed, "requests_reused": before})
            return self._finish(run, folder, journal, board, findings)
        finally:
            journal.close()

    def _finish(self, run: Run, folder: Path, journal: Journal, board: Board, findings: Findings) -> Run:
        """Write what came out: measurements, checks and numbers about the answers, which may make it unsound."""
        error = journal.commonest_error()
        measured: Sequence[Measurement] = ()
        if board.counted:
            measured = measurements(self.benchmark, self.loaded, self.items, board, run.order_seed, self.whole)
        run = run.model_copy(
            update={
                "finished": datetime.now(UTC),
                "requests_sent": journal.counter("sent"),
                "measurements": tuple(measured),
                "failed_checks": findings.failed,
                "greedy_repeats": findings.greedy_repeats,
                "checks": run.checks
                | findings.checks
                | _breakage(board)
                | (self.grading.checks() if self.grading else {})
                | self.served.checks()
                | self._losses()
                | ({"failures": error} if error else {}),
            }
        )
        signals = self._signals(run, journal, board, findings)
        distorted = self._distorted(signals)
        reason = run.reason or distorted
        unusable = self.served.changed() or distorted  # no later run may take these answers
        run = run.model_copy(
            update={
                "signals": signals,
                "reason": reason,
                "status": RunStatus.finished if reason is None else RunStatus.invalid,
                "checks": run.checks | ({run_folder.UNUSABLE: unusable} if unusable else {}),
            }
        )
        run_folder.write_prompts(folder, self.items[: board.counted])
        run_folder.write_run_folder(folder, run, journal, board.counted)
        if reason is None or unusable:
            journal.remove()
        return run

    def _execute(
        self, work: Work, journal: Journal, board: Board, progress: Callable[[Progress], None] | None
    ) -> tuple[str | None, bool]:
        """Finish the items. Returns why the run is unsound, None if it is sound, and whether the server failed."""
        try:
            with closing(work.scoring):
                reason = execute(self.items, work, journal, board, self.limits, progress)
            for lane in self.lanes:
                lane.client.patience.stalled = False
        except ServerLost as lost_server:
            return str(lost_server), True
        finally:
            journal.set_note(SERVED, self.served.as_text())
        return reason or self.served.changed(), False

    def _signals(self, run: Run, journal: Journal, board: Board, findings: Findings) -> dict[str, float]:
        """Numbers about the answers, what the programs among them did included."""
        responses = (response for _, response in journal.responses())
        characters = {(item.task, item.doc_id): len(str(item.instances[0].args[0])) for item in self.items}
        signals = read_signals(run, responses, board, self.routes, findings.prompt, characters)
        if any(item.instances[0].request_type == RequestKind.generate for item in self.items[:1]):
            signals |= respelled(journal.items(board.counted), (response for _, response in journal.responses()))
            signals |= misread(journal.items(board.counted))
            signals |= crossed(journal.items(board.counted))
        return signals | (self.grading.signals() if self.grading else {})

    def _distorted(self, signals: dict[str, float]) -> str | None:
        """Why numbers about the answers make the run unsound; None if they do not."""
        cut, underflow = signals.get("prompt_cut_share", 0.0), signals.get("underflow_share", 0.0)
        if cut > self.limits.allowed_distorted:
            return f"the server cut {cut:.1%} of the prompts without saying so; serve with a longer context"
        if underflow > self.limits.allowed_distorted:
            return f"{underflow:.1%} of the log-probabilities are below the smallest number; the weights may be damaged"
        return None

    def _losses(self) -> dict[str, str]:
        lost = [f"{lane.client.server.url} ({'; '.join(lane.losses)})" for lane in self.lanes if lane.losses]
        return {"servers": f"lost on the way: {', '.join(lost)}"} if lost else {}

    def _scoring(self, repeats: int, together: bool) -> ItemScoring:
        """How the items are scored, and where."""
        score_task, give_up = (score_code, unscorable_code) if self.grading else (score, unscorable)

        def score_item(item: Item, answers: Sequence[Response]) -> Scored:
            task = self.loaded.tasks[item.task]
            return score_or_note(score_task, give_up, task, item, answers, repeats, together)

        if self.grading:
            return ItemScoring(score_item, ThreadScorers(self.grading.scorers, score_item))
        chat = self.settings.prompt == "chat"
        processes = partial(ScoringProcesses, self.benchmark, chat, repeats, together)
        return ItemScoring(score_item, more=processes if processes_can_score(self.benchmark) else None)

    async def _prepare(self, checks: bool) -> Findings:
        """Read what the protocols need and, with `checks`, examine the server: of several the first, which the others
        were compared with."""
        clients = [self.client(replica) for replica in self.replicas]
        client, about = clients[0], self.replicas[0].about
        findings = Findings()
        try:
            for protocol, own_client in zip(self.protocols, clients, strict=True):
                await protocol.prepare(own_client)
            budget = await check_context_budget(client, self.items, about, self.dialect, self.settings.prompt == "chat")
            if checks:
                protocol = self.protocols[0]
                findings = await run_preflight(
                    Probe(
                        client, protocol.generation, protocol.loglikelihood, about, self.settings,
                        self.dialect, self.items,
                    )
                )  # fmt: skip
            findings.checks |= budget
        except (GaveUp, ServerLost) as error:
            findings.fail(UNANSWERED, f"the server does not answer: {error}")
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            findings.fail(
                UNANSWERED, f"the server's answers cannot be read: {type(error).__name__}: {one_line(str(error))}"
            )
        finally:
            for own_client in clients:
                await own_client.close()
        return findings


def _breakage(board: Board) -> dict[str, str]:
    return {"scoring": f"{len(board.broken)} items cannot be scored, e.g. {board.broken[0]}"} if board.broken else {}
