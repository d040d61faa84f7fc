"""Processes that score items, for tasks whose scoring takes long: each has loaded the tasks for itself."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import Connection, wait
from pathlib import Path

from evaluators.catalogue import Benchmark
from evaluators.hardware import cores
from evaluators.harness.requests import Item
from evaluators.harness.scoring import Scored, score, score_or_note, unscorable
from evaluators.harness.tasks import LoadedTasks, add_chat_filter, load_tasks
from evaluators.records import Response

MOST = 4
"""Processes at most: each holds lm-eval and the task's data, some hundred MB."""


def processes_can_score(benchmark: Benchmark) -> bool:
    """Whether other processes can score the benchmark's items, and there are cores for two: one alone is as slow as
    scoring here. Programs have threads that wait for their boxes; texts of a length are made with the tokenizer of the
    served model."""
    return not benchmark.sandboxed and not benchmark.sized and cores() > 2


class ScoringProcesses:
    """A process for every core but one, with the tasks as the run's own process has loaded them.

    chat: whether the run asks by chat. repeats, together: as for `score`.
    """

    def __init__(self, benchmark: Benchmark, chat: bool, repeats: int, together: bool) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads of ours hold
        ours_open, self._ours = spawn.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            min(cores() - 1, MOST),
            mp_context=spawn,
            initializer=_begin,
            initargs=(ours_open, benchmark.model_dump_json(), chat, repeats, together),
        )

    def submit(self, item: Item, answers: Sequence[Response]) -> Future[Scored]:
        """Have an item scored. Raises RuntimeError if the processes are gone; the future, what pickling raises."""
        return self._executor.submit(_score_item, item, tuple(answers))

    def close(self) -> None:
        """End the processes, also those that still load; what they are scoring is not wanted any more."""
        self._ours.close()
        self._executor.shutdown(wait=True, cancel_futures=True)


_mine: tuple[LoadedTasks, int, bool] | None = None
"""In a scoring process: the tasks, the repeats, and whether an item is scored once over all of them."""


def _begin(ours_open: Connection, benchmark: str, chat: bool, repeats: int, together: bool) -> None:
    """First in a scoring process. Ctrl-C reaches the whole group, and the run's own process decides what follows."""
    global _mine
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(ours_open,), daemon=True).start()
    with Path(os.devnull).open("w") as nowhere:  # bars and warnings of libraries have been shown once
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    # libraries make their locks as in the run's own process: those made for spawning outlive a process that is ended
    multiprocessing.set_start_method(None, force=True)
    entry = Benchmark.model_validate_json(benchmark)
    loaded = load_tasks(entry)
    if chat:
        add_chat_filter(loaded, entry)
    _mine = loaded, repeats, together


def _end_with(ours_open: Connection) -> None:
    """End as soon as the other end of the pipe is closed, which only the run's own process has: also when that is
    killed, and cannot say that it is gone."""
    wait([ours_open])
    os._exit(1)


def _score_item(item: Item, answers: tuple[Response, ...]) -> Scored:
    assert _mine is not None
    loaded, repeats, together = _mine
    return score_or_note(score, unscorable, loaded.tasks[item.task], item, answers, repeats, together)
