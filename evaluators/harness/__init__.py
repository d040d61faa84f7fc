"""lm-eval's benchmarks through our servers: every request once, every answer kept, in a fixed random order.

Importing this package is cheap; lm-eval and its companions are imported by the first call that needs them.
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
