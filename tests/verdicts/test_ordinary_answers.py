"""Answers that are merely wrong excuse no lie, and each way of breaking them is noticed as what it is.

Answers of five kinds pass through the engine's statistics and the real judge. Wrong ones belong to another item, so
that they are written as well as right ones.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from evaluators.harness.answers.answer_statistics import read_signals
from evaluators.harness.answers.crossed_answers import crossed
from evaluators.harness.answers.second_reading import misread, respelled
from evaluators.harness.scoreboard import Board
from evaluators.records import ItemScore, ItemStatus, RequestKind, Response, ResponseStatus, Settings
from tests.sandbox.programs import SHARED
from tests.verdicts.cases import AS_RUN, NOW, STATED, SUMS, make_claim, make_lock, make_measurement, make_run
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import ClaimRule, judge

ITEMS, RIGHT = 1600, 0.7
WORDS = (
    *("we", "first", "take", "the", "amount", "and", "then", "subtract", "what", "was", "given", "away", "before"),
    *("rest", "is", "divided", "among", "all", "of", "them", "because", "each", "part", "counts", "once", "so", "that"),
    *("nothing", "left", "over", "when", "second", "half", "day", "begins", "again", "costs", "twice", "as", "much"),
)
FACTS = ("Paris", "the Danube", "Marie Curie", "in 1889", "copper", "blue whale", "Mount Kenya", "oxygen", "Bach")


@dataclass(frozen=True)
class Answer:
    """What came back for one item, and what would have been right."""

    text: str
    extracted: str
    target: str
    reasoning: str | None = None
    finish: str = "stop"


def prose(source: random.Random, least: int = 8, most: int = 40) -> str:
    words = source.choices(WORDS, k=source.randint(least, most))
    return f"{' '.join(words).capitalize()}."


def number(source: random.Random, right: bool) -> Answer:
    target = str(source.randint(10, 5000))
    said = target if right else str(int(target) + source.choice((-100, -10, -1, 1, 2, 10, 37)))
    return Answer(f"{prose(source)} So it is {said}.\n#### {said}", said, target)


def letter(source: random.Random, right: bool) -> Answer:
    target = source.choice("ABCD")
    said = target if right else source.choice([sign for sign in "AAABCD" if sign != target])
    return Answer(f"{prose(source)} The answer is ({said}).", said, target)


def code(source: random.Random, right: bool) -> Answer:
    name, step = "_".join(source.choices(WORDS, k=3)), source.randint(1, 99)
    loop = f"    {name} = 0\n    for value in values:\n        {name} += value * {step}\n    return {name}"
    return Answer(loop if right else loop.replace("+=", "-="), "", "")


def free(source: random.Random, right: bool) -> Answer:
    """Facts in a few words, among them the small letters that some tasks ask for."""
    target = source.choice(FACTS)
    said = target if right else source.choice([fact for fact in FACTS if fact != target])
    text = f"{prose(source)} I believe that it was {said}."
    return Answer(text.lower() if source.random() < 0.07 else text, said, target)


def thinking(source: random.Random, right: bool) -> Answer:
    said = number(source, right)
    return replace(said, reasoning=" ".join(prose(source) for _ in range(6)))


def off_by_three(answer: Answer) -> Answer:
    said = str(int(answer.target) + 3)
    return replace(answer, text=answer.text.replace(answer.target, said), extracted=said)


KINDS: dict[str, Callable[[random.Random, bool], Answer]] = {
    "number": number, "letter": letter, "code": code, "free text": free, "thinking": thinking,
}  # fmt: skip
BROKEN: dict[str, tuple[str, str, Callable[[Answer], Answer]]] = {
    # cause, kind of answers, what a broken way makes of right ones
    "no capitals": ("uncased", "free text", lambda a: replace(a, text=f"{a.text} really, i do".lower())),
    "no blanks": ("encoded", "letter", lambda a: replace(a, text=a.text.replace(" ", ""), extracted="")),
    "a call": ("tool_calls", "number", lambda a: replace(a, text="", extracted="", finish="tool_calls")),
    "cut": ("cut_open", "free text", lambda a: replace(a, text=f"{a.text[:-20]} and the", extracted="")),
    "loops": ("noise", "number", lambda a: replace(a, text="the the " * 40, extracted="")),
    "a message": ("server_messages", "number", lambda a: replace(a, text="Error: upstream timeout", extracted="")),
    "a cache": ("one_answer", "number", lambda a: replace(a, text="#### 42", extracted="42")),
    "a sign lost": ("answer_cut", "number", lambda a: replace(a, text=a.text[:-1], extracted=a.target[:-1])),
    "other words": ("answer_form", "letter", lambda a: replace(a, text="It is copper.", extracted="It is copper")),
    "thinking kept": (
        "think_block_scored",
        "thinking",
        lambda a: replace(a, text=f"<think>{a.reasoning}</think>{a.text}", extracted="", reasoning=None),
    ),
    "no thinking": ("thinking_missing", "thinking", lambda a: replace(off_by_three(a), reasoning=None)),
}  # fmt: skip


def verdict_on(answers: Sequence[Answer], right: Sequence[bool], thinks: bool, gap: float = 0.1) -> Verdict:
    """Of a claim so far above the score of these answers."""
    settings = AS_RUN.model_copy(update={"thinking": "on"}) if thinks else AS_RUN
    known = {"task": "sums", "kind": RequestKind.generate, "index": 0}
    responses = [
        Response(
            doc_id=place, status=ResponseStatus.ok if a.text.strip() else ResponseStatus.empty, text=a.text,
            reasoning=a.reasoning, finish_reason=a.finish, prompt_tokens=50 + place % 17,
            generated_tokens=len(a.text.split()) * 2 + place % 5, **known,
        )
        for place, a in enumerate(answers)
    ]  # fmt: skip
    items = [
        ItemScore(
            task="sums", doc_id=place, position=place, metric="exact_match", filter="strict-match",
            value=float(correct), status=ItemStatus.ok, extracted=a.extracted, target=a.target or None,
        )
        for place, (a, correct) in enumerate(zip(answers, right, strict=True))
    ]  # fmt: skip
    run = make_run(settings)
    signals = read_signals(run, responses, Board(len(items), ClaimRule([])), Counter(), {}, {})
    signals |= respelled(items, responses) | misread(items) | crossed(items)
    empty = sum(response.status is ResponseStatus.empty for response in responses)
    measurement = make_measurement([float(value) for value in right], len(right), empty=empty)
    stated = STATED.model_copy(update={"thinking": "on"}) if thinks else STATED
    claim = make_claim(f"{100 * (sum(right) / len(right) + gap):.1f}", stated)
    run = make_run(settings, signals=signals, measurements=(measurement,))
    whole = SUMS.model_copy(update={"items": len(right)})
    return judge(claim, make_lock(claim, whole), run, measurement, now=NOW, benchmark=whole, items=items)


def drawn(kind: str, seed: int) -> tuple[list[Answer], list[bool]]:
    source = random.Random(seed)
    right = [source.random() < RIGHT for _ in range(ITEMS)]
    return [KINDS[kind](source, correct) for correct in right], right


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_wrong_answers_excuse_no_lie(kind: str, seed: int) -> None:
    verdict = verdict_on(*drawn(kind, seed), thinks=kind == "thinking")
    assert verdict.outcome is Outcome.below_claim and verdict.flagged, verdict.headline


@pytest.mark.parametrize(
    "broken", [pytest.param(name, marks=[pytest.mark.long] * (number % 2)) for number, name in enumerate(BROKEN)]
)
def test_what_broke_right_answers_is_named(broken: str) -> None:
    """Two in five answers are broken; the claim is what they would have scored."""
    cause, kind, change = BROKEN[broken]
    answers, right = drawn(kind, 3)
    hit = [correct and place % 5 < 2 for place, correct in enumerate(right)]
    if cause in ("uncased", "thinking_missing"):
        hit = [True] * len(right)
    answers = [change(answer) if lost else answer for answer, lost in zip(answers, hit, strict=True)]
    left = [correct and not lost for correct, lost in zip(right, hit, strict=True)]
    if not any(left):  # what lowers every answer makes some of them wrong
        left = [correct and place % 3 > 0 for place, correct in enumerate(right)]
    verdict = verdict_on(answers, left, thinks=kind == "thinking", gap=RIGHT - sum(left) / ITEMS)
    assert verdict.outcome in (Outcome.inconclusive, Outcome.invalid_run), verdict.headline
    assert cause in [reason.code for reason in verdict.reasons], verdict.headline


GIVEN = SHARED / "data" / "benchmarks"


def solutions() -> list[str]:
    rows = (GIVEN / "gsm8k" / "example_model_solutions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["6b_finetuning"]["solution"] for row in rows]


def letters_and_essays() -> list[str]:
    rows = (
        (GIVEN / "ifeval" / "input_response_data_gpt4_20231107_145030.jsonl").read_text(encoding="utf-8").splitlines()
    )
    return [json.loads(row)["response"] for row in rows]


@pytest.mark.skipif(not (GIVEN / "gsm8k").exists(), reason="needs the benchmarks' data")
@pytest.mark.parametrize("texts", [solutions, letters_and_essays])
def test_what_real_models_wrote_excuses_no_lie(texts: Callable[[], list[str]]) -> None:
    """A model of 6 billion parameters on GSM8K, and GPT-4 on IFEval, whose prompts ask for small letters in 7 %."""
    answers = [Answer(text, "", "") for text in texts()]
    right = [place % 10 < 7 for place in range(len(answers))]
    verdict = verdict_on(answers, right, thinks=False, gap=0.1)
    assert verdict.flagged, verdict.headline


def test_thinking_that_is_seldom_needed_is_no_missing_switch() -> None:
    """A model that thinks about every third item only does what it wants."""
    answers, right = drawn("thinking", 5)
    answers = [answer if place % 3 == 0 else replace(answer, reasoning=None) for place, answer in enumerate(answers)]
    assert verdict_on(answers, right, thinks=True).flagged


@pytest.mark.parametrize("flips", [0.0, 0.02, 0.05, 0.1, 0.2, 0.28])
def test_flips_of_greedy_answers_excuse_no_lie(flips: float) -> None:
    """Up to 20 % of greedy answers flip between two runs (arXiv 2506.09501), either way."""
    values = [float(place % 10 < 7) for place in range(ITEMS)]
    measurement = make_measurement(values, ITEMS)
    signals: dict[str, Any] = {"flip_rate": flips, "flip_items": 200.0, "flip_gain": 2 * (flips / 200) ** 0.5}
    claim = make_claim("95.0", Settings.model_validate(STATED.model_dump()))
    run = make_run(signals=signals, greedy_repeats=True)
    assert judge(claim, make_lock(claim), run, measurement, now=NOW, benchmark=SUMS).flagged


def test_open_ends_that_sound_answers_have_too_excuse_no_lie() -> None:
    """1.2 % of HumanEval's own solutions end on an open word: no lie that a run has just refuted is hidden by that."""
    for points in (0.045, 0.05, 0.06):
        measurement = make_measurement([float(place % 10 < 7) for place in range(ITEMS)], ITEMS)
        claim = make_claim(f"{70 + 100 * points:.1f}", STATED)
        run = make_run(signals={"cut_open_share": 0.012})
        assert judge(claim, make_lock(claim), run, measurement, now=NOW, benchmark=SUMS).flagged
