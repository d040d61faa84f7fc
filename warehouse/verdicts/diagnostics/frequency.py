"""How often each known cause explains a score below a claim, and what would settle a doubt."""

from __future__ import annotations

DISPUTES = 97
"""Public disputes about a benchmark score that were read for their cause."""
COUNTS = {
    "chat_template_missing": 8,
    "chat_template_doubled": 8,
    "chat_template_broken": 8,
    "extraction": 8,
    "filters_disagree": 8,
    "answer_spelling": 8,
    "answer_form": 8,
    "token_limit": 7,
    "think_block_scored": 6,
    "thinking_on": 6,
    "thinking_missing": 6,
    "reasoning_only": 6,
    "sampling_differs": 6,
    "bos_missing": 6,
    "bos_doubled": 6,
    "wrong_model_or_column": 5,
    "near_collapse": 4,
    "exact_zero": 4,
    "chance_level": 4,
    "other_metric": 3,
    "stop_string": 3,
    "cut_open": 7,
    "capped": 7,
    "noise": 4,
    "failed_requests": 3,
    "server_messages": 3,
    "prompt_cut": 3,
    "kv_cache_quantized": 2,
    "other_items": 1,
}
"""Cause -> disputes that it explained (a dispute can have two)."""
SETTLED_BY = {
    "chat_template_missing": "a run with the chat template",
    "chat_template_broken": "a run with the release's own chat template",
    "extraction": "the wrong answers, read by a person, or the benchmark's other filter",
    "filters_disagree": "the claimant's word on which filter was meant",
    "answer_spelling": "a run whose filter reads these spellings",
    "answer_form": "a run whose prompt says how to answer, or whose filter reads these answers",
    "uncased": "a server that sends answers as they are",
    "unparsable": "programs that did not pass, read by a person",
    "unreadable": "programs that did not pass, read by a person",
    "encoded": "a server that sends answers as they are",
    "token_limit": "a run with the claimed token limit",
    "thinking_on": "a run with thinking as claimed",
    "thinking_missing": "a run in which the model thinks",
    "sampling_differs": "a run with the claimed sampling",
    "wrong_model_or_column": "the source's table, read by a person",
    "near_collapse": "a run on another backend or with other weights of the release",
    "other_metric": "the claimant's word on which metric was meant",
    "capped": "a server without a limit of its own",
    "one_choice": "a run with the release's own prompt format",
    "cut_open": "a server that counts its tokens, and a larger limit",
    "noise": "a run on another backend or with other weights of the release",
    "answer_cut": "a run on another backend, or without stop strings of the server's own",
    "one_answer": "a run without a cache between us and the model",
    "answers_crossed": "a run that asks for one answer at a time, and straight from the model's server",
    "fingerprint_changed": "a run on one server that is not changed meanwhile",
    "load_dependent": "a run with one request at a time",
    "sampled": "a server that answers greedily when asked to",
    "same_text": "a run without a cache between us and the model",
    "think_block_scored": "a run with thinking as claimed",
    "stop_string": "a run with the release's own stop strings",
    "kv_cache_quantized": "a run with an unquantized KV cache",
    "other_items": "a run on the claimed items",
    "seed_ignored": "a server that follows the seed",
}
"""Cause -> what would settle it, as the end of a sentence."""


def likelihood(code: str) -> float | None:
    """Share of the public disputes that a cause explained; None for one that is not among them."""
    return COUNTS[code] / DISPUTES if code in COUNTS else None
