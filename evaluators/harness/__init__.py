"""lm-eval's benchmarks through our servers: every request once, every answer kept, in a fixed random order.

Importing this package is cheap; lm-eval and its companions are imported by the first call that needs them.

aggregate         scores of a prefix by lm-eval's own aggregation
check_catalogue   whether a catalogue entry says of its lm-eval task what lm-eval says
concurrency       how many jobs are kept under way
engine            the loop of a run
execution         one run while it is carried out
journal           what is finished of a run, on disk before it counts
keys              what requests and runs are known by: hashes of all that decides an answer
lm_eval_models    our protocols as lm-eval model classes, for whoever wants them in plain lm-eval
progress          what a caller may show while a run goes on
requests          all requests of a run, built once in lm-eval's canonical order, then put into the fixed random order
reuse             the requests of an item with their keys, and answers of earlier runs by these keys
run               one benchmark on one server
run_async         coroutines from plain code, also from within somebody else's event loop
run_chain         the run of one id: finished before, waited for, taken over, gone on with, or carried out
run_folder        the tables and the manifest of a run that has ended
scoreboard        the scores of the finished prefix, and the stopping rule asked about them
scoring           score one document with lm-eval's own filters and metrics
sender            the network side of a run
settings          settings in force
tasks             lm-eval's tasks, loaded fast
answers/          what the answers of a run tell about it
dealing/          one fixed order of jobs dealt to the servers of a run
preflight/        before the first item
scorers/          where items are scored
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evaluators.backends.retry import RetryLimits
from evaluators.harness.progress import Progress
from evaluators.harness.settings import complete_settings

if TYPE_CHECKING:
    from evaluators.harness.run import run_benchmark

__all__ = ["Progress", "RetryLimits", "complete_settings", "run_benchmark"]


def __getattr__(name: str) -> Any:
    if name == "run_benchmark":
        from evaluators.harness.run import run_benchmark

        return run_benchmark
    raise AttributeError(name)
