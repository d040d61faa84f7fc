"""Numbers about the answers of a run, from which the causes of a difference are read.

`Run.signals` holds these names (a name is absent where it has no meaning, e.g. no generated answers). Shares are
fractions of the finished answers or items, in [0, 1].

Generated answers
    answers                   number of generated answers looked at
    truncated_share           answers that hit the token limit
    empty_share               answers without text
    refused_share             answers the server declined
    failed_share              requests without an answer
    think_tag_share           answers whose text still holds a think tag (`<think>`, `</think>`)
    reasoning_share           answers with reasoning set apart (by the server or by think tags)
    reasoning_only_share      answers with reasoning but no text
    reasoning_stop_share      answers that ended with `stop` inside their reasoning: a stop string cut the thinking
    special_token_share       answers with template tokens in their text (`<|...|>`, `<start_of_turn>`, `[INST]`)
    continues_share           answers that go on with a question of their own ("Question:", "Q:", "User:")
    unextracted_share         items in which the first filter found no answer
    unextracted_share:<f>     the same for filter f
    filter_gap                largest minus smallest score over the filters of the first metric
    identical_share           answers equal to the most frequent answer text
    repeats_identical_share   items with several repeats whose answers are all equal (the seed is ignored)
    median_generated_tokens   median length of an answer in tokens
    max_generated_tokens      longest answer in tokens
    median_prompt_tokens      median prompt length in tokens
    retried_share             answers that needed more than one attempt

Log-likelihoods
    choices                   number of log-likelihoods looked at
    modal_choice_share        items whose likeliest choice has the most frequent index
    context_cut_share         log-likelihoods whose context was cut on the left
    underflow_share           log-likelihoods with a probability below the smallest float32
    route_grammar, route_bias, route_full, route_together   requests by route (llama-server), as counts

Prompt
    template_applied          1 if the chat template was used, 0 if not
    template_available        1 if the server has a chat template, 0 if not
    bos_doubled               1 if the server puts two BOS before a prompt, 0 if one or none
    template_doubled          1 if a chat prompt holds the template's opening twice, 0 if once
"""

from __future__ import annotations

from typing import Any


def read_signals(conduct: Any, run: Any, journal: Any, board: Any) -> dict[str, float]:
    """Not written yet."""
    return {}
