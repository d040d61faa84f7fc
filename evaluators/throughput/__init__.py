"""Speed as a user feels it (streams from a running server) and as a kernel sees it (llama-bench), never mixed.

Served speed is measured by our own thin client, since it has to stamp thousands of tokens a second, ask four kinds of
servers, and void a run on the first failed request. tests/benchmarks/speed_agreement.py compares it with llama-bench
and with `vllm bench serve` in one run, and exits with 1 if a speed of the latter is more than 5 % away (time to first
token is shown, not judged). Served output speed leaves out the first token and the prompt, but has the server's own
work for each token in it (sampling, text, HTTP), which llama-bench does not. Served prompt speed includes one step of
generation and the transport.
"""

from evaluators.throughput.depth import measure_depth
from evaluators.throughput.gather import Tell
from evaluators.throughput.measure import RUNS, measure_speed
from evaluators.throughput.ratio import measure_ratio

__all__ = ["RUNS", "Tell", "measure_depth", "measure_ratio", "measure_speed"]
