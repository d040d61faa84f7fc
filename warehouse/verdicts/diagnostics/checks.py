"""Signs of the causes by which honest scores differ, each read from a run's own data.

Names of signals are those of evaluators/harness/answers/answer_statistics.py, of checks those of the preflight.
Sizes in the comments are what public disputes report, in points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import sqrt
from typing import get_args

from evaluators.records import ItemScore, Measurement
from warehouse.claim_records import Reason
from warehouse.verdicts.diagnostics.alternatives import other_cell, other_metric
from warehouse.verdicts.diagnostics.evidence import Cause, Evidence, Weight
from warehouse.verdicts.diagnostics.frequency import SETTLED_BY, likelihood
from warehouse.verdicts.diagnostics.unread_answers import (
    broken_texts,
    explained_together,
    misread_answers,
    other_spellings,
)
from warehouse.verdicts.diagnostics.validity import share

SAMPLED = 0.3
"""Flip rate that no greedy run shows (2 to 20 %, arXiv 2506.09501)."""
BEYOND_CHANCE = 3.0
"""Standard errors by which second answers score more that are no chance (McNemar's test, 1 in 700)."""
DIFFERING = 0.1
"""The same of a server whose answers differ although it does nothing else: no batch explains that."""
SELDOM = 0.2
"""Share of answers with thinking below which a model that was told to think does not."""
PREFLIGHT = {
    "model": "wrong_model",
    "context": "context_too_short",
    "template": "chat_template_doubled",
    "bos": "bos_doubled",
    "stop": "stop_string",
    "max_tokens": "token_limit_ignored",
    "temperature": "seed_ignored",
    "logprobs": "logprobs_broken",
    "answers": "server_silent",
}
"""Check of the preflight -> cause that its failure means."""


def _preflight(e: Evidence) -> Iterable[Cause]:
    for name, text in e.run.failed_checks.items():
        yield Cause(PREFLIGHT.get(name, f"preflight_{name}"), f"preflight, {name}: {text}", "unsound")
    if changed := e.run.checks.get("system_fingerprint"):
        yield Cause("fingerprint_changed", f"{changed}: several deployments may have answered", "doubt")
    if (flips := e.signal("flip_rate")) > SAMPLED and not e.run.settings.temperature:
        text = f"{flips:.0%} of the items flip when answered again at temperature 0: the server samples all the same"
        yield Cause("sampled", text, "doubt")
    elif flips > DIFFERING and e.run.greedy_repeats is False and not e.run.settings.temperature:
        text = (
            f"{flips:.0%} of the items flip when answered again at temperature 0, and two answers to one prompt, asked "
        )
        yield Cause("sampled", f"{text}alone, differ: the server seems to sample all the same", "doubt")
    gain, twice = e.signal("flip_gain"), e.signal("flip_items")
    if gain > 0 and flips > 0 and gain * sqrt(twice / flips) >= BEYOND_CHANCE:
        text = f"the same {twice:.0f} items score {100 * gain:.0f} points more when fewer are asked for at a time"
        yield Cause("load_dependent", f"{text}: the server's answers depend on its load", "doubt")
    if e.run.greedy_repeats is False and not e.run.settings.temperature:
        yield Cause("not_deterministic", "two greedy answers to one prompt differ: scores carry run noise", "note")


def _failed(e: Evidence) -> Iterable[Cause]:
    if e.measurement.failed:
        portion = share(e.measurement.failed, e.measurement)
        text = f"{portion:.1%} of the items have no score: their requests failed after every retry"
        if error := e.run.checks.get("failures"):
            text += f", most of them so: {error[:200]}"
        yield Cause("failed_requests", text, "unsound" if portion > 0.02 else "note", "failed")


def _bos(e: Evidence) -> Iterable[Cause]:
    # 2-65 points; log-likelihood tasks are hit hardest
    if e.signal("bos_doubled"):
        yield Cause("bos_doubled", "the server puts a second BOS token before the prompt", "unsound")
    if e.signal("bos_missing"):
        yield Cause("bos_missing", "the model expects a BOS token before the prompt and got none", "unsound")
    elif e.run.checks.get("bos", "").startswith("none") and e.guesses:
        yield Cause("bos_missing", "no BOS token came before the prompts, and the score is that of guessing", "unsound")


def _template(e: Evidence) -> Iterable[Cause]:
    # 10-60 points
    if e.signal("template_doubled"):
        yield Cause("chat_template_doubled", "the chat template was applied twice", "unsound")
    elif e.signal("special_token_share") > 0.05:
        text = f"{e.signal('special_token_share'):.1%} of the answers hold tokens of a chat template"
        yield Cause("chat_template_broken", text, "unsound" if e.signal("special_token_share") > 0.2 else "doubt")
    available = e.signal("template_available") or (e.run.server is not None and e.run.server.chat_template_sha256)
    plain = e.run.settings.prompt == "completion" or e.run.signals.get("template_applied") == 0
    if not (available and plain and e.generates):
        return
    text = "the model has a chat template; the prompts were plain text"
    if e.claim.settings.prompt == "chat" or (not e.states("prompt") and e.benchmark.protocol.prompt == "chat"):
        yield Cause("chat_template_missing", f"{text}, and the protocol asks for chat", "unsound")
    elif not e.states("prompt"):
        # a criterion with a protocol is one of those that are tried; without, nobody has asked by chat
        alone = e.criterion is not None and e.criterion.protocol is None and e.benchmark.evaluator == "lm-eval"
        doubt = e.gap >= 0.15 or e.signal("continues_share") > 0.2 or (alone and e.gap > 0.02)
        yield Cause("chat_template_missing", f"{text}, and the claim does not say which", "doubt" if doubt else "note")


def _stop_strings(e: Evidence) -> Iterable[Cause]:
    # 4-70 points
    cut = e.signal("reasoning_stop_share")
    if cut > 0.02:
        text = f"{cut:.1%} of the answers ended inside their reasoning: a stop string occurs in it, or it ends there"
        yield Cause("stop_string", text, "unsound")
        return
    missing, length = e.signal(f"unextracted_share:{e.measurement.filter}"), e.signal("median_generated_tokens")
    missing = missing or share(e.measurement.unextracted, e.measurement)
    cut_short = share(e.measurement.truncated, e.measurement) < 0.02 and 0 < length <= 8
    if e.generates and missing > 0.10 and cut_short:
        text = (
            f"answers end after {length:.0f} tokens (median), {missing:.1%} hold no answer that was read: a stop "
            "string is too eager, or they have another form than the benchmark wants"
        )
        yield Cause("stop_string", text, "unsound", "unextracted")
    if e.signal("continues_share") > 0.10:
        text = (
            f"{e.signal('continues_share'):.1%} of the answers go on with a question of their own: no stop string works"
        )
        yield Cause("stop_string", text, "doubt")


def _token_limit(e: Evidence) -> Iterable[Cause]:
    # 5-45 points
    portion = max(share(e.measurement.truncated, e.measurement), e.signal("truncated_share"))
    if portion > 0:
        limit = f" of {e.run.settings.max_tokens:,} tokens" if e.run.settings.max_tokens else ""
        text = f"{portion:.1%} of the answers hit the limit{limit}"
        if (looping := e.signal("looping_share")) > portion / 4:
            text += f", {looping:.1%} while repeating themselves: a longer limit would not end those"
        yield Cause("token_limit", text, "unsound" if portion > 0.02 else "note", "truncated")
    claimed, ran = e.claim.settings.max_tokens, e.run.settings.max_tokens
    if portion and claimed and ran and ran < claimed:
        yield Cause("token_limit", f"the claim allows {claimed:,} tokens, the run {ran:,}", "doubt", "truncated")


def _thinking(e: Evidence) -> Iterable[Cause]:
    # 5-20 points
    if e.signal("think_tag_share") > 0.02:
        text = f"{e.signal('think_tag_share'):.1%} of the scored answers still hold a think tag"
        yield Cause("think_block_scored", text, "unsound")
    if (portion := e.signal("leading_block_share")) > 0.2:
        text = (
            f"{portion:.1%} of the scored answers open with a block between tags, as thinking of an unknown family does"
        )
        yield Cause("think_block_scored", text, "doubt")
    if e.signal("reasoning_only_share") > 0.02:
        text = f"{e.signal('reasoning_only_share'):.1%} of the answers are reasoning without an answer"
        yield Cause("reasoning_only", text, "unsound", "empty")
    if e.run.settings.thinking == "on" and e.signal("answers") and e.signal("reasoning_share") < SELDOM:
        text = f"thinking was asked for, and {e.signal('reasoning_share'):.0%} of the answers came with any"
        yield Cause("thinking_missing", f"{text}: the server may know another switch, or the model none", "doubt")
    if e.signal("reasoning_share") > 0.02 and e.run.settings.thinking != "on":
        how = "was switched off" if e.run.settings.thinking == "off" else "was left to the server"
        yield Cause("thinking_on", f"thinking {how}, and the model thinks", "doubt")


def _empty(e: Evidence) -> Iterable[Cause]:
    if (portion := e.signal("tool_call_share")) > 0.02:
        text = f"{portion:.1%} of the answers are calls of a tool, and nobody offered any"
        yield Cause("tool_calls", text, "unsound", "empty")
    for count, code, words in (
        (e.measurement.empty, "empty_answers", "are empty"),
        (e.measurement.refused, "refused_answers", "were declined by the server"),
    ):
        portion = share(count, e.measurement)
        if portion > 0:
            weight: Weight = "unsound" if portion > 0.02 else "note"
            yield Cause(code, f"{portion:.1%} of the answers {words}", weight, code.partition("_")[0])


def _extraction(e: Evidence) -> Iterable[Cause]:
    # 8-60 points, often to exactly 0
    portion = share(e.measurement.unextracted, e.measurement)
    if portion > 0.02:
        text = f"the filter {e.measurement.filter} found nothing in {portion:.1%} of the answers"
        explains = portion > 0.10 or portion > e.gap - 0.05
        weight: Weight = "unsound" if portion > 0.5 else "doubt" if explains else "note"
        yield Cause("extraction", text, weight, "unextracted")
    for other in e.run.measurements:
        if other.metric != e.measurement.metric or other.filter == e.measurement.filter or other.score is None:
            continue
        ahead = other.score - (e.measurement.score or 0.0)
        if ahead > 0.05 and not e.states("filter"):
            text = f"the filter {other.filter} scores {100 * ahead:.1f} points more, and the claim names no filter"
            yield Cause("filters_disagree", text, "doubt", "unextracted")


def _degenerate(e: Evidence) -> Iterable[Cause]:
    n, chance = e.measurement.items, e.benchmark.chance
    if n < 50 or e.gap <= 0.10:
        return
    if e.measurement.score == 0:
        yield Cause("exact_zero", f"not one of {n:,} items is right: something is broken", "unsound")
        return
    if chance and e.guesses:
        text = f"the score is at the level of guessing ({100 * chance:.0f}%): prompt, BOS or weights are broken"
        yield Cause("chance_level", text, "unsound")
    if e.signal("modal_choice_share") > 0.75:
        text = f"{e.signal('modal_choice_share'):.0%} of the items get the same choice"
        yield Cause("one_choice", text, "unsound")
    elif chance and chance < 0.3 and e.signal("modal_choice_share") > max(0.5, 2 * chance):
        text = (
            f"{e.signal('modal_choice_share'):.0%} of the items get the choice at one place: the prompt may be broken"
        )
        yield Cause("one_choice", text, "doubt")
    if e.signal("identical_share") > 0.5:
        yield Cause(
            "identical_answers", f"{e.signal('identical_share'):.0%} of the answers are the same text", "unsound"
        )


def _near_collapse(e: Evidence) -> Iterable[Cause]:
    # Gemma without BOS: LAMBADA 16 for 76, PIQA 59 for 82; a lie of this size is rare, a broken set-up is not
    if not e.collapses:
        return
    said, score = e.interval.value or 0.0, e.measurement.score or 0.0
    text = f"{100 * score:.1f}% for {100 * said:.1f}% claimed is near collapse: prompt, BOS or weights may be broken"
    yield Cause("near_collapse", text, "doubt")
    if e.run.checks.get("bos", "").startswith("unasked"):
        text = "whoever ran it did not ask for a BOS token (add_bos_token), and the score has nearly collapsed"
        yield Cause("bos_missing", text, "doubt")


def _prompt_cut(e: Evidence) -> Iterable[Cause]:
    if (portion := e.signal("prompt_cut_share")) > 0:
        text = (
            f"{portion:.1%} of the prompts seem to have been cut by the server, which counts less tokens than they have"
        )
        yield Cause("prompt_cut", text, "unsound" if portion > 0.02 else "note")
    if (portion := e.signal("underflow_share")) > 0:
        text = f"{portion:.1%} of the log-probabilities are below the smallest number: choices cannot be told apart"
        yield Cause("logprob_underflow", text, "unsound" if portion > 0.02 else "note")
    if e.signal("context_cut_share") > 0:
        weight: Weight = "unsound" if e.signal("context_cut_share") > 0.02 else "note"
        yield Cause("prompt_cut", f"{e.signal('context_cut_share'):.1%} of the prompts were cut to fit", weight)


def _quantized(e: Evidence) -> Iterable[Cause]:
    cache = e.run.server.kv_type if e.run.server is not None else None
    if cache and cache.casefold() not in ("f16", "bf16", "f32", "auto"):
        yield Cause("kv_cache_quantized", f"the KV cache is {cache}", "doubt")


def _sampling(e: Evidence) -> Iterable[Cause]:
    # 2-12 points
    different = []
    for name in ("temperature", "top_p", "top_k", "min_p"):
        said, ran = getattr(e.claim.settings, name), getattr(e.run.settings, name)
        if said is not None and ran is not None and said != ran:
            different.append(f"{name} {said:g} claimed, {ran:g} run")
    if different:
        yield Cause("sampling_differs", "; ".join(different), "doubt")
    if e.signal("repeats_identical_share") > 0.95 and (e.run.settings.temperature or 0) > 0:
        yield Cause("seed_ignored", "repeats of an item are all the same: the server ignores the seed", "doubt")


def _items(e: Evidence) -> Iterable[Cause]:
    planned = e.benchmark.items
    if planned and e.measurement.of != planned:
        text = f"the run knows {e.measurement.of:,} items, the benchmark has {planned:,}"
        yield Cause("other_items", text, "doubt")
    low, high, n = e.interval.low, e.interval.high, e.measurement.of
    if low is not None and high is not None and n and high - low < 1 / n and e.interval.unit == "fraction":
        inside = int(high * n) >= low * n - 1e-9
        if not inside and not (e.claim.settings.repeats or 0) > 1:
            text = (
                f"no whole number of right answers out of {n:,} gives the claim: it is an average, or about other items"
            )
            yield Cause("averaged_claim", text, "note")


LOOKS: tuple[Callable[[Evidence], Iterable[Cause]], ...] = (
    _preflight,
    _failed,
    _template,
    _bos,
    _token_limit,
    _stop_strings,
    _thinking,
    _empty,
    broken_texts,
    _prompt_cut,
    _degenerate,
    _near_collapse,
    _extraction,
    other_spellings,
    misread_answers,
    other_metric,
    other_cell,
    _quantized,
    _sampling,
    _items,
)


def find_causes(evidence: Evidence) -> list[Cause]:
    """All causes that the data show, each once, strongest first: unsound, doubt, note, then in the order of LOOKS."""
    causes = explained_together(evidence, [cause for look in LOOKS for cause in look(evidence)])
    causes.sort(key=lambda cause: get_args(Weight).index(cause.weight))
    kept: dict[str, Cause] = {}
    for cause in causes:
        kept.setdefault(cause.code, cause)
    return list(kept.values())


def examples(cause: Cause, items: Iterable[ItemScore], measurement: Measurement) -> tuple[str, ...]:
    """Up to three items that show a cause, as `task/doc_id`: those with its status, else wrong ones."""
    same = [item for item in items if (item.metric, item.filter) == measurement.score_key]
    chosen = [item for item in same if cause.status and item.status.value == cause.status]
    if not chosen and cause.status is None:
        chosen = [item for item in same if item.value == 0]
    if cause.examples:
        return cause.examples
    names = dict.fromkeys(f"{item.task}/{item.doc_id}" for item in sorted(chosen, key=lambda item: item.position))
    return tuple(names)[:3]


def as_reason(cause: Cause, items: Iterable[ItemScore], measurement: Measurement) -> Reason:
    """A cause as a verdict's reason."""
    settled = SETTLED_BY.get(cause.code) if cause.weight == "doubt" else None
    shown = examples(cause, items, measurement)
    return Reason(code=cause.code, text=cause.text, items=shown, likelihood=likelihood(cause.code), settled_by=settled)
