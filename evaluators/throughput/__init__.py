"""Speed as a user feels it (streams from a running server) and as a kernel sees it (llama-bench), never mixed."""

from evaluators.throughput.depth import measure_depth
from evaluators.throughput.gather import Tell
from evaluators.throughput.measure import RUNS, measure_speed
from evaluators.throughput.ratio import measure_ratio

__all__ = ["RUNS", "Tell", "measure_depth", "measure_ratio", "measure_speed"]
