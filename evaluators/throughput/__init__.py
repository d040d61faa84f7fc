"""Speed as a user feels it (streams from a running server) and as a kernel sees it (llama-bench), never mixed.

Served speed is measured by our own thin client, since it has to stamp thousands of tokens a second, ask four kinds of
servers, and void a run on the first failed request; `vllm bench serve` agrees with it on vLLM, and llama-bench on
llama.cpp for a model of 150 million parameters, to a few percent (tests/benchmarks/speed_agreement.py). Served output
speed leaves out the first token and the prompt, but has the server's own work for each token in it (sampling, text,
HTTP: 0.1 to 0.2 ms with llama.cpp), which is a large share where a token takes less than a millisecond, as with the
demo's model. Served prompt speed includes one step of generation and the transport.
"""

from evaluators.throughput.depth import measure_depth
from evaluators.throughput.gather import Tell
from evaluators.throughput.measure import RUNS, measure_speed
from evaluators.throughput.ratio import measure_ratio

__all__ = ["RUNS", "Tell", "measure_depth", "measure_ratio", "measure_speed"]
