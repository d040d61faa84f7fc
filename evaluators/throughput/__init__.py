"""Speed as a user feels it (streams from a running server) and as a kernel sees it (llama-bench), never mixed.

Served speed is measured by our own thin client, since it has to stamp thousands of tokens a second, ask four kinds of
servers, and void a run on the first failed request; `vllm bench serve` agrees with it on vLLM, and llama-bench on
llama.cpp, to a few percent (tests/benchmarks/speed_agreement.py). Served output speed leaves out the first token and
the prompt; served prompt speed includes one step of generation and the transport, so it lies below llama-bench's, the
more so the shorter the prompt and the smaller the model.
"""

from evaluators.throughput.depth import measure_depth
from evaluators.throughput.gather import Tell
from evaluators.throughput.measure import RUNS, measure_speed
from evaluators.throughput.ratio import measure_ratio

__all__ = ["RUNS", "Tell", "measure_depth", "measure_ratio", "measure_speed"]
