"""Answers that were sent and not read as they were meant, weighed by whether their share would close the gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evaluators.answer_spelling import same_answer
from evaluators.records import ItemScore
from warehouse.verdicts.diagnostics.evidence import Cause, Evidence, Weight
from warehouse.verdicts.statistics.region import acceptance_region

UNCASED = 0.25
"""Share of answers without a capital letter below which it is the model's or the task's way. Measured: 6.5 % of GPT-4's
answers to IFEval, whose prompts ask for it in 7 %; at most 0.3 % of answers to GSM8K of three models; none of a server
that lowers everything is below 1, of one such server among four 1/4."""
UNREADABLE = 0.5
"""Share of programs that Python cannot read from which on the way is to blame, though nothing that we know to undo
mends them. Judgement: models that write code at all write Python in most of their programs."""
USUAL = {"cut_open_share": 0.015}
"""Shares of sound answers that show a sign too; only what is beyond them explains anything. Measured: 1.2 % of the
solutions of HumanEval, 1.1 % of PIQA's endings and 0.9 % of TruthfulQA's answers end on an open word."""
MANY = 0.1
"""Share of the answers from which on several small causes count together."""


def broken_texts(e: Evidence) -> Iterable[Cause]:
    """What stands in the place of answers."""
    # 2-40 points
    if (portion := e.signal("message_share")) > 0:
        text = f"{portion:.1%} of the answers are messages of a server (errors, limits), not answers"
        yield Cause("server_messages", text, "unsound" if portion > 0.02 else "note")
    told = e.measurement.truncated > 0 or e.signal("truncated_share") > 0
    least = {"uncased_share": UNCASED, "unreadable_share": UNREADABLE}
    for name, code, words in (
        ("noise_share", "noise", "are loops or signs of no writing: weights, kernel or tokenizer may be damaged"),
        ("encoded_share", "encoded", "have no blanks, or escapes in their stead: they were encoded on the way"),
        ("uncased_share", "uncased", "have no capital letter: something on the way changed them"),
        (
            "unparsable_share",
            "unparsable",
            "are programs that lost something on the way (markup, escapes, indentation)",
        ),
        (
            "unreadable_share",
            "unreadable",
            "are programs that Python cannot read, most of all: the way may be to blame",
        ),
        ("cut_open_share", "cut_open", "end in the middle of a sentence, though the server calls them whole"),
        ("capped_share", "capped", "all have the longest length: a limit may have cut them that nobody told of"),
        ("same_text_share", "same_text", "are one long text that several other prompts got too"),
    ):
        if name == "uncased_share" and e.benchmark.sized:
            continue  # RULER wants words without capitals, and its grades ignore case
        if (portion := e.signal(name)) > least.get(name, 0.01) and not (name == "capped_share" and told):
            beyond = max(0.0, portion - USUAL.get(name, 0.0))
            weight: Weight = "doubt" if beyond and closes_gap(e, beyond) else "note"
            yield Cause(code, f"{portion:.1%} of the answers {words}", weight, portion=beyond)


def other_spellings(e: Evidence) -> Iterable[Cause]:
    """Right answers that the filter does not read."""
    # 5-60 points
    portion = max(e.signal(f"respelled_share:{e.measurement.metric},{e.measurement.filter}"), _respelled(e))
    if portion <= 0.005 or e.criterion is None:
        return
    text = f"{portion:.1%} of the items have the right answer in another spelling (money, units, markup, words)"
    weight: Weight = "doubt" if closes_gap(e, portion) else "note"
    yield Cause("answer_spelling", text, weight, examples=_respelled_items(e), portion=portion)


def misread_answers(e: Evidence) -> Iterable[Cause]:
    """Answers that lost something on the way, that are one and the same or another item's, or are of another form."""
    # 5-60 points: the last token lost, or a cache that answers for many
    for name, code, words in (
        ("cut_answer_share", "answer_cut", "are only the beginning of the right answer: its end may have been lost"),
        ("same_wrong_share", "one_answer", "are one and the same wrong answer: a cache or a broken prompt may give it"),
        (
            "crossed_share",
            "answers_crossed",
            "are the right ones of other items asked at about the same time: replies were mixed up on the way",
        ),
        ("other_form_share", "answer_form", "are no letter or number, as the benchmark wants it: nobody read them"),
    ):
        portion = e.signal(f"{name}:{e.measurement.metric},{e.measurement.filter}")
        if portion > 0.01:
            weight: Weight = "doubt" if closes_gap(e, portion) else "note"
            yield Cause(code, f"{portion:.1%} of the answers {words}", weight, portion=portion)


def closes_gap(e: Evidence, portion: float) -> bool:
    """Whether the claim would not be contradicted if this share of the items were right besides."""
    if e.criterion is None:
        return False
    region = acceptance_region(e.criterion, e.measurement.of, e.noise)
    return (e.measurement.score or 0.0) + portion >= region.low - region.noise


def _respelled(e: Evidence) -> float:
    """Share of the items that are right in another spelling, judged by the wrong ones that are known here."""
    wrong = [item for item in _wrong(e) if item.target]
    score = e.measurement.score
    if not wrong or score is None:
        return 0.0
    return (1 - score) * sum(same_answer(item.extracted, item.target) for item in wrong) / len(wrong)


def _respelled_items(e: Evidence) -> tuple[str, ...]:
    items = [item for item in _wrong(e) if same_answer(item.extracted, item.target)]
    return tuple(dict.fromkeys(f"{item.task}/{item.doc_id}" for item in items))[:3]


def _wrong(e: Evidence) -> list[ItemScore]:
    key = e.measurement.score_key
    return [item for item in e.items if (item.metric, item.filter) == key and item.value == 0]


def explained_together(e: Evidence, causes: list[Cause]) -> list[Cause]:
    """The causes, where several kinds of answers that were not read would close the gap only together: the most
    frequent one as a doubt that says so. Below MANY they are what wrong answers of any model look like."""
    known = {cause.code: cause for cause in causes if cause.weight == "note" and cause.portion > 0.01}
    joint = min(sum(cause.portion for cause in known.values()), 1 - (e.measurement.score or 0.0))
    if len(known) < 2 or joint < MANY or not closes_gap(e, joint):
        return causes
    most = max(known.values(), key=lambda cause: cause.portion)
    others = ", ".join(code for code in known if code != most.code)
    text = f"{most.text}; together with {others} it would close the gap"
    return [replace(cause, weight="doubt", text=text) if cause is most else cause for cause in causes]
