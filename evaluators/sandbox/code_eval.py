"""What lm-eval's code tasks call in place of the metric `code_eval`: the same answers, from programs run in boxes."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from evaluators.sandbox.program_pool import GradedProgram, ProgramPool, Runner
from evaluators.sandbox.run_program import TIME_LIMIT, run_program


@dataclass
class GradingRecord:
    """What the programs of one item did."""

    programs: int = 0
    passed: int = 0
    timed_out: int = 0
    """Ran out of time, alone too."""
    within_thrice: int = 0
    """Of those: passed within three times the limit."""


class CodeEval:
    """An object with the metric's `compute`. The pool is set before the first program that matters."""

    def __init__(self, pool: ProgramPool | None = None) -> None:
        self.pool = pool
        self.building = False
        """Whether tasks are being built: programs then count as failed and are not run."""
        self._local = threading.local()

    def compute(
        self,
        *,
        references: Sequence[str],
        predictions: Sequence[Sequence[str]],
        k: Sequence[int] = (1, 10, 100),
        num_workers: int = 4,
        timeout: float = TIME_LIMIT,
    ) -> tuple[dict[str, float], dict[int, list[tuple[int, dict[str, Any]]]]]:
        """As the metric: ({"pass@k": fraction}, {task: [(candidate, {task_id, passed, result, completion_id})]}).

        `references[t]`: test of task t; `predictions[t]`: its candidates. `num_workers` is the pool's affair.
        Raises SandboxError where a box cannot be started, RuntimeError where there is no pool yet.
        """
        if self.building:
            return {f"pass@{size}": 0.0 for size in ([k] if isinstance(k, int) else k)}, {}
        numbers = [(task, number) for task, candidates in enumerate(predictions) for number in range(len(candidates))]
        programs = [f"{predictions[task][number]}\n{references[task]}" for task, number in numbers]
        graded = self.grade(programs, timeout)
        results: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for (task, number), program in zip(numbers, graded, strict=True):
            words = program.result.ended if program.result.ended != "failed" else f"failed: {program.result.why}"
            row = {"task_id": task, "passed": program.result.passed, "result": words, "completion_id": number}
            results[task].append((number, row))
        total = numpy.array([len(results[task]) for task in sorted(results)])
        correct = numpy.array([sum(row["passed"] for _, row in results[task]) for task in sorted(results)])
        sizes = [k] if isinstance(k, int) else k
        scores = {
            f"pass@{size}": float(pass_at_k(total, correct, size).mean()) for size in sizes if (total >= size).all()
        }
        return scores, results

    def passes(self, program: str, timeout: float = TIME_LIMIT) -> bool:
        """Whether a program without a separate test comes to its end."""
        return not self.building and self.grade([program], timeout)[0].result.passed

    def grade(
        self, programs: Sequence[Any], timeout: float = TIME_LIMIT, run: Runner = run_program
    ) -> list[GradedProgram]:
        """What became of the programs, noted in this thread's record. `programs` and `run`: as `ProgramPool.grade`.
        Raises RuntimeError where there is no pool yet, SandboxError where a box cannot be started."""
        if self.pool is None:
            raise RuntimeError("code is graded before a sandbox was chosen")
        graded = self.pool.grade(programs, timeout, run)
        self._note(graded)
        return graded

    @contextlib.contextmanager
    def recording(self) -> Iterator[GradingRecord]:
        """What the programs did that this thread has graded within the block."""
        record = GradingRecord()
        self._local.record = record
        try:
            yield record
        finally:
            self._local.record = None

    def _note(self, graded: Sequence[GradedProgram]) -> None:
        record: GradingRecord | None = getattr(self._local, "record", None)
        if record is not None:
            record.programs += len(graded)
            record.passed += sum(program.result.passed for program in graded)
            record.timed_out += sum(program.result.ended == "timed out" for program in graded)
            record.within_thrice += sum(program.within_thrice for program in graded)


def pass_at_k(total: Any, correct: Any, k: int) -> Any:
    """Unbiased estimate of pass@k by task from `total` samples and those `correct` (Chen et al. 2021, eq. 1)."""

    def estimate(n: int, c: int) -> float:
        return 1.0 if n - c < k else float(1.0 - numpy.prod(1.0 - k / numpy.arange(n - c + 1, n + 1)))

    return numpy.array([estimate(int(n), int(c)) for n, c in zip(total, correct, strict=True)])
