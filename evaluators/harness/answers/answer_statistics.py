"""Numbers about the answers of a run, from which the causes of a difference are read.

`Run.signals` holds these names (a name is absent where it has no meaning, e.g. no generated answers). Shares are
fractions of the finished answers or items, in [0, 1].

Generated answers
    answers                   number of generated answers looked at
    truncated_share           answers that hit the token limit
    looping_share             answers that hit it while they wrote one piece over and over
    empty_share               answers without text
    refused_share             answers the server declined
    failed_share              requests without an answer
    think_tag_share           answers whose text, as scored, still holds a mark of thinking
    leading_block_share       answers that open with a block between two marks of an unknown name, as thinking does
    reasoning_share           answers with reasoning set apart (by the server or by think tags)
    thinking_cut_share        answers cut by the token limit while still thinking
    median_thinking_tokens    median length of the thinking in tokens, by its share of the answer's characters
    reasoning_only_share      answers with reasoning but no text
    tool_call_share           answers without text that ended in a call of a tool
    reasoning_stop_share      answers that ended with `stop` inside their reasoning: a stop string cut the thinking
    special_token_share       answers with template or undecoded tokens in their text (`<|...|>`, `[INST]`, `Ġthe`)
    message_share             answers that are what a server says when it has none (`502 Bad Gateway`)
    noise_share               answers that are loops, signs of no writing, or many scripts at once
    encoded_share             answers without a blank, or with escapes of URLs and HTML in their stead
    cut_open_share            whole answers that end in the middle of a sentence or a formula
    capped_share              answers that all have one length, the longest: a limit that nobody told of
    same_text_share           answers that are a long text which several other prompts got too
    uncased_share             answers of some length without a capital letter
    unparsable_share          programs that fail, and pass once what they lost on the way is put back
    unreadable_share          programs that Python cannot read, whatever the reason
    continues_share           answers that go on with a question of their own ("Question:", "Q:", "User:")
    unextracted_share         items in which the first filter found no answer
    unextracted_share:<f>     the same for filter f
    cut_answer_share:<m,f>, same_wrong_share:<m,f>, other_form_share:<m,f>   see second_reading.misread
    crossed_share:<m,f>       wrong answers that are right for items asked near by, see crossed_answers
    filter_gap                largest minus smallest score over the filters of the first metric
    identical_share           answers equal to the most frequent answer text
    repeats_identical_share   items with several repeats whose answers are all equal (the seed is ignored)
    median_generated_tokens   median length of an answer in tokens
    max_generated_tokens      longest answer in tokens
    median_prompt_tokens      median prompt length in tokens
    retried_share             answers that needed more than one attempt
    prompt_cut_share          prompts that the server seems to have cut without saying so

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
    bos_missing               1 if a plain prompt gets no BOS although the model's chat template opens with one
    template_doubled          1 if the messages already hold the template's own tokens, 0 if not
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median

from evaluators.backends.openai_api.thinking import holds_mark, leading_block
from evaluators.harness.answers.broken_answers import (
    asks_on,
    capped_share,
    holds_template_token,
    is_cut_open,
    is_encoded,
    is_message,
    is_noise,
    is_uncased,
    repeats_itself,
)
from evaluators.harness.answers.cut_prompts import cut_prompt_share
from evaluators.harness.scoreboard import Board
from evaluators.records import ItemStatus, Measurement, RequestKind, Response, ResponseStatus, Run

LONG = 40
"""Characters that no two prompts of a benchmark get as an answer by chance."""
CALLS = ("tool_calls", "tool_call", "tool_use", "function_call")
"""Finish reasons of answers that call a tool."""
SEVERAL = 3
"""Prompts with one long answer from which on it counts."""


@dataclass
class _Tally:
    """What is counted while the responses pass by."""

    characters: Mapping[tuple[str, int], int]
    generated: int = 0
    choices: int = 0
    marks: Counter[str] = field(default_factory=Counter)
    texts: Counter[int] = field(default_factory=Counter)
    long_texts: Counter[int] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    prompts: list[int] = field(default_factory=list)
    sized: list[tuple[int, int]] = field(default_factory=list)
    """Characters and tokens of prompts."""
    thinking: list[float] = field(default_factory=list)
    repeated: int = 0
    repeated_alike: int = 0
    items: int = 0
    best: Counter[int] = field(default_factory=Counter)


def read_signals(
    run: Run,
    responses: Iterable[Response],
    board: Board,
    routes: Counter[str],
    prompt: dict[str, float],
    characters: Mapping[tuple[str, int], int],
) -> dict[str, float]:
    """The signals of a run.

    `responses`: all of them by task, document, index and repeat. `routes`: counts of the log-likelihood protocol.
    `prompt`: what the preflight found out about BOS and template. `characters`: length of the prompt by task and
    document.
    """
    tally = _Tally(characters=characters)
    for _, group in groupby(responses, key=lambda response: (response.task, response.doc_id)):
        _item(tally, list(group))
    signals = dict(prompt)
    signals["template_applied"] = float(run.settings.prompt == "chat")
    if run.server is not None:
        signals["template_available"] = float(run.server.chat_template_sha256 is not None)
    if tally.generated:
        signals |= _generated(tally)
    if tally.choices:
        signals |= _choices(tally, routes)
    return signals | _filters(run.measurements, board)


def _item(tally: _Tally, responses: list[Response]) -> None:
    if responses[0].kind is not RequestKind.generate:
        tally.choices += len(responses)
        tally.items += 1
        known = [(response.logprob, response.index) for response in responses if response.logprob is not None]
        if len(known) == len(responses) > 1:
            tally.best[max(known)[1]] += 1
        return
    for response in responses:
        _answer(tally, response)
    for _, group in groupby(responses, key=lambda response: response.index):
        texts = [response.text for response in group if response.text]
        if len(texts) > 1:
            tally.repeated += 1
            tally.repeated_alike += len(set(texts)) == 1


def _answer(tally: _Tally, response: Response) -> None:
    tally.generated += 1
    text = response.text or ""
    marks = {
        response.status.value: response.status is not ResponseStatus.ok,
        "looping": response.status is ResponseStatus.truncated and repeats_itself(text or response.reasoning or ""),
        "think_tag": holds_mark(text),
        "leading_block": leading_block(text) is not None,
        "reasoning": bool(response.reasoning),
        "reasoning_only": bool(response.reasoning) and not text.strip(),
        "thinking_cut": bool(response.reasoning) and response.status is ResponseStatus.truncated and not text.strip(),
        "tool_call": not text.strip() and response.finish_reason in CALLS,
        "reasoning_stop": bool(response.reasoning) and not text.strip() and response.finish_reason == "stop",
        "special_token": holds_template_token(text),
        "message": is_message(text),
        "noise": is_noise(text),
        "encoded": is_encoded(text),
        "uncased": is_uncased(text),
        "cut_open": response.status is ResponseStatus.ok and is_cut_open(text),
        "continues": asks_on(text),
        "retried": response.attempts > 1,
    }
    tally.marks.update(name for name, present in marks.items() if present)
    if text:
        tally.texts[hash(text)] += 1
        if len(text.strip()) >= LONG and response.repeat == 0:
            tally.long_texts[hash(text.strip())] += 1
    if response.generated_tokens is not None:
        tally.lengths.append(response.generated_tokens)
        if response.reasoning:
            part = len(response.reasoning) / (len(response.reasoning) + len(text))
            tally.thinking.append(part * response.generated_tokens)
    if response.prompt_tokens is not None:
        tally.prompts.append(response.prompt_tokens)
        if length := tally.characters.get((response.task, response.doc_id)):
            tally.sized.append((length, response.prompt_tokens))


SHARES = (
    *(status.value for status in ResponseStatus if status is not ResponseStatus.ok),
    "looping", "think_tag", "leading_block", "reasoning", "reasoning_only", "tool_call", "thinking_cut",
    "reasoning_stop",
    "special_token", "message", "noise", "encoded", "uncased", "cut_open", "continues", "retried",
)  # fmt: skip


def _generated(tally: _Tally) -> dict[str, float]:
    signals = {"answers": float(tally.generated)}
    signals |= {f"{name}_share": tally.marks[name] / tally.generated for name in SHARES}
    if tally.texts:
        signals["identical_share"] = max(tally.texts.values()) / tally.generated
        again = sum(count for count in tally.long_texts.values() if count >= SEVERAL)
        signals["same_text_share"] = again / tally.generated
    if tally.repeated:
        signals["repeats_identical_share"] = tally.repeated_alike / tally.repeated
    if tally.lengths:
        signals["median_generated_tokens"] = float(median(tally.lengths))
        signals["max_generated_tokens"] = float(max(tally.lengths))
        signals["capped_share"] = capped_share(tally.lengths)
    if tally.thinking:
        signals["median_thinking_tokens"] = float(median(tally.thinking))
    if tally.prompts:
        signals["median_prompt_tokens"] = float(median(tally.prompts))
    if tally.sized:
        signals["prompt_cut_share"] = cut_prompt_share(tally.sized)
    return signals


def _choices(tally: _Tally, routes: Counter[str]) -> dict[str, float]:
    signals = {"choices": float(tally.choices)}
    if tally.best:
        signals["modal_choice_share"] = max(tally.best.values()) / sum(tally.best.values())
    for name in ("context_cut", "underflow"):
        signals[f"{name}_share"] = min(1.0, routes[name] / tally.choices)
    for name in ("grammar", "bias", "full", "together"):
        if routes[name]:
            signals[f"route_{name}"] = float(routes[name])
    return signals


def _filters(measurements: tuple[Measurement, ...], board: Board) -> dict[str, float]:
    signals: dict[str, float] = {}
    counted = board.counted
    if not counted or not measurements:
        return signals
    for name, statuses in board.statuses.items():
        missing = sum(ItemStatus.unextracted in entry for entry in statuses[:counted])
        signals[f"unextracted_share:{name}"] = missing / counted
    signals["unextracted_share"] = signals.get(f"unextracted_share:{measurements[0].filter}", 0.0)
    same = [m.score for m in measurements if m.metric == measurements[0].metric and m.score is not None]
    if len(same) > 1:
        signals["filter_gap"] = max(same) - min(same)
    return signals
