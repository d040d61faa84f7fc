"""The seam between lm-eval's code tasks and the sandbox: what they run goes into boxes, and nothing runs elsewhere.

lm-eval's humaneval and mbpp tasks load the metric `code_eval` when they are built, and run a program with it right
then; its cruxeval tasks bring an executor of their own. Both are replaced by `CODE_EVAL` for as long as a task lives.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evaluators.records import UserError
from evaluators.sandbox.code_eval import CodeEval

if TYPE_CHECKING:
    from lm_eval.api.task import Task

CODE_EVAL = CodeEval()
"""The one object that all code tasks of a process call: lm-eval may keep a task's module, and with it this."""

EXECUTOR = "check_correctness"
"""Name of the function by which lm-eval's cruxeval tasks run a program."""

_loading = threading.Lock()


@contextlib.contextmanager
def code_eval_replaced() -> Iterator[None]:
    """Within the block `evaluate.load("code_eval")` gives `CODE_EVAL`, and programs count as failed without being run:
    lm-eval tries one while it builds a task, to see that it may."""
    import evaluate

    original = evaluate.load

    def load(path: str, *args: Any, **kwargs: Any) -> Any:
        return CODE_EVAL if path == "code_eval" else original(path, *args, **kwargs)

    with _loading:
        evaluate.load = load
        CODE_EVAL.building = True
        try:
            yield
        finally:
            evaluate.load = original
            CODE_EVAL.building = False


def confine_tasks(tasks: Mapping[str, Task]) -> None:
    """Make sure that every task that runs code does it through `CODE_EVAL`.

    Raises UserError for a task that lm-eval calls unsafe and whose way of running code is not known here.
    """
    for name, task in tasks.items():
        if not task.get_config("unsafe_code"):
            continue
        spaces = [function.__globals__ for function in _metric_functions(task)]
        for space in spaces:
            if EXECUTOR in space:
                space[EXECUTOR] = _check_correctness
        if not spaces or not all(_goes_into_boxes(space) for space in spaces):
            raise UserError(f"task {name} runs generated code in a way that the sandbox does not know; it is not run")


def runs_code(tasks: Mapping[str, Task]) -> bool:
    """Whether any of the tasks runs generated code."""
    return any(task.get_config("unsafe_code") for task in tasks.values())


def _goes_into_boxes(space: Mapping[str, Any]) -> bool:
    return space.get(EXECUTOR) is _check_correctness or any(value is CODE_EVAL for value in space.values())


def _metric_functions(task: Task) -> list[Callable[..., Any]]:
    """lm-eval keeps the `__call__` of a function."""
    functions = [getattr(metric, "__self__", metric) for metric in task._metric_fn_list.values()]
    functions.append(task.get_config("process_results"))
    return [function for function in functions if hasattr(function, "__globals__")]


def _check_correctness(check_program: str, timeout: float = 3) -> bool:
    """In place of cruxeval's own: whether the program comes to its end."""
    return CODE_EVAL.passes(check_program, timeout)
