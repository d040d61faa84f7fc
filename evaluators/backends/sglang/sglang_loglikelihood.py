"""Log-likelihoods on SGLang: those of the prompt, on its own route `/generate`.

The request is the one of lm-eval's `sglang-generate`; it begins at the continuation, so that the prefix cache
serves the context (lm-eval asks from the first token on).
"""

from __future__ import annotations

from typing import Any

from evaluators.backends.client import Client, Reply
from evaluators.backends.reply_reader import BadReply, json_list, json_object, log_probability
from evaluators.backends.vllm.vllm_loglikelihood import VllmLoglikelihood


class SglangLoglikelihood(VllmLoglikelihood):
    """Tokenizes and splits as vLLM's does; asks for the log-probabilities in SGLang's way."""

    name = "sglang-loglikelihood"
    lists_tops = False

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
        reply = await client.post(
            "/generate", body, read=lambda data: _scored(data, continuation), tokens=2 * len(continuation)
        )
        logprob, greedy = reply.data
        return logprob, greedy, reply


def _scored(data: Any, continuation: list[int]) -> tuple[float, bool]:
    """(sum of log-probabilities, whether each is the likeliest) of the continuation's tokens."""
    about = json_object(json_object(data, "the answer").get("meta_info"), "meta_info")
    values = json_list(about.get("input_token_logprobs"), "input_token_logprobs")[-len(continuation) :]
    tops = json_list(about.get("input_top_logprobs"), "input_top_logprobs")[-len(continuation) :]
    if not len(values) == len(tops) == len(continuation):
        raise BadReply("log-probabilities of fewer tokens than were sent")
    total, greedy = 0.0, True
    for token, entry, best in zip(continuation, values, tops, strict=True):
        value, named, *_ = [*json_list(entry, "an entry"), None, None]
        if named != token:
            raise BadReply("log-probabilities of other tokens than were sent")
        logprob = log_probability(value)
        total += logprob
        greedy &= all(logprob >= log_probability(json_list(top, "an entry")[0]) for top in json_list(best, "an entry"))
    return total, greedy
