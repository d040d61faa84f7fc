"""Log-likelihoods on SGLang: those of the prompt, on its own route `/generate`.

The request is the one of lm-eval's `sglang-generate`; it begins at the continuation, so that the prefix cache
serves the context (lm-eval asks from the first token on).
"""

from __future__ import annotations

import math
from typing import Any

from evaluators.backends.client import Client, GaveUp, Reply
from evaluators.backends.vllm.vllm_loglikelihood import VllmLoglikelihood


class SglangLoglikelihood(VllmLoglikelihood):
    """Tokenizes and splits as vLLM's does; asks for the log-probabilities in SGLang's way."""

    name = "sglang-loglikelihood"

    async def score(self, client: Client, context: list[int], continuation: list[int]) -> tuple[float, bool, Reply]:
        """(sum of log-probabilities, whether every token is the most likely one, reply)."""
        body: dict[str, Any] = {
            "input_ids": context + continuation,
            "sampling_params": {"max_new_tokens": 1, "temperature": 0},
            # the entry of the first token asked for has no value of its own, so ask from the last of the context on
            "logprob_start_len": len(context) - 1,
            "top_logprobs_num": 1,
            "return_logprob": True,
        }
        reply = await client.post("/generate", body, needs="meta_info")
        try:
            about = reply.data["meta_info"]
            values = about["input_token_logprobs"][-len(continuation) :]
            tops = about["input_top_logprobs"][-len(continuation) :]
            if [token for _, token, *_ in values] != continuation:
                raise GaveUp("the server gives log-probabilities of other tokens than it was sent", reply.attempts)
            logprobs = [float(value) for value, *_ in values]
            greedy = all(value >= max(top[0] for top in best) for value, best in zip(logprobs, tops, strict=True))
        except (KeyError, TypeError, ValueError) as error:
            raise GaveUp(f"answer without log-probabilities: {error!r}", reply.attempts) from error
        if not all(math.isfinite(value) and value <= 1e-6 for value in logprobs):
            raise GaveUp("the server gives numbers that are no log-probabilities", reply.attempts)
        return sum(logprobs), greedy, reply
