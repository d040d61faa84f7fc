"""Scoring of items whose answers are programs: the sandbox of a run, its threads, and what its checks say."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluators.code.code_tasks import CODE_EVAL
from evaluators.code.own_grades import OWN_GRADES, add_own_scores, enter_own
from evaluators.hardware import read_hardware
from evaluators.harness.requests import Item
from evaluators.harness.scoring import Scored, score, unscorable
from evaluators.records import ItemStatus, Response, UserError
from evaluators.sandbox.box import BoxLimits, Sandbox, SandboxError
from evaluators.sandbox.choose_sandbox import choose_sandbox
from evaluators.sandbox.program_pool import ProgramPool
from evaluators.sandbox.run_program import TIME_LIMIT

if TYPE_CHECKING:
    from lm_eval.api.task import Task


@dataclass(frozen=True)
class CodeGrading:
    """What a run needs to grade programs, for as long as it goes on."""

    pool: ProgramPool
    scorers: Executor

    def checks(self) -> dict[str, str]:
        """For the run's checks: what kept the programs in, the limits that timeouts depend on, and the timeouts."""
        limits, hardware = BoxLimits(), read_hardware()
        text = (
            f"{self.pool.sandbox.label()}; Python {platform.python_version()}, {TIME_LIMIT:g} s and "
            f"{limits.process_memory >> 20} MiB a program, {hardware.cpu or 'unknown processor'}"
        )
        checks = {"sandbox": text}
        if self.pool.timeouts:
            checks["timeouts"] = (
                f"{self.pool.timeouts} programs ran out of time alone too, "
                f"{self.pool.within_thrice} of them pass in three times their limit"
            )
        return checks

    def signals(self) -> dict[str, float]:
        """For the run's signals: shares of the programs that lost something on their way, and that are no Python."""
        return {"unparsable_share": self.pool.damaged_share, "unreadable_share": self.pool.unreadable_share}


def sandbox_for(kind: str | None) -> Sandbox:
    """The sandbox to use, as `choose_sandbox`. Raises UserError, with what each kind lacks, if there is none."""
    try:
        return choose_sandbox(kind)
    except SandboxError as error:
        raise UserError(f"{error}; `claimcheck doctor` shows the probes, `--sandbox none` goes without") from None


@contextlib.contextmanager
def code_grading(sandbox: Sandbox) -> Iterator[CodeGrading]:
    """Within the block, code tasks run their programs in boxes of `sandbox`."""
    pool = ProgramPool(sandbox)
    CODE_EVAL.pool = pool
    # two more than run at a time, so that the next items are ready
    with ThreadPoolExecutor(pool.workers + 2, thread_name_prefix="scoring") as scorers:
        try:
            yield CodeGrading(pool, scorers)
        finally:
            scorers.shutdown(wait=True, cancel_futures=True)
            CODE_EVAL.pool = None
            pool.close()


def score_code(task: Task, item: Item, answers: Sequence[Response], repeats: int, together: bool) -> Scored:
    """As `score`, with timeouts as a status of their own, and our score where lm-eval's is not the benchmark's."""
    document = item.instances[0].doc
    scored = score(task, item, answers, repeats, together, recording=CODE_EVAL.recording)
    add_own_scores(scored, item, document, answers, repeats, together)
    return scored


def unscorable_code(task: Task, item: Item, repeats: int, together: bool) -> Scored:
    """As `unscorable`, for our score too."""
    scored = unscorable(task, item, repeats, together)
    if item.task in OWN_GRADES:
        turns = 1 if together else repeats
        enter_own(scored, item.task, [None] * turns, [ItemStatus.failed] * turns, [None] * turns)
    return scored
